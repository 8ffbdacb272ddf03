"""Roster of an audit: each distinct pin once, and which subjects hold it.

Thousands of lock files list millions of pins and thousands of distinct ones: what is kept of a repeated pin is a place
and a number.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable

from peep.advisories.findings import AuditedPin, Place, UnjudgedPin
from peep.dataclass import dataclass, field, replace
from peep.model import IndexOptions


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to audit: the numbers of its pins in the roster, what has no version, how many local projects."""

    kind: str
    path: str
    pins: array[int]
    unjudged: tuple[UnjudgedPin, ...] = ()
    local: int = 0
    faults: tuple[str, ...] = ()
    """What of it could not be read."""
    files: tuple[str, ...] = ()
    """All files that were read for it, as places name them."""
    indexes: IndexOptions = field(default_factory=IndexOptions)
    """What its files state of indexes: they are asked in the place of, or beside, those that pip is configured with."""
    build_lists: tuple[str, ...] = ()
    """Lists of build constraints that its files name: subjects of their own."""


class PinTable:
    """Distinct pins by number, with all their places and file names; filled while subjects are read."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self._pins: list[AuditedPin] = []
        self._places: list[list[Place]] = []
        self._filenames: list[dict[str, None]] = []

    def add(self, pin: AuditedPin) -> int:
        """The number of a pin, which may be known with other places; its digests must be sorted."""
        key = (pin.name, pin.version, pin.hashes, pin.is_arbitrary, pin.is_direct, pin.index)
        number = self._numbers.setdefault(key, len(self._pins))
        if number == len(self._pins):
            self._pins.append(pin)
            self._places.append([])
            self._filenames.append({})
        self._places[number] += pin.places
        if pin.filenames:
            self._filenames[number].update(dict.fromkeys(pin.filenames))
        return number

    def pins(self) -> tuple[AuditedPin, ...]:
        """All pins, each with its places in order."""
        return tuple(
            replace(pin, places=tuple(sorted(set(places), key=place_order)), filenames=tuple(sorted(filenames)))
            for pin, places, filenames in zip(self._pins, self._places, self._filenames, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Roster:
    """Distinct pins, and the subjects that hold them by number."""

    pins: tuple[AuditedPin, ...]
    subjects: tuple[Subject, ...]

    def with_pins(self, change: Callable[[AuditedPin], AuditedPin]) -> Roster:
        """The roster with each pin changed, in the same order."""
        return Roster(tuple(map(change, self.pins)), self.subjects)


@dataclass(slots=True)
class Gathered:
    """What of one subject was read so far."""

    table: PinTable
    numbers: dict[int, None] = field(default_factory=dict)
    unjudged: list[UnjudgedPin] = field(default_factory=list)
    local: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    indexes: IndexOptions = field(default_factory=IndexOptions)
    build_lists: list[str] = field(default_factory=list)

    def add(self, pin: AuditedPin) -> None:
        self.numbers[self.table.add(pin)] = None

    def subject(self, kind: str, path: str) -> Subject:
        return Subject(
            kind,
            path,
            array("I", self.numbers),
            joined_unjudged(self.unjudged),
            len(self.local),
            tuple(self.faults),
            tuple(self.files) or (path,),
            self.indexes,
            tuple(self.build_lists),
        )


def joined_unjudged(unjudged: Iterable[UnjudgedPin]) -> tuple[UnjudgedPin, ...]:
    """The same name for the same reason in several places as one."""
    places: dict[tuple[str, str], dict[Place, None]] = {}
    for one in unjudged:
        places.setdefault((one.name, one.reason), {}).update(dict.fromkeys(one.places))
    return tuple(UnjudgedPin(name, reason, tuple(found)) for (name, reason), found in places.items())


def place_order(place: Place) -> tuple[str, int, str]:
    return place.path, place.line, place.marker or ""
