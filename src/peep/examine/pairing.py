"""Pairing of units of two releases: by path, by place and by content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from peep.dataclass import dataclass
from peep.examine.correspondence import SOURCE_FOLDERS, installed_path
from peep.examine.types import RUNS, moment_rank
from peep.examine.view import Key, ReleaseView, Unit, unit_key


@dataclass(frozen=True, slots=True)
class Pair:
    """One unit of the new release and what it was before (None: added), or the reverse (`new` None: removed)."""

    status: str
    old: Unit | None
    new: Unit | None

    @property
    def unit(self) -> Unit:
        found = self.new or self.old
        assert found is not None  # noqa: S101 - one of the two is always there
        return found


def pair_up(old: ReleaseView | None, new: ReleaseView) -> list[Pair]:
    """Find for each unit what it was before, and what is gone; units that are the same are left out."""
    if old is None:
        return [Pair("added", None, unit) for unit in new.units.values()]
    pairs: list[Pair] = []
    used: set[Key] = set()
    lost: list[Unit] = []
    for key, unit in new.units.items():
        known = _counterpart(key, old, new)
        if known is None:
            lost.append(unit)
            continue
        used.add(known.key)
        if known.file.sha256 != unit.file.sha256:
            pairs.append(Pair("changed", known, unit))
        elif _runs_earlier(known, unit):
            pairs.append(Pair("moved", known, unit))
    by_digest = _units_by_digest(old)
    for unit in lost:
        origin = by_digest.get(unit.file.sha256) if unit.file.size else None
        if origin is not None:
            used.add(origin.key)
        pairs.append(Pair("moved" if origin else "added", origin, unit))
    gone = (unit for key, unit in old.units.items() if key not in used and not _still_there(unit, new))
    return pairs + [Pair("removed", unit, None) for unit in gone]


def _counterpart(key: Key, old: ReleaseView, new: ReleaseView) -> Unit | None:
    found = old.units.get(key)
    if found is not None:
        return found
    for twin in _twins(key):
        found = old.units.get(twin)
        if found is not None and twin not in new.units:
            return found
    return None


def _twins(key: Key) -> Iterator[Key]:
    """A wheel's file may have stood in the sdist alone before, below one of the usual folders, and the reverse."""
    if key.in_wheel:
        path = installed_path(key.path)
        yield from (Key(False, folder + path) for folder in SOURCE_FOLDERS)  # noqa: FBT003
        return
    for folder in SOURCE_FOLDERS:
        if key.path.startswith(folder):
            yield unit_key(key.path[len(folder) :], in_wheel=True)


def _runs_earlier(old: Unit, new: Unit) -> bool:
    """The same bytes at the same path, which run at an earlier moment now than they did."""
    return new.moment in RUNS and moment_rank(new.moment) < moment_rank(old.moment)


def _units_by_digest(view: ReleaseView) -> dict[str, Unit]:
    """Units by content; of several with one content that which runs first."""
    ordered = sorted(view.units.values(), key=lambda unit: -moment_rank(unit.moment))
    return {unit.file.sha256: unit for unit in ordered}


def _still_there(unit: Unit, new: ReleaseView) -> bool:
    """A file of the old sdist that is folded into the new wheel, or the reverse, is not gone."""
    return any(
        twin in new.units and new.units[twin].file.sha256 == unit.file.sha256 for twin in (unit.key, *_twins(unit.key))
    )


def in_reading_order(pairs: Iterable[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: (moment_rank(pair.unit.moment), pair.new is None, pair.unit.path))
