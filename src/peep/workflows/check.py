"""`peep check -r`: whether a list is complete and consistent for each declared target."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from peep.concurrency.thread_pool import MOST, TaskQueue, run_tasks
from peep.dataclass import dataclass, replace
from peep.errors import PeepError, RequirementsError, RequirementsErrors
from peep.formats.target_ids import TargetId
from peep.locking.build_judge import BuildJudge
from peep.locking.candidates import CandidatePolicy
from peep.locking.completeness import Archives, Builds, Judged, JudgedPin, TargetArchive, Verdict, judge
from peep.locking.edges import UnreadableRequirement, parse_edge
from peep.locking.group_judge import python_thresholds
from peep.locking.marker_atoms import UnreadableMarker, micro_thresholds
from peep.locking.page_archives import PageArchives
from peep.locking.release_facts import ReleaseFacts
from peep.locking.target_groups import JointGroup, Micros, declared_minors, joint_groups, more_micros
from peep.pipeline.context import RunContext
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.locking.session import LockSession, opened_lock
from peep.pipeline.locking.whole_list import WholeList, read_whole
from peep.pipeline.read_pins import united
from peep.workflows.install import STAGES


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a list is worth on each target, witnesses apart."""

    path: str
    verdicts: tuple[Verdict, ...]
    pins: int

    @property
    def is_complete(self) -> bool:
        return all(verdict.is_complete for verdict in self.verdicts)


def check_list(options: LockOptions, context: RunContext) -> CheckResult:
    """Judge the file that `options.paths.output` names, and all that it includes.

    Raises `RequirementsErrors` with every line of all files that means nothing or pins nothing.
    """
    with opened_lock(options, context, STAGES) as session:
        listed, tools = _read(options.paths.output, session)
        session.network.stated = listed.index_options
        targets = session.declared_targets(listed.targets)
        metadata = session.index_metadata()
        pages, sdists = session.pages(), session.builds(metadata)
        policy = replace(session.policy(), formats=united([listed.formats, options.base.format_control]))
        archives = PageArchives(pages, metadata, ReleaseFacts(policy), sdists)
        builds = BuildJudge(tools, listed.pins, PageArchives(pages, metadata, ReleaseFacts(CandidatePolicy()), sdists))
        verdicts = verdicts_on(listed.pins, targets, archives, builds)
        return CheckResult(options.paths.output, tuple(verdicts), len(listed.pins))


def _read(path: str, session: LockSession) -> tuple[WholeList, list[JudgedPin]]:
    """Read a list and its build constraints. Raises `RequirementsErrors`, with the faults of all of them."""
    read, environ = session.reading().read, session.context.environ
    listed = read_whole(path, read, environ)
    errors: list[RequirementsError] = []
    tools: list[JudgedPin] = []
    for name in listed.tool_files:
        try:
            tools += read_whole(name, read, environ).pins
        except RequirementsErrors as error:
            errors += error.errors
    if errors:
        raise RequirementsErrors(errors)
    folders = (f"{folder}: what a folder requires is not looked at" for folder in listed.folders)
    for warning in (*listed.warnings, *folders):
        session.context.reporter.warning(warning)
    return listed, tools


def verdicts_on(
    pins: Sequence[JudgedPin], targets: Sequence[TargetId], archives: Archives, builds: Builds | None = None
) -> list[Verdict]:
    """Judge the list for all targets, and for every micro version of Python at which something changes."""
    micros = _micros_of_markers(pins, targets)
    while True:
        groups = joint_groups(targets, micros)
        fetch_ahead(pins, groups, archives)
        found = [_micros_of_archives(pins, group, archives) for group in groups]
        more = more_micros(micros, [one for one in found if one[0] in declared_minors(targets)])
        if more == micros:
            return [verdict for group in groups for verdict in _judged(pins, group, archives, builds)]
        micros = more


def fetch_ahead(pins: Sequence[JudgedPin], groups: Sequence[JointGroup], archives: Archives) -> None:
    """Ask for all pages and metadata at once, in as many threads as are of use; errors wait for whoever needs them."""
    tasks = TaskQueue()
    for pin in pins:
        tasks.add(lambda pin=pin: _fetch(pin, groups, archives))  # type: ignore[misc]
    run_tasks(tasks, threading.Event(), first=MOST)


def _fetch(pin: JudgedPin, groups: Sequence[JointGroup], archives: Archives) -> None:
    for group in groups:
        for member in group.members:
            try:
                archives.chosen(pin, member)
            except PeepError:
                return


def _judged(
    pins: Sequence[JudgedPin], group: JointGroup, archives: Archives, builds: Builds | None
) -> Iterator[Verdict]:
    for member in group.members:
        at = f" at Python {member.python_full_version}" if group.is_witness else ""
        yield judge(pins, member, Judged(archives, builds, f"{member.id}{at}"))


def _micros_of_markers(pins: Sequence[JudgedPin], targets: Sequence[TargetId]) -> Micros:
    found = (
        (minor, frozenset().union(*(micro_thresholds(pin.marker, minor) for pin in pins)))
        for minor in declared_minors(targets)
    )
    return more_micros({}, found)


def _micros_of_archives(
    pins: Sequence[JudgedPin], group: JointGroup, archives: Archives
) -> tuple[tuple[int, int], frozenset[int]]:
    """Find the boundaries that the metadata of chosen archives states."""
    minor = group.version[:2]
    found: frozenset[int] = frozenset()
    for pin in pins:
        for member in group.members:
            chosen = archives.chosen(pin, member)
            if not isinstance(chosen, TargetArchive) or chosen.metadata is None:
                continue
            found |= python_thresholds(chosen.metadata.requires_python, minor)
            for text in chosen.metadata.requires_dist:
                try:
                    found |= micro_thresholds(parse_edge(text).marker, minor)
                except (UnreadableRequirement, UnreadableMarker):
                    continue  # the judge tells of it
    return minor, found
