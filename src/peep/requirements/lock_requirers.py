"""Requirers stated in lock files (PEP 751, `packages.dependencies`): told, never decided by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peep.dataclass import NamedTuple
from peep.formats.names import normalised


class StatedRequirer(NamedTuple):
    """`name` is required by `by`; both normalised."""

    name: str
    by: str


def requirers_of_lock(packages: Iterable[tuple[str, Sequence[Mapping[str, Any]]]]) -> tuple[StatedRequirer, ...]:
    """What the entries of a lock file say, each a name and its `dependencies`."""
    found = (
        StatedRequirer(normalised(entry["name"]), normalised(by))
        for by, dependencies in packages
        for entry in dependencies
        if isinstance(entry.get("name"), str)
    )
    return tuple(dict.fromkeys(found))
