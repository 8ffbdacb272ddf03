"""`peep download -r`: the archives that an install would take, verified, in a folder."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from peep.archives.sdist import open_sdist
from peep.build.build_system import read_build_system
from peep.build.source_pins import is_source_tree
from peep.dataclass import dataclass, replace
from peep.errors import (
    ArchiveError,
    BadArchive,
    BuildError,
    FileNameTaken,
    NoUsableFile,
    OmittedDependency,
    Problem,
    UnusableRequirement,
)
from peep.formats.target_ids import parse_target_id
from peep.model import Digest, PinnedRequirement, VerifiedArchive
from peep.pipeline.at_hand import ArchivesAtHand
from peep.pipeline.audits.malware_gate import refuse_known_malware
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.pipeline.problems import projects_by_requirements, refuse_if_any, requirement_problems
from peep.pipeline.save_archives import ArchiveCollection, SavedFile, collected, publish, with_destination
from peep.pipeline.session import Session, open_session
from peep.pipeline.vetting.run_gate import open_run_gate
from peep.pipeline.vetting.used_archives import Used
from peep.place_faults import IncompleteTarget
from peep.requirements.pinned_set import PinnedSet
from peep.workflows.install import STAGES


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one target brought: archives in a private folder, what is wrong, and lines about what builds need."""

    name: str
    """The declared target; '' where none was."""
    collection: ArchiveCollection
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def download(options: InstallOptions, context: RunContext) -> tuple[SavedFile, ...]:
    """Put every listed archive into `options.destination` (or the working directory), all or none.

    For each of `options.declared_targets` in a pass of its own. Raises `InstallRefused` with every problem of the run,
    before anything is in the folder.
    """
    destination = os.path.abspath(options.destination or ".")
    with ExitStack() as stack:
        passes = [
            stack.enter_context(_collected(name, one, context, destination)) for name, one in _each_target(options)
        ]
        refuse_if_any(dict.fromkeys((*(problem for one in passes for problem in one.problems), *_taken(passes))))
        for warning in dict.fromkeys(text for one in passes for text in one.warnings):
            context.reporter.warning(warning)
        saved: dict[tuple[str, str], SavedFile] = {}
        for one in passes:
            for file in publish(one.collection, destination):
                saved.setdefault((file.name, file.filename), file)
        return tuple(saved.values())


def _each_target(options: InstallOptions) -> Iterator[tuple[str, InstallOptions]]:
    """The options of each pass, with the target's name. Raises `UsageError` for what is no target."""
    if not options.declared_targets:
        yield "", options
    for text in sorted(set(options.declared_targets)):
        if text == "here":
            yield text, options
            continue
        one = parse_target_id(text)
        version = (*one.minor, *(() if one.micro is None else (one.micro,)))
        target = replace(
            options.target,
            platforms=(one.platform,),
            abis=(one.abi,),
            implementation=one.implementation,
            python_version=".".join(map(str, version)),
        )
        yield one.text, replace(options, target=target)


@contextmanager
def _collected(name: str, options: InstallOptions, context: RunContext, destination: str) -> Iterator[_Pass]:
    options, _ = with_destination(options)
    with open_session(options, context, STAGES) as session:
        pinned = session.read_pins()
        refuse_known_malware(session, pinned)
        examined = open_run_gate(session, pinned)
        wanted, unexamined = examined.worth_fetching([pin for pin in pinned.pins if not is_source_tree(pin)])
        with (
            session.store.in_use(),
            session.wheel_provider(pinned) as provider,
            collected(_still_wanted(session, pinned, wanted, destination), provider, destination) as (
                collection,
                found,
            ),
        ):
            used = Used(wheels=[*collection.wheels.values()], sdists=collection.sdists)
            unexamined += examined.saving_problems(used)
            needs: list[str] = []
            stated, bad = requirements_stated(collection.sdists, needs)
            known = {**stated, **{name: wheel.requires_dist for name, wheel in collection.wheels.items()}}
            unmet = requirement_problems(session, pinned, projects_by_requirements(pinned.pins, known), provider)
            problems = [*pinned.unusable, *found, *bad, *unexamined, *without_archive(pinned.pins), *unmet]
            warnings = _about_needs(needs, session, pinned)
            yield _Pass(name, collection, tuple(_for_target(one, name) for one in problems), warnings)


def _for_target(problem: Problem, target: str) -> Problem:
    """A problem that other targets need not have, with the name of the one that has it."""
    if not target:
        return problem
    if isinstance(problem, NoUsableFile):
        return IncompleteTarget(target, str(problem.pin), problem.reason)
    if isinstance(problem, OmittedDependency):
        way = " -> ".join(problem.chain)
        return IncompleteTarget(target, problem.requirement, f"is required by way of {way}, and not listed")
    return problem


def _taken(passes: Sequence[_Pass]) -> Iterator[FileNameTaken]:
    """Archives of several targets that one folder cannot hold."""
    digests: dict[str, set[str]] = {}
    for file in (file for one in passes for file in one.collection.saved.values()):
        digests.setdefault(file.filename, set()).add(file.sha256)
    for filename, found in sorted(digests.items()):
        if len(found) > 1:
            yield FileNameTaken(filename, tuple(Digest("sha256", digest) for digest in sorted(found)))


def _still_wanted(
    session: Session, pinned: PinnedSet, pins: Sequence[PinnedRequirement], destination: str
) -> list[PinnedRequirement]:
    """The pins that archives come for; what the destination holds already is verified from there."""
    return ArchivesAtHand(destination).pointed(pins, session.target, session.formats(pinned))


def without_archive(pins: Sequence[PinnedRequirement]) -> list[Problem]:
    """Repositories and folders: there is nothing that could be kept as it came."""
    reason = "it names a repository or a folder, which comes as no archive; peep wheel makes one of it"
    return [UnusableRequirement(pin.location, str(pin), reason) for pin in pins if is_source_tree(pin)]


def _about_needs(needs: Sequence[str], session: Session, pinned: PinnedSet) -> tuple[str, ...]:
    """Whoever names build constraints expects their archives, too; this verb saves what is listed for installing."""
    if session.options.build.constraint_files or pinned.directive_values("--build-constraint"):
        return tuple(f"{need}, which is not saved here; peep bundle create saves it, too" for need in needs)
    return ()


def requirements_stated(
    sdists: Sequence[VerifiedArchive], needs: list[str]
) -> tuple[dict[str, Sequence[str]], list[Problem]]:
    """Look into source archives as a build would, without running them, and let go of them.

    Gives back what those require that say so for good (PEP 643), by project name, and what is wrong. A line for each
    whose build takes other projects is added to `needs`.
    """
    stated: dict[str, Sequence[str]] = {}
    problems: list[Problem] = []
    for archive in sorted(sdists, key=lambda one: one.pin.name):  # they came in any order
        pin = archive.pin
        with archive.file:
            try:
                with open_sdist(archive, name=pin.name, version=pin.version, from_index=pin.url is None) as contents:
                    metadata = None if pin.subdirectory else contents.static_metadata()
                    pyproject = contents.read(posixpath.join(pin.subdirectory or "", "pyproject.toml"))
            except ArchiveError as error:
                problems.append(BadArchive(pin, archive.filename, error.problems, error.hint))
                continue
        needs += _build_needs(archive.filename, pyproject)
        stated[pin.name] = metadata.requires_dist if metadata else ()
    return stated, problems


def _build_needs(sdist: str, pyproject: bytes | None) -> list[str]:
    try:
        requires = read_build_system(pyproject, sdist).requires
    except BuildError as error:
        return [f"{error}, so that nobody knows what building it needs"]
    return [f"{sdist}: building it needs {', '.join(requires)}"] if requires else []
