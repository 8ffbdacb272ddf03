"""Ground of an audit record, by a new comparison: its division, the answered stop signals.

Of a reading only what it says was read is believed; archives, changes and signals come from the archives themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from peep.dataclass import dataclass
from peep.errors import VettingError
from peep.examine.division import ArchiveDivision, divided
from peep.examine.read_before import ReadStep, steps_of
from peep.examine.reading import Reading
from peep.examine.reading_gaps import ReadingGaps, gaps_of, is_skipped
from peep.examine.rules import RULES
from peep.examine.types import Change, Hit
from peep.formats.digest_lines import DigestLine
from peep.formats.visible_text import visible
from peep.pipeline.examining.release_comparer import ComparedArchives
from peep.vetting.records import Answer

AskAbout = Callable[[Hit], str]
"""Asks a person what they say to a stop signal; '' for nothing."""
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Division:
    """How the archives of a version relate to what was read; `since`: the old ones that it rests on."""

    read: tuple[DigestLine, ...]
    same: tuple[DigestLine, ...] = ()
    compiled: tuple[DigestLine, ...] = ()
    since: tuple[DigestLine, ...] = ()
    left_out: tuple[DigestLine, ...] = ()
    """Archives for which the reading does not speak."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What an audit record can rest on. `remarks`: what the person should hear; `unread`: for the notes."""

    division: Division
    answers: tuple[Answer, ...] = ()
    unread: str = ""
    remarks: tuple[str, ...] = ()
    steps: tuple[ReadStep, ...] = ()
    """What the person read, to be remembered."""


def everything_read(new: Sequence[DigestLine], old: Sequence[DigestLine]) -> Division:
    """Every archive was read file by file."""
    return Division(read=tuple(sorted(new)), since=tuple(sorted(old)))


@dataclass(frozen=True, slots=True)
class Claims:
    """What somebody says beside the reading: patterns of what was not read, and answers to stop signals."""

    skipped: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()


def ground_of(
    compared: ComparedArchives,
    bases: Iterable[DigestLine],
    wanted: Iterable[DigestLine],
    reading: Reading | None,
    claims: Claims,
    ask: AskAbout | None,
) -> Ground:
    """The ground of a record by `reading` (None: all was read). Raises `VettingError` with everything that is missing.

    `bases`: old archives that are examined; `wanted`: archives that the record must speak for; `ask`: None where nobody
    can be asked.
    """
    changes = compared.comparison.changes
    everything = {(change.path, change.sha256) for change in changes}
    read = {(one.path, one.sha256) for one in reading.read} if reading is not None else everything
    gaps = gaps_of(compared.comparison, read, claims.skipped, {(one.rule, one.path) for one in claims.answers})
    found = divided(compared.comparison, {line.filename for line in bases})
    faults = [*_faults(gaps), *_left_out(found, compared, wanted)]
    if faults:
        raise VettingError("\n".join(faults), _HINT)
    answers = [*claims.answers, *_asked(gaps.unanswered, ask, is_needed=reading is not None)]
    digests = {change.path: change.sha256 for change in changes}
    return Ground(
        lines_of(found, compared),
        tuple(Answer(one.rule, one.path, digests.get(one.path, ""), one.why) for one in answers),
        _unread(gaps.others),
        (*(f"--skipped {one} names nothing that changed" for one in gaps.stray_patterns), *_unexamined(found)),
        steps_of(changes, {one for one in read if not is_skipped(one[0], claims.skipped)}),
    )


_HINT = "nothing was recorded"


def _faults(gaps: ReadingGaps) -> Iterator[str]:
    yield from _some("the comparison has no such file with these bytes", (f"{path}" for path, _ in gaps.foreign))
    yield from _some(
        "not read, and no --skipped names it", (f"{change.path} ({change.moment})" for change in gaps.unread)
    )
    yield from _some(
        "there is no such stop signal to answer", (f"{rule} {path}".strip() for rule, path in gaps.stray_answers)
    )


def _some(what: str, names: Iterable[str]) -> Iterator[str]:
    listed = list(names)
    yield from (f"{visible(name)}: {what}" for name in listed[:_MOST_NAMED])
    if len(listed) > _MOST_NAMED:
        yield f"and {len(listed) - _MOST_NAMED} more: {what}"


def _left_out(found: ArchiveDivision, compared: ComparedArchives, wanted: Iterable[DigestLine]) -> Iterator[str]:
    """Archives that were asked for, or all, that rest on something which nobody examined."""
    names = {line.sha256: line.filename for line in compared.new}
    must = {names.get(line.sha256, line.filename) for line in wanted}
    for name in found.left_out:
        if name in must or not found.read:
            yield f"{visible(name)}: was compared with archives that are not examined; certify those first"


def _unexamined(found: ArchiveDivision) -> Iterator[str]:
    if found.read:
        yield from (
            f"{name} is not in the record: it was compared with archives that are not examined"
            for name in found.left_out
        )


def _asked(hits: Sequence[Hit], ask: AskAbout | None, *, is_needed: bool) -> Iterator[Answer]:
    """Answers of a person. Raises `VettingError` naming each signal that has none."""
    silent = []
    for hit in hits if is_needed else ():
        why = ask(hit).strip() if ask is not None else ""
        if why:
            yield Answer(hit.rule, hit.path, "", why)
        else:
            silent.append(hit)
    if silent:
        told = [f"{visible(told_signal(hit))}: needs an answer: --answer {_quoted(hit)}" for hit in silent]
        raise VettingError("\n".join(told), _HINT)


def _quoted(hit: Hit) -> str:
    signal = f"{hit.rule} {hit.path}".strip()
    return visible(f"'{signal}=TEXT'")


def told_signal(hit: Hit) -> str:
    """Such as `startup-code: x.pth:1 runs at every start of the interpreter: import os`."""
    place = hit.path + (f":{hit.line}" if hit.line else "")
    return f"{hit.rule}: {place or 'the release'} {RULES[hit.rule].meaning}: {hit.evidence}"


def _unread(changes: Sequence[Change]) -> str:
    """A sentence for the notes about files that do not run and were not read."""
    if not changes:
        return ""
    named = ", ".join(visible(change.path) for change in changes[:_MOST_NAMED])
    more = f" and {len(changes) - _MOST_NAMED} more" if len(changes) > _MOST_NAMED else ""
    return f"Not read, for it does not run: {named}{more}."


def lines_of(found: ArchiveDivision, compared: ComparedArchives) -> Division:
    """A division with the digests of what was compared."""
    new = {line.filename: line for line in compared.new}
    old = {line.filename: line for line in compared.old}
    return Division(
        read=tuple(sorted(new[name] for name in found.read)),
        same=tuple(sorted(new[name] for name in found.same)),
        compiled=tuple(sorted(new[name] for name in found.compiled)),
        since=tuple(sorted(old[name] for name in found.since)),
        left_out=tuple(sorted(new[name] for name in found.left_out)),
    )
