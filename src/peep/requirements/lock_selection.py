"""Selection of extras and dependency groups of a lock file (PEP 751)."""

from __future__ import annotations

from peep.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class LockSelection:
    """What to take of a lock file beside its plain packages; `groups` None means its own default groups."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
