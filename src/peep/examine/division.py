"""Division of a release's archives by what a reading covers: read, same, compiled, and since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations

from peep.dataclass import dataclass
from peep.examine.correspondence import Origin
from peep.examine.types import ArchiveFiles, Change, Comparison

_SETTLED = frozenset({Origin.SAME.value, Origin.LINE_ENDS.value, Origin.GENERATED.value, Origin.COMPILED.value})
"""Origins of files of a wheel about which reading the sdist says all that reading can say."""
_UNREADABLE = frozenset({Origin.GENERATED.value, Origin.COMPILED.value})


@dataclass(frozen=True, slots=True)
class ArchiveDivision:
    """File names. `read`: the fewest that hold every content; `same`: each file identical to one of these or generated;
    `compiled`: the same but for compiled files; `since`: the old ones that hold all that was compared against.
    """

    read: tuple[str, ...]
    same: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """New archives that rest on old ones which may not be a base."""


def divided(comparison: Comparison, bases: Collection[str]) -> ArchiveDivision:
    """Divide the new archives of a comparison that has an inventory; `bases`: old archives that may be built upon."""
    new = [one for one in comparison.inventory if one.side == "new"]
    old = [one for one in comparison.inventory if one.side == "old"]
    kept = new
    since: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    if old:
        usable = [one for one in old if one.filename in bases]
        needs = {one.filename: _needs(one, comparison.changes) for one in new}
        known = _contents(usable)
        kept = [one for one in new if needs[one.filename] <= known]
        left_out = tuple(one.filename for one in new if one not in kept)
        since = _fewest(usable if kept else [], {digest for one in kept for digest in needs[one.filename]})
    parts = _parts(_in_order(kept))
    return ArchiveDivision(*parts, since=since, left_out=left_out)


def added_to(read: Collection[str], archives: Sequence[ArchiveFiles]) -> ArchiveDivision:
    """How the other archives relate to the ones that were `read`: those that would have to be read are `left_out`."""
    known = [one for one in archives if one.filename in read]
    division = ArchiveDivision(*_parts([*_in_order(known), *(one for one in archives if one not in known)]))
    return ArchiveDivision(
        tuple(one.filename for one in known),
        tuple(name for name in division.same if name not in read),
        tuple(name for name in division.compiled if name not in read),
        left_out=tuple(name for name in division.read if name not in read),
    )


def _in_order(archives: Iterable[ArchiveFiles]) -> list[ArchiveFiles]:
    """The sdist before wheels, these as they stand: the compared one first."""
    return sorted(archives, key=lambda one: one.filename.endswith(".whl"))


def _parts(archives: Sequence[ArchiveFiles]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    has_sdist = any(not one.filename.endswith(".whl") for one in archives)
    read: list[str] = []
    same: list[str] = []
    compiled: list[str] = []
    held: set[tuple[str, str]] = set()
    for one in archives:
        rows = [row for row in one.files if (row[0], row[1]) not in held]
        if not one.filename.endswith(".whl") or not read or not all(_is_settled(row, has_sdist) for row in rows):
            read.append(one.filename)
            if one.filename.endswith(".whl"):  # an sdist explains wheels by their files' origins alone
                held.update((path, digest) for path, digest, _ in one.files)
        elif any(origin == Origin.COMPILED.value for _, _, origin in rows):
            compiled.append(one.filename)
        else:
            same.append(one.filename)
    return tuple(read), tuple(same), tuple(compiled)


def _is_settled(row: tuple[str, str, str], has_sdist: bool) -> bool:
    """A file that is in no read archive at its path; without the sdist, equality with its files says nothing."""
    return row[2] in (_SETTLED if has_sdist else _UNREADABLE)


def _needs(archive: ArchiveFiles, changes: Iterable[Change]) -> frozenset[str]:
    """Contents of the old release on which this archive rests: what stayed, and what its changed files were before."""
    shown = {change.sha256: change.since for change in changes if change.sha256}
    return frozenset(_needed(archive, shown)) - {""}


def _needed(archive: ArchiveFiles, shown: dict[str, str]) -> Iterator[str]:
    for _, digest, origin in archive.files:
        if digest in shown:
            yield shown[digest]
        elif origin not in _UNREADABLE:
            yield digest


def _contents(archives: Iterable[ArchiveFiles]) -> set[str]:
    return {digest for one in archives for _, digest, _ in one.files}


def _fewest(archives: Sequence[ArchiveFiles], needed: set[str]) -> tuple[str, ...]:
    """The fewest archives that hold all of `needed`, at least one; sdists first."""
    ordered = _in_order(archives)
    for count in range(1, len(ordered) + 1):
        for some in combinations(ordered, count):
            if needed <= _contents(some):
                return tuple(one.filename for one in some)
    return ()
