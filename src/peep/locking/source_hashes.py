"""Hashes in the sources of a lock, which must not give way to what an index states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peep.errors import RequirementsError
from peep.locking.lock_plan import PlannedPin
from peep.locking.roots import Constraint, Root
from peep.model import Digest

_COMPARED = "sha256"
_HINT = "find out who changed what; where the new files are meant, leave the hashes out"


def hash_faults(planned: Sequence[PlannedPin], constraints: Sequence[Constraint]) -> list[RequirementsError]:
    """Find the lines whose hashes no listed file of their pin has; each once."""
    found = [
        RequirementsError(line.location, f"none of the hashes that it lists is that of a file of {_title(pin)}", _HINT)
        for line, pin in _stated(planned, constraints)
        if _sha256s(line).isdisjoint(pin.listed.hashes)
    ]
    return list({error.location: error for error in found}.values())


def hash_warnings(planned: Sequence[PlannedPin], constraints: Sequence[Constraint]) -> Iterator[str]:
    """Tell of lines that list some of the files alone: the lock lists all, vetted or not."""
    for line, pin in _stated(planned, constraints):
        listed = set(pin.listed.hashes)
        if (vetted := len(_sha256s(line) & listed)) and vetted < len(listed):
            counted = f"{vetted} of the {len(listed)} hashes of {_title(pin)}"
            yield f"{line.location} lists {counted}; the lock lists them all"


def _stated(
    planned: Sequence[PlannedPin], constraints: Sequence[Constraint]
) -> Iterator[tuple[Root | Constraint, PlannedPin]]:
    """Pair each line that lists hashes with the pins that it counts for; a marked constraint may count for none."""
    for pin in planned:
        lines: dict[Root | Constraint, None] = {}
        lines.update((one.root, None) for one in pin.merged.requirers if one.root is not None)
        lines.update((one, None) for one in constraints if one.edge.name == pin.merged.name and not one.edge.marker)
        yield from ((line, pin) for line in lines if _sha256s(line) and pin.listed.hashes)


def _sha256s(line: Root | Constraint) -> set[Digest]:
    return {digest for digest in line.hashes if digest.algorithm == _COMPARED}


def _title(pin: PlannedPin) -> str:
    return f"{pin.merged.name} {pin.merged.version}"
