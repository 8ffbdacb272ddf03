"""Request of a lock as values, and the words of its options taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import repeat

from peep.dataclass import dataclass, field
from peep.errors import UsageError
from peep.formats.ages import UnreadableTime, parse_age
from peep.locking.edges import Edge
from peep.locking.lock_paths import LockPaths
from peep.locking.lock_plan import PlannedPin
from peep.locking.project_sources import Wanted
from peep.locking.roots import Constraint
from peep.locking.settings import LockSettings
from peep.model import Location
from peep.pipeline.options import InstallOptions

_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class LockOptions:
    """Everything that `peep lock` can be asked for."""

    base: InstallOptions
    """Indexes, network, store, interpreter, output."""
    paths: LockPaths
    settings: LockSettings = field(default_factory=LockSettings)
    wanted: Wanted = field(default_factory=Wanted)
    upgrade: bool = False
    upgraded: tuple[Edge, ...] = ()
    """`--upgrade-package`: names, with the versions that they are to have where the user says which."""
    refresh_hashes: bool = False
    allows_pre_releases: bool = False
    is_check: bool = False
    is_dry_run: bool = False
    is_offline: bool = False
    is_verified: bool = False
    """`--verify`: every usable file is downloaded and held against what the index states."""
    emits_indexes: bool = False
    """`--emit-index-url`: the indexes in force are written, not only those of the sources."""
    refreshes_alone: bool = False
    """`--refresh-hashes` of a list without a source: its own pins, edited in place."""
    arguments: tuple[str, ...] = ()
    """Options for the header: those that say what is locked."""


def index_names() -> Iterator[str]:
    """Yield the options that name indexes, in their order."""
    yield "--index-url"
    yield from repeat("--extra-index-url")


def wanted_versions(upgraded: Sequence[Edge]) -> list[Constraint]:
    """Give back the versions of `--upgrade-package NAME==VERSION` as limits."""
    return [Constraint(edge, Location("--upgrade-package", 0), "") for edge in upgraded if edge.specifier]


def moment(age: str, now: datetime) -> datetime:
    """Read an age as the moment that it means. Raises `UsageError`."""
    try:
        return parse_age(age, now)
    except UnreadableTime as error:
        raise UsageError(f"--min-age: {error}", error.hint) from None


def shadow_warnings(shadowed: Mapping[str, Sequence[str]], pins: Sequence[PlannedPin]) -> Iterator[str]:
    """Tell of listed projects that several indexes have, in one line for each set of indexes."""
    names = {pin.merged.name for pin in pins}
    by_indexes: dict[tuple[str, ...], list[str]] = {}
    for name, indexes in shadowed.items():
        if name in names:
            by_indexes.setdefault(tuple(indexes), []).append(name)
    for (first, *others), found in by_indexes.items():
        more = f" and {len(found) - _MOST_NAMES} more" if found[_MOST_NAMES:] else ""
        shown = ", ".join(found[:_MOST_NAMES]) + more
        yield f"{shown}: taken from {first}, which comes first, though {', '.join(others)} has them as well"
