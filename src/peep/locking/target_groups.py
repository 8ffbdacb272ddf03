"""Joint groups of declared targets, and witness targets for boundaries between micro versions.

Targets with equal marker environments (manylinux and musllinux, two versions of macOS, `cp313` and `cp313t`) cannot be
told apart by a marker, so they are solved together. A minor version is not one environment: where something asks for
`python_full_version < "3.11.3"`, 3.11.3 is solved as well as 3.11.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.target_ids import TargetId
from peep.target.declared import DeclaredTarget, declared_target

MOST_WITNESSES = 16
"""Micro versions of one minor version that are solved apart."""

Micros = Mapping[tuple[int, int], frozenset[int]]
"""Minor version -> the micro versions beside .0 that a solution may depend on."""


class TooManyWitnesses(PeepError):
    """More boundaries inside of a minor version than a lock can tell apart."""


@dataclass(frozen=True, slots=True)
class JointGroup:
    """Targets that no marker tells apart; one solution serves them all."""

    members: tuple[DeclaredTarget, ...]
    """Sorted by ID."""

    @property
    def markers(self) -> Mapping[str, str]:
        return self.members[0].environment.markers

    @property
    def open_names(self) -> frozenset[str]:
        return self.members[0].open_names

    @property
    def version(self) -> tuple[int, int, int]:
        return self.members[0].environment.version

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(member.id.text for member in self.members)

    @property
    def key(self) -> tuple[str, ...]:
        """What the group is among all groups of any run: its IDs, and the version of Python."""
        return *self.ids, self.members[0].python_full_version

    @property
    def is_witness(self) -> bool:
        """Whether the group stands for a later micro version of what its IDs name."""
        return self.version[2] > 0 and any(member.id.micro is None for member in self.members)

    def __str__(self) -> str:
        """Give back the IDs, for messages; a witness says at which version."""
        names = ", ".join(self.ids)
        return f"{names} at Python {'.'.join(map(str, self.version))}" if self.is_witness else names


def joint_groups(ids: Iterable[TargetId], micros: Micros | None = None) -> tuple[JointGroup, ...]:
    """Group targets by marker environment, newest Python first, then by IDs; with a witness for each of `micros`."""
    by_environment: dict[tuple[tuple[str, str], ...], dict[TargetId, DeclaredTarget]] = {}
    for one in sorted(set(ids)):
        beside = () if one.micro is not None else sorted((micros or {}).get(one.minor, frozenset()) - {0})
        for micro in (0, *beside):
            target = declared_target(one, micro)
            key = tuple(sorted(target.environment.markers.items()))
            by_environment.setdefault(key, {})[one] = target
    groups = (JointGroup(tuple(members[one] for one in sorted(members))) for members in by_environment.values())
    return tuple(sorted(groups, key=lambda group: ([-part for part in group.version], group.ids)))


def more_micros(known: Micros, found: Iterable[tuple[tuple[int, int], frozenset[int]]]) -> Micros:
    """Add newly found boundaries to the known ones.

    Raises `TooManyWitnesses` where a minor version has more than `MOST_WITNESSES`.
    """
    merged = dict(known)
    for minor, micros in found:
        merged[minor] = merged.get(minor, frozenset()) | (micros - {0})
        if len(merged[minor]) > MOST_WITNESSES:
            name = ".".join(map(str, minor))
            raise TooManyWitnesses(
                f"requirements tell more than {MOST_WITNESSES} micro versions of Python {name} apart",
                f"declare one exact version, such as cp{name}.{max(merged[minor])}-…",
            )
    return {minor: micros for minor, micros in merged.items() if micros}


def declared_minors(ids: Sequence[TargetId]) -> tuple[tuple[int, int], ...]:
    """Give back the minor versions of which not only one exact version is declared, sorted."""
    return tuple(sorted({one.minor for one in ids if one.micro is None}))
