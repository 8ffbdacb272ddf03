"""`peep verify`: proof that an environment is what was vetted; nothing of it is executed.

The order: repair what an interrupted run left, find for every project the verified wheel that it came from (fetching
those again that the store has not), compare file by file, and under `--fix` put back what differs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

from peep.dataclass import dataclass, replace
from peep.environment.dependencies import protected_projects
from peep.environment.installed import installed_projects, requirements_of
from peep.environment.mapping import rooted_paths
from peep.environment.scheme_paths import SchemePaths, scheme_paths_of
from peep.errors import EnvironmentChangeError, InstallRefused
from peep.model import InstalledProject, TargetEnvironment
from peep.pipeline.attempts import attempts
from peep.pipeline.context import RunContext
from peep.pipeline.installed_wheels import InstalledWheels, installed_wheels_of, listing_findings, planned_origin
from peep.pipeline.last_proof import note_proof
from peep.pipeline.options import InstallOptions, StoreOptions
from peep.pipeline.session import Session, open_session
from peep.pipeline.vetting.examined_findings import examined_findings
from peep.proof.bytecode import bytecode_findings
from peep.proof.check import examine, read_records
from peep.proof.digest import environment_digest
from peep.proof.expected_files import ExpectedProject, expected_project
from peep.proof.findings import Finding, FindingKind, finding, ordered
from peep.proof.interpreter import refuse_planted_interpreter
from peep.proof.seed_packages import bundled_project
from peep.proof.spellings import adopt_spelling, former_root, named_roots
from peep.reporting import Reporter
from peep.requirements.pinned_set import PinnedSet
from peep.target.discovery import named_interpreter
from peep.transaction.apply import recover
from peep.transaction.lock import environment_lock
from peep.workflows.install import STAGES


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """What is to be verified, and against what."""

    run: InstallOptions
    """Sources (empty: no listing to compare with), target, store, network."""
    digest: str | None = None
    """Lower-case hex: what `peep digest` printed. Alone, nothing else is compared."""
    refetch: bool = False
    bytecode: bool = False
    fix: bool = False

    @property
    def has_listing(self) -> bool:
        sources = self.run.sources
        return bool(sources.requirement_files or sources.requirements)

    @property
    def is_digest_only(self) -> bool:
        return self.digest is not None and not (self.has_listing or self.refetch or self.bytecode or self.fix)


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of it."""

    target: TargetEnvironment
    """With real paths."""
    projects: tuple[InstalledProject, ...]
    archives: Mapping[str, str]
    """Project name -> sha256 (hex) of the wheel that it was compared with."""
    findings: tuple[Finding, ...]
    files: int = 0
    bytes: int = 0
    digest: str | None = None
    """Of the environment, where it was asked for."""
    fixed: tuple[str, ...] = ()
    """Projects that were put back."""

    @property
    def is_proven(self) -> bool:
        return not self.findings


def verify(options: VerifyOptions, context: RunContext) -> Verification:
    """Compare an environment with the verified archives that it came from.

    Raises `InstallRefused` for lines of the listing that can't be used, and the errors of `peep.errors` for what stops
    a run at once; whatever is wrong with the environment is a finding.
    """
    run = replace(options.run, store=StoreOptions(is_kept=False)) if options.refetch else options.run
    refuse_planted(run)
    with open_session(run, context, STAGES) as session:
        repair(session)
        if options.is_digest_only:
            return _digest_alone(session, options.digest or "")
        pinned = _listing(session) if options.has_listing else None
        if pinned is None:
            require_there(session.target)
        with session.store.in_use():
            verification = _looked_at(session, pinned, options)
            if options.fix and verification.findings:
                from peep.pipeline.repair import reinstall  # noqa: PLC0415 -- for the rare run that repairs

                for attempt in attempts(session):
                    with attempt:
                        fixed = reinstall(session, pinned, verification.findings)
                verification = replace(_looked_at(session, pinned, options), fixed=fixed)
        if verification.is_proven:
            note_proof(session.target, session.store)
    return verification


def refuse_planted(options: InstallOptions) -> None:
    """Raise before the interpreter of an environment is started, if it looks like somebody else's."""
    refuse_planted_interpreter(named_interpreter(options.target.python))


def require_there(target: TargetEnvironment) -> None:
    """Raise `EnvironmentChangeError` where nothing can be installed: a mistyped place must not pass for a sound one."""
    site = rooted_paths(target)["purelib"]
    if not os.path.isdir(site):
        raise EnvironmentChangeError(
            f"{site}: there is no such folder, so there is nothing to look at", "name the place of an environment"
        )


def repair(session: Session) -> None:
    """Finish or undo what an interrupted run left in the environment."""
    if repaired := recover(session.target, session.context.reporter):
        session.context.reporter.note(repaired)


def _listing(session: Session) -> PinnedSet:
    pinned = session.read_pins()
    if pinned.unusable:
        raise InstallRefused(pinned.unusable)
    return pinned


def _digest_alone(session: Session, wanted: str) -> Verification:
    scheme_paths = scheme_paths_of(session.target)
    with held_still(scheme_paths, session.context.reporter):
        got = environment_digest(scheme_paths)
    findings = _digest_findings(got.hex, wanted)
    return Verification(scheme_paths.target, (), {}, findings, files=len(got.lines), digest=got.hex)


def _digest_findings(got: str, wanted: str) -> tuple[Finding, ...]:
    if got == wanted:
        return ()
    return (finding(FindingKind.DIGEST, f"the environment's digest is {got} instead of {wanted}"),)


@contextmanager
def held_still(scheme_paths: SchemePaths, reporter: Reporter) -> Iterator[None]:
    """Let no other peep change the environment meanwhile, where it can be locked."""
    with ExitStack() as stack:
        # Not there, or not ours to lock: then nobody is asked to wait.
        with suppress(OSError):
            stack.enter_context(environment_lock(scheme_paths.target.paths["purelib"], reporter))
        yield


def _looked_at(session: Session, pinned: PinnedSet | None, options: VerifyOptions) -> Verification:
    """The comparison, with wheels fetched again whose scripts were edited in the store."""
    for attempt in attempts(session):
        with attempt:
            found = _verified(session, pinned, options)
    return found


def _verified(session: Session, pinned: PinnedSet | None, options: VerifyOptions) -> Verification:
    """One complete comparison, of an environment that did not change since its archives were looked up."""
    scheme_paths = scheme_paths_of(session.target)
    while True:
        installed = installed_projects(scheme_paths.target)
        origins = installed_wheels_of(installed, session, pinned)
        with held_still(scheme_paths, session.context.reporter):
            if installed_projects(scheme_paths.target) == installed:
                return _compared(installed, origins, scheme_paths, session, pinned, options)


def _compared(
    installed: Mapping[str, InstalledProject],
    origins: InstalledWheels,
    scheme_paths: SchemePaths,
    session: Session,
    pinned: PinnedSet | None,
    options: VerifyOptions,
) -> Verification:
    projects = expected_projects(installed, origins, scheme_paths)
    moved = moved_findings(projects, scheme_paths.target)
    known = {project.name for project in projects}
    examination = examine(scheme_paths, projects, [one for name, one in installed.items() if name not in known])
    found = [*moved, *origins.findings, *examination.findings, *_identity_findings(installed, projects)]
    if options.bytecode:
        found += bytecode_findings(
            examination.scan_directories.cached, examination.sound, projects, scheme_paths.target.python
        )
    found += examined_findings(session, pinned, installed)
    if pinned is not None:
        found += listing_findings(
            installed, pinned.pins, {*spared_projects(installed, session.target), *origins.bundled}
        )
    digest = None
    if options.digest is not None:
        digest = environment_digest(scheme_paths).hex
        found += _digest_findings(digest, options.digest)
    return Verification(
        scheme_paths.target,
        tuple(installed[name] for name in sorted(installed)),
        {project.name: project.planned.wheel.sha256 for project in projects},
        ordered(found),
        examination.files,
        examination.bytes,
        digest,
    )


def expected_projects(
    installed: Mapping[str, InstalledProject], origins: InstalledWheels, scheme_paths: SchemePaths
) -> list[ExpectedProject]:
    """What every project of known origin must consist of; one that can't have been installed so is a finding.

    Raises `StoredWheelsDamaged` for scripts that were edited in the store.
    """
    records = read_records(f"{project.metadata_path}/RECORD" for project in installed.values())
    projects = []
    for name, wheel in sorted(origins.wheels.items()):
        if name not in installed or wheel.identity.name != name:
            continue
        planned = planned_origin(installed[name], wheel, records.get(f"{installed[name].metadata_path}/RECORD", b""))
        try:
            projects.append(expected_project(planned, scheme_paths.target))
        except EnvironmentChangeError as error:
            origins.findings.append(finding(FindingKind.UNAVAILABLE, str(error), project=name))
    brought = [name for name in origins.bundled if name in installed]
    return [
        *projects,
        *(bundled_project(origins.bundled[name], installed[name], scheme_paths.target) for name in brought),
    ]


def moved_findings(projects: list[ExpectedProject], target: TargetEnvironment) -> list[Finding]:
    """One finding for an environment that lies elsewhere than where it was made; its programs are expected so then."""
    former = former_root(target)
    are_moved = [adopt_spelling(project, target, former) for project in projects]
    if former is None or not (any(are_moved) or former in named_roots(target.paths["scripts"])):
        return []
    reason = (
        f"it was made as {former}, and its programs or activation scripts still name that folder: it was moved or "
        "copied; move it back, or make a new environment here and install into that"
    )
    return [finding(FindingKind.MOVED, reason, path=target.paths["data"])]


def _identity_findings(installed: Mapping[str, InstalledProject], projects: list[ExpectedProject]) -> Iterator[Finding]:
    """Metadata folders that are not those of the recorded archives."""
    for project in projects:
        path = installed[project.name].metadata_path
        if path != project.dist_info:
            reason = f"the recorded archive is that of {project.planned.wheel.identity.filename}"
            yield finding(FindingKind.RECORD, reason, path=path, project=project.name)


def spared_projects(installed: Mapping[str, InstalledProject], target: TargetEnvironment) -> frozenset[str]:
    """peep, pip and what they need may be there without being listed."""
    return protected_projects(
        lambda name: requirements_of(installed[name]).requires_dist if name in installed else (), target.markers
    )
