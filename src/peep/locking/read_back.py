"""Proof of a lock: its text read as an installer reads it, for every target and witness."""

from __future__ import annotations

from collections.abc import Sequence

from peep.locking.completeness import Archives, Judged, JudgedPin, judge
from peep.locking.marker_atoms import marker_judge
from peep.locking.solution import TargetSolution


class LockContradictsItself(AssertionError):
    """What would be written is not what was solved: a bug, so nothing is written."""


def prove(
    pins: Sequence[JudgedPin], solutions: Sequence[TargetSolution], archives: Archives, *, tells_extras: bool = True
) -> None:
    """Hold the pins, as read from the text, against each solution and the judge.

    `tells_extras`: the format writes extras beside names. Raises `LockContradictsItself`.
    """
    for solution in solutions:
        _compare(pins, solution, tells_extras=tells_extras)
        for member in solution.group.members:
            name = member.id.text
            if solution.group.is_witness:
                name += f" at Python {member.python_full_version}"
            verdict = judge(pins, member, Judged(archives, name=name))
            if not verdict.is_complete:
                first = verdict.incomplete[0]
                raise LockContradictsItself(f"{verdict.target}: {first.name}: {first.reason}")


def _compare(pins: Sequence[JudgedPin], solution: TargetSolution, *, tells_extras: bool) -> None:
    markers = marker_judge(solution.group.markers, solution.group.open_names)
    read = sorted((pin.name, pin.version, pin.extras) for pin in pins if markers.holds(pin.marker))
    own = sorted(
        (
            name,
            "" if pin.candidate.release.direct_url else pin.candidate.release.text,
            pin.extras if tells_extras else (),
        )
        for name, pin in solution.pins.items()
    )
    if read != own:
        differing = sorted(set(read) ^ set(own)) or read
        raise LockContradictsItself(f"{solution.group}: the text and the solution differ in {differing[0]}")
