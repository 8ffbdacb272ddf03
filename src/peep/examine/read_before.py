"""Contents read before: changes that a person need not read again.

Reading a change is a step from one content to another, or from nothing to all of it. A change was read before where
steps lead from what it is compared with, or from nothing, to what it is now, and each was read for a moment no later
than the one at which the file runs now: a test that was read as a test is not read as what runs at every start.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from peep.dataclass import NamedTuple
from peep.examine.types import MOMENTS, Change, moment_rank

_LINE = re.compile(rf"([0-9a-f]{{64}}) ([0-9a-f]{{64}}|-) ({'|'.join(MOMENTS)})")


class ReadStep(NamedTuple):
    """`sha256`: the content that was read; `since`: what it was compared with, or ''; `moment`: when it runs."""

    sha256: str
    since: str
    moment: str


class ParsedSteps(NamedTuple):
    """What a record says; `odd`: how many lines mean nothing."""

    steps: tuple[ReadStep, ...]
    odd: int


def steps_of(changes: Iterable[Change], read: Collection[tuple[str, str]]) -> tuple[ReadStep, ...]:
    """What reading the files `read`, (path, sha256), of a comparison was; nothing of files that are gone."""
    found = (change for change in changes if change.sha256 and (change.path, change.sha256) in read)
    return tuple(dict.fromkeys(ReadStep(change.sha256, change.since, change.moment) for change in found))


class ReadSteps:
    """Answers whether steps cover a change."""

    def __init__(self, steps: Iterable[ReadStep]) -> None:
        self._by_since: dict[str, list[ReadStep]] = {}
        for step in steps:
            self._by_since.setdefault(step.since, []).append(step)

    def cover(self, change: ReadStep) -> bool:
        """Whether steps lead to the content, each read for a moment no later than the change's; never to no content."""
        latest = moment_rank(change.moment)
        waiting = list({"", change.since}) if self._by_since and change.sha256 else []
        seen = set(waiting)
        while waiting:
            for step in self._by_since.get(waiting.pop(), ()):
                if moment_rank(step.moment) <= latest:
                    if step.sha256 == change.sha256:
                        return True
                    if step.sha256 not in seen:
                        seen.add(step.sha256)
                        waiting.append(step.sha256)
        return False


def read_before(changes: Sequence[Change], steps: Iterable[ReadStep]) -> frozenset[tuple[str, str]]:
    """(path, sha256) of the changes that the steps cover."""
    known = ReadSteps(steps)
    return frozenset(
        (change.path, change.sha256)
        for change in changes
        if known.cover(ReadStep(change.sha256, change.since, change.moment))
    )


def steps_text(steps: Iterable[ReadStep]) -> str:
    """A line for each step: `SHA256 SINCE MOMENT`, `-` for no content before."""
    return "".join(f"{step.sha256} {step.since or '-'} {step.moment}\n" for step in steps)


def parsed_steps(text: str) -> ParsedSteps:
    """Read `steps_text`; a line that is none counts for nothing, and is counted."""
    lines = [line for line in text.split("\n") if line]
    found = [match for match in map(_LINE.fullmatch, lines) if match]
    steps = dict.fromkeys(ReadStep(one[1], "" if one[2] == "-" else one[2], one[3]) for one in found)
    return ParsedSteps(tuple(steps), len(lines) - len(found))
