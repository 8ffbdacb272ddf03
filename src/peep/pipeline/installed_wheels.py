"""Wheels of installed projects: from the store, else fetched and verified again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from urllib.parse import urlsplit

from peep.build.source_pins import is_source_tree, without_editing
from peep.dataclass import dataclass, field, replace
from peep.environment.plan import PlanOptions, is_from_commit, is_proven, is_satisfied
from peep.errors import (
    BadArchive,
    FetchFailure,
    HashMismatch,
    InstallRefused,
    MissingBuildRequirement,
    NotExamined,
    NoUsableFile,
    ObjectedTo,
    PeepError,
    Problem,
    RecordsUnreadable,
)
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.names import last_segment_at
from peep.model import (
    Digest,
    DirectUrl,
    FromIndex,
    InstalledProject,
    Location,
    PinnedRequirement,
    PlannedWheel,
    Provenance,
    StoredWheel,
    listed_hashes,
)
from peep.pipeline.built_wheel_cache import built_from, note_built, sources_of
from peep.pipeline.fetch import FetchResult, WheelProvider, fetch_all
from peep.pipeline.session import Session
from peep.pipeline.vetting.run_gate import open_run_gate
from peep.pipeline.vetting.used_archives import Used
from peep.proof.findings import Finding, FindingKind, finding
from peep.proof.seed_packages import bundled_wheel
from peep.requirements.pinned_set import PinnedSet
from peep.store.wheels import Store
from peep.system import bounded

_FETCHABLE = frozenset({"http", "https", "file"})


@dataclass(slots=True)
class InstalledWheels:
    """What is known of where the projects of an environment came from."""

    wheels: dict[str, StoredWheel] = field(default_factory=dict)
    """By project name."""
    bundled: dict[str, StoredWheel] = field(default_factory=dict)
    """By project name: what came with the interpreter."""
    findings: list[Finding] = field(default_factory=list)


def installed_wheels_of(
    installed: Mapping[str, InstalledProject], session: Session, pinned: PinnedSet | None
) -> InstalledWheels:
    """Find the wheel of each project. With `pinned`, an archive that no pin vouches for is not fetched.

    Nothing raises for a single project: what can't be had is a finding.
    """
    origins = InstalledWheels()
    missing = [project for _, project in sorted(installed.items()) if not _is_settled(project, origins, session)]
    if pinned is not None:
        pins = {pin.name: pin for pin in pinned.pins}
        wanted = [one for one in missing if one.name in pins and is_proven(pins[one.name], one)]
    else:
        # Of a commit that nobody lists, no repository is asked: only archives come with a hash that proves them.
        wanted = [one for one in missing if one.provenance is None or one.provenance.vcs_commit is None]
    if wanted:
        _fetch(wanted, origins, session, pinned or PinnedSet())
    told = {one.project for one in origins.findings}
    origins.findings += [
        finding(FindingKind.UNAVAILABLE, "its archive is not in the store", project=project.name)
        for project in missing
        if project.name not in told and project.name not in origins.wheels
    ]
    return origins


def _is_settled(project: InstalledProject, origins: InstalledWheels, session: Session) -> bool:
    """Whether the store, the interpreter or a finding answers for a project."""
    if project.provenance is None and (bundled := bundled_wheel(project, session.target)) is not None:
        origins.bundled[project.name] = bundled
        return True
    if reason := _unknown(project):
        origins.findings.append(finding(FindingKind.UNKNOWN_ORIGIN, reason, project=project.name))
        return True
    wheel = stored_origin(project, session.store)
    if wheel is None:
        return False
    if wheel.identity.name == project.name:
        origins.wheels[project.name] = wheel
    else:
        reason = f"what it is recorded to come from is {wheel.identity.filename}, of another project"
        origins.findings.append(finding(FindingKind.UNKNOWN_ORIGIN, reason, project=project.name))
    return True


def _unknown(project: InstalledProject) -> str:
    """Why nothing vouches for a project, in words; '' when an archive may."""
    if project.other_metadata:
        return "the environment holds metadata of several versions of it"
    origin = project.provenance
    if origin is None:
        return "nothing tells which archive it was installed from"
    if origin.is_editable:
        return "it is an editable install: its files are those of a working folder"
    if not (origin.hashes or origin.vcs_commit):
        return "it was installed from something that has no hash"
    return ""


def stored_origin(project: InstalledProject, store: Store) -> StoredWheel | None:
    """The stored wheel of an installed project: its archive, or what was built from it and fits best."""
    assert project.provenance is not None  # noqa: S101 -- `_unknown` was asked before
    archives = [digest.hex for digest in project.provenance.hashes if digest.algorithm == "sha256"]
    found = [wheel for sha256 in archives if (wheel := store.get(sha256)) is not None]
    if not found:
        built = [sha256 for source in sources_of(project.provenance) for sha256 in built_from(store, source)]
        found = list(store.get_many(dict.fromkeys(reversed(built))).values())
    folder = os.path.basename(project.metadata_path)
    fitting = [wheel for wheel in found if wheel.identity.dist_info == folder] or found
    if len(fitting) > 1:
        return max(fitting, key=lambda wheel: _likeness(wheel, project))
    return next(iter(fitting), None)


def _likeness(wheel: StoredWheel, project: InstalledProject) -> int:
    """How many rows of the installed RECORD are those of a wheel: builds from one sdist may differ."""
    try:
        path = os.path.join(project.metadata_path, "RECORD")
        text = bounded.read_file(path, bounded.RECORDS).decode("utf-8", "replace")
    except OSError:
        return 0
    return sum(1 for stored in wheel.files if f"sha256={stored.record_hash}," in text)


@dataclass(slots=True)
class Supplied:
    """What came of asking for pins, builds included."""

    wheels: dict[str, PlannedWheel] = field(default_factory=dict)
    """By project name."""
    problems: list[Problem] = field(default_factory=list)
    unexamined: dict[str, str] = field(default_factory=dict)
    """By project name: why it was not built, where something demands examined archives."""


def _fetch(projects: Sequence[InstalledProject], origins: InstalledWheels, session: Session, pinned: PinnedSet) -> None:
    pins = {pin.name: pin for pin in pinned.pins}
    wanted = [refetching_pin(project, pins.get(project.name)) for project in projects]
    try:
        with session.wheel_provider(pinned) as provider:
            got = supplied(wanted, session, pinned, provider)
            # What is no longer where it was may still be on the index.
            if elsewhere := _by_name(wanted, got):
                more = supplied(elsewhere, session, pinned, provider)
                got = Supplied({**got.wheels, **more.wheels}, more.problems, {**got.unexamined, **more.unexamined})
    except PeepError as error:
        reason = f"its archive can't be had: {error}"
        origins.findings += [finding(FindingKind.UNAVAILABLE, reason, project=pin.name) for pin in wanted]
        return
    origins.wheels.update({name: one.wheel for name, one in got.wheels.items()})
    origins.findings += [
        finding(FindingKind.UNEXAMINED, reason, project=name) for name, reason in got.unexamined.items()
    ]
    origins.findings += [
        finding(FindingKind.UNAVAILABLE, reason, project=name)
        for name, reason in _reasons(got.problems)
        if name not in got.wheels
    ]


def supplied(
    wanted: Sequence[PinnedRequirement], session: Session, pinned: PinnedSet, provider: WheelProvider
) -> Supplied:
    """Fetch and verify archives and commits, and build wheels from what is source among them. Raises `BuildError`."""
    trees = [pin for pin in wanted if is_source_tree(pin)]
    fetched = fetch_all([pin for pin in wanted if pin not in trees], provider)
    examined = open_run_gate(session, pinned)
    if not (fetched.sdists or trees):
        return Supplied(fetched.wheels, list(fetched.problems))
    from peep.pipeline.builds import Builds  # noqa: PLC0415 -- 20 ms, for projects that came as source

    with closing(Builds(session, pinned, provider, examined)) as builds:
        planned = builds.plan(fetched.sdists, trees)
        hindrances = (*examined.problems(Used(sdists=fetched.sdists, trees=trees)), *planned)
        try:
            built = [] if hindrances else builds.run()
        except InstallRefused as refused:
            hindrances = refused.problems
    if hindrances:
        unbuilt = (*(archive.pin for archive in fetched.sdists), *trees)
        return _without_builds(fetched, unbuilt, hindrances)
    note_built(session.store, built)
    return Supplied({**fetched.wheels, **{one.wheel.identity.name: one for one in built}}, list(fetched.problems))


def _without_builds(
    fetched: FetchResult, unbuilt: Sequence[PinnedRequirement], hindrances: Sequence[Problem]
) -> Supplied:
    """What was fetched as wheels; of `unbuilt`, why not."""
    if reason := _unexamined(hindrances):
        return Supplied(fetched.wheels, list(fetched.problems), dict.fromkeys((pin.name for pin in unbuilt), reason))
    reason = f"it was built from source, and {_why_not_built(hindrances)}"
    return Supplied(fetched.wheels, [*fetched.problems, *(FetchFailure(pin, "", reason) for pin in unbuilt)])


def _unexamined(hindrances: Sequence[Problem]) -> str:
    """What of a build is not examined, in words; '' when all of it is, or nothing demands it."""
    named = dict.fromkeys(
        f"{one.archive or one.pin} ({one.pin.location}; wanted: {one.criterion})"
        for one in hindrances
        if isinstance(one, NotExamined | ObjectedTo)
    )
    if named:
        return f"it was not built again from source, for that takes what is not examined: {', '.join(named)}"
    if any(isinstance(one, RecordsUnreadable) for one in hindrances):
        return "it was not built again from source, for the records of what is examined cannot be believed"
    return ""


def _why_not_built(hindrances: Sequence[Problem]) -> str:
    needs = dict.fromkeys(one.requirement for one in hindrances if isinstance(one, MissingBuildRequirement))
    if needs:
        return f"building needs {', '.join(needs)}: give the --build-constraint files that it was installed with"
    missing = dict.fromkeys(
        f"{one.pin} (listed at {one.pin.location}): {one.reason}"
        for one in hindrances
        if isinstance(one, FetchFailure | NoUsableFile)
    )
    if missing:
        return f"what building it takes can't be had: {'; '.join(missing)}"
    return f"what building it takes can't be had ({len(hindrances)} problems)"


def refetching_pin(project: InstalledProject, listed: PinnedRequirement | None) -> PinnedRequirement:
    """A pin for the recorded archive of a project, at its recorded place.

    Its hashes are the recorded ones; where the user lists some, only those that are listed as well.
    """
    origin = project.provenance or Provenance("")
    if listed is not None and is_from_commit(listed, origin):
        return without_editing(listed)
    hashes = _vouching(origin.hashes, listed)
    url = origin.url if urlsplit(origin.url).scheme in _FETCHABLE else None
    return PinnedRequirement(
        name=project.name,
        written_name=project.name,
        version=project.version if url is None else None,
        locations=listed.locations if listed is not None else (Location(project.metadata_path, 0),),
        hashes=hashes,
        source=FromIndex() if url is None else DirectUrl(url, listed.subdirectory if listed is not None else None),
        config_settings=listed.config_settings if listed is not None else (),
    )


def _vouching(recorded: tuple[Digest, ...], listed: PinnedRequirement | None) -> tuple[Digest, ...]:
    if listed is None:
        return recorded
    return tuple(digest for digest in recorded if digest in set(listed_hashes(listed)))


def _by_name(wanted: Sequence[PinnedRequirement], got: Supplied) -> list[PinnedRequirement]:
    """Pins for what could not be fetched from its URL, to be looked for by name and version."""
    failed = {problem.pin.name for problem in got.problems if isinstance(problem, FetchFailure) and problem.url}
    return [
        replace(pin, source=FromIndex(), version=version)
        for pin in wanted
        if pin.url and pin.name in failed and pin.name not in got.wheels and (version := _version_in(pin))
    ]


def _version_in(pin: PinnedRequirement) -> str | None:
    """The version that the recorded file name states (binary distribution format, sdist file names)."""
    name = NameReader(pin.name).read(last_segment_at(pin.url or ""))
    return name.version if isinstance(name, ArchiveName) else None


def _reasons(problems: Iterable[Problem]) -> Iterable[tuple[str, str]]:
    for problem in problems:
        if isinstance(problem, FetchFailure | NoUsableFile):
            yield problem.pin.name, f"its archive can't be had: {problem.reason}"
        elif isinstance(problem, BadArchive):
            yield problem.pin.name, f"its archive is refused: {'; '.join(problem.problems)}"
        elif isinstance(problem, HashMismatch):
            where = problem.candidate.file.url
            yield problem.candidate.pin.name, f"what is at {where} now is another archive than the one recorded"


def listing_findings(
    installed: Mapping[str, InstalledProject], pins: Iterable[PinnedRequirement], spared: Iterable[str]
) -> list[Finding]:
    """Nothing missing, nothing extra, and every archive vouched for; `spared` names may be there unlisted."""
    found: list[Finding] = []
    listed = {pin.name: pin for pin in pins}
    for name, pin in listed.items():
        project = installed.get(name)
        if project is None:
            found.append(finding(FindingKind.ABSENT, f"{pin} is listed at {pin.location}", project=name))
        elif not is_proven(pin, project):
            found.append(finding(FindingKind.UNLISTED, _unlisted(pin, project), project=name))
        elif not is_satisfied(pin, project, PlanOptions()):
            reason = f"version {project.version} is installed, {pin} is listed at {pin.location}"
            found.append(finding(FindingKind.UNLISTED, reason, project=name))
    extra = installed.keys() - listed.keys() - set(spared)
    found += [
        finding(
            FindingKind.EXTRA, f"version {installed[name].version} is installed, and no file lists it", project=name
        )
        for name in sorted(extra)
    ]
    return found


def _unlisted(pin: PinnedRequirement, project: InstalledProject) -> str:
    if not listed_hashes(pin):
        return f"{pin.location} lists no hash for it"
    recorded = ", ".join(str(digest) for digest in project.provenance.hashes) if project.provenance else ""
    if not recorded:
        return f"nothing tells which archive it was installed from, {pin.location} lists hashes"
    return f"it came from an archive with {recorded}, which is not listed at {pin.location}"


def planned_origin(project: InstalledProject, wheel: StoredWheel, record: bytes) -> PlannedWheel:
    """The project as installing its wheel would have planned it."""
    dist_info = os.path.basename(project.metadata_path)
    is_requested = project.is_requested or f"{dist_info}/REQUESTED,".encode() in record
    return PlannedWheel(wheel, project.provenance, is_requested)
