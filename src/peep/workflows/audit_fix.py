"""`peep audit --fix`: affected pins moved to the smallest versions that nothing affects.

Files that `peep lock` wrote are made by it anew; in others the pins are edited. The result is judged again, and what is
not cured is not written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache

from peep.advisories.findings import Finding, Fix, Level
from peep.advisories.fixed_files import Blocked, FixedFile, FixedPin, PinKey, diff_of
from peep.advisories.fixes import FixFinder, fix_to
from peep.advisories.judgement import Judge
from peep.advisories.report import AuditReport, with_fixes
from peep.advisories.roster import Subject
from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError, UsageError
from peep.formats.names import is_lock_path
from peep.pipeline.audits.rules import AuditOptions
from peep.pipeline.context import RunContext
from peep.pipeline.locking.lock_file import write_lock
from peep.pipeline.locking.request import LockOptions
from peep.pipeline.read_pins import Reading
from peep.requirements.decoding import decode
from peep.requirements.files import is_url
from peep.system.bounded import LISTS, read_file
from peep.system.files import ToldAs
from peep.workflows.audit import AuditCase, case_of, judged, listed_files
from peep.workflows.audit_fix_list import EditedLists, ListsToEdit, edited_lists
from peep.workflows.audit_fix_lock import RenewedLock, is_generated, renewed_lock
from peep.workflows.audit_fix_wishes import Wish

MOST_ROUNDS = 3
Outcome = EditedLists | RenewedLock


@dataclass(frozen=True, slots=True)
class FixOptions:
    """How to fix."""

    in_place: bool
    lock_options: Callable[[str], LockOptions]
    """What `peep lock` is asked for to make a file, by its name, as its header says."""
    constraints: tuple[str, ...] = ()
    """Files of `-c`."""


@dataclass(slots=True)
class _State:
    """What was made so far."""

    outcomes: dict[tuple[str, ...], Outcome] = field(default_factory=dict)
    """By the files of each group."""
    blocked: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def contents(self) -> dict[str, bytes]:
        return {path: content for outcome in self.outcomes.values() for path, content in outcome.contents.items()}


def audit_and_fix(options: AuditOptions, fix: FixOptions, context: RunContext) -> AuditReport:
    """Judge what the options name and fix it; the report is of the files as they stand afterwards.

    Raises `UsageError` for what can't be changed, and what an audit raises.
    """
    context = replace(context, standard_input=lru_cache(context.standard_input))
    options = _with_files(options, context)
    before = case_of(options, context)
    first = report = judged(before)
    case, state = before, _State()
    for _ in range(MOST_ROUNDS):
        if not _improved(case, report, state, fix, context):
            break
        case = case_of(options, context, state.contents)
        report = judged(case)
    _drop_uncured(before, first, case, report, state)
    files = list(_fixed_files(state, is_written=fix.in_place))
    stands = first
    if fix.in_place and files:
        _write(state.contents)
        stands = judged(case_of(options, context))
    return with_fixes(stands, files, _chosen(before, state))


def _chosen(case: AuditCase, state: _State) -> dict[PinKey, Fix]:
    """Where each affected pin goes, or why it stays."""
    chosen = {key: Fix(None, None, reasons) for key, reasons in state.blocked.items()}
    for one in [pin for outcome in state.outcomes.values() for pin in outcome.pins]:
        if one.old and one.new:
            chosen[one.name, one.old] = fix_to(case.evidence.releases.get(one.name, ()), one.old, one.new)
    return chosen


def _write(contents: Mapping[str, bytes]) -> None:
    """Write all files or none. Raises `PeepError`."""
    before: dict[str, bytes] = {}
    try:
        for path, content in sorted(contents.items()):
            real = os.path.realpath(path)
            before[real] = read_file(real, LISTS)
            write_lock(real, content)
    except (PeepError, OSError) as error:
        for path, content in before.items():
            with suppress(PeepError):
                write_lock(path, content)
        if isinstance(error, OSError):
            raise PeepError(f"{error.filename}: {error.strerror}") from error
        raise


def _with_files(options: AuditOptions, context: RunContext) -> AuditOptions:
    """The options with all files named, each of which can be read twice and written."""

    def no_network() -> None:
        raise UsageError("--fix: --files-from wants a file")

    reading = Reading(no_network, context.standard_input)  # type: ignore[arg-type]
    files = listed_files(options, reading.read)
    if options.run.bundle is not None:
        raise UsageError("--fix does not change bundles", "fix the files that it is made from, and make it anew")
    if not files:
        raise UsageError("--fix changes files, and none is named", "name them: peep audit --fix -r FILE")
    for path in files:
        if path == "-" or is_url(path) or (os.path.exists(path) and not os.path.isfile(path)):
            raise UsageError(f"--fix: {path} is no file that can be changed", "save it, and name that")
    sources = replace(options.run.sources, requirement_files=files)
    return replace(options, files_from=None, run=replace(options.run, sources=sources))


def _improved(case: AuditCase, report: AuditReport, state: _State, fix: FixOptions, context: RunContext) -> bool:
    """Find new contents for the files with findings; False when nothing more changes."""
    wishes = tuple(_wishes(case, report))
    is_changed = False
    for group in _groups(case.roster.subjects):
        paths = tuple(dict.fromkeys(path for subject in group for path in subject.files))
        wanted = tuple(wish for wish in wishes if not wish.paths.isdisjoint(paths))
        if not wanted:
            continue
        state.blocked.update({wish.key: (reason,) for wish in wanted if (reason := wish.objection())})
        possible = tuple(wish for wish in wanted if not wish.objection())
        if not possible:
            continue
        try:
            outcome, blocked = _outcome(group, possible, state, fix, context)
        except PeepError as error:
            outcome, blocked = None, {wish.key: (_one_line(error),) for wish in possible}
        state.blocked.update(blocked)
        if outcome is not None and outcome.contents:
            state.outcomes[paths] = outcome
            is_changed = True
    return is_changed


def _outcome(
    group: Sequence[Subject], wishes: Sequence[Wish], state: _State, fix: FixOptions, context: RunContext
) -> tuple[Outcome | None, Blocked]:
    path = group[0].path
    paths = tuple(dict.fromkeys(path for subject in group for path in subject.files))
    former = state.outcomes.get(paths)
    if is_generated(path) or is_lock_path(path):
        assert not isinstance(former, EditedLists)  # noqa: S101 - the file on the disk has not changed
        return renewed_lock(path, wishes, former, fix.lock_options, context)
    assert not isinstance(former, RenewedLock)  # noqa: S101 - as above
    return edited_lists(ListsToEdit(group, fix.constraints, former), wishes, fix.lock_options, context)


def _wishes(case: AuditCase, report: AuditReport) -> Iterator[Wish]:
    """Each affected pin with the versions that it could go to."""
    judge = Judge(case.evidence.known, case.evidence.rate)
    finder = FixFinder(judge.of_project, case.evidence.releases)
    for number in dict.fromkeys(one.pin for one in report.findings if is_to_fix(one)):
        pin = case.roster.pins[number]
        ignored = frozenset(ident for one in report.suppressed if one.pin == number for ident in one.ids)
        fixes = tuple(finder.all_fixes(pin.name, pin.version, ignored))
        yield Wish(pin.name, pin.version, frozenset(place.path for place in pin.places), fixes, is_direct=pin.is_direct)


def is_to_fix(one: Finding) -> bool:
    """Whether a finding is about a version, and more than a note."""
    return bool(one.ids) and one.pin >= 0 and one.level is not Level.NOTE


def _groups(subjects: Sequence[Subject]) -> list[list[Subject]]:
    """Subjects that share files, together: what is edited must suit all of them."""
    groups: list[tuple[set[str], list[Subject]]] = []
    for subject in subjects:
        files, members = set(subject.files), [subject]
        for other in [one for one in groups if not one[0].isdisjoint(files)]:
            groups.remove(other)
            files |= other[0]
            members = [*other[1], *members]
        groups.append((files, members))
    return [members for _, members in groups]


def _one_line(error: PeepError) -> str:
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())


def _drop_uncured(before: AuditCase, first: AuditReport, after: AuditCase, report: AuditReport, state: _State) -> None:
    """Leave files as they are whose new pins have findings, or that have findings which they had not."""
    for paths, outcome in list(state.outcomes.items()):
        former = {(one.name, one.id) for one in _of_files(before, first, paths)}
        moved = {(one.name, one.new) for one in outcome.pins}
        bad = [
            one
            for one in _of_files(after, report, paths)
            if (one.name, one.version) in moved or (one.name, one.id) not in former
        ]
        if bad:
            del state.outcomes[paths]
            told = ", ".join(sorted({f"{one.name} {one.version} has {one.id}" for one in bad}))
            reason = f"after {MOST_ROUNDS} rounds {told}"
            state.blocked.update({(one.name, one.old): (reason,) for one in outcome.pins if one.old})


def _of_files(case: AuditCase, report: AuditReport, paths: Sequence[str]) -> Iterator[Finding]:
    for one in report.findings:
        if is_to_fix(one) and any(place.path in paths for place in case.roster.pins[one.pin].places):
            yield one


def _fixed_files(state: _State, *, is_written: bool) -> Iterator[FixedFile]:
    for outcome in state.outcomes.values():
        for path, content in outcome.contents.items():
            old = _on_disk(path)
            pins = tuple(one for one in outcome.pins if _is_of(one, path, outcome))
            yield FixedFile(path, pins, diff_of(path, old, decode(content, path).text), outcome.command, is_written)


def _is_of(pin: FixedPin, path: str, outcome: Outcome) -> bool:
    places: Mapping[tuple[str, str | None], frozenset[str]] = outcome.places
    return path in places.get((pin.name, pin.old), frozenset((path,)))


def _on_disk(path: str) -> str:
    with ToldAs(PeepError, f"{path} cannot be read"):
        return decode(read_file(path, LISTS), path).text
