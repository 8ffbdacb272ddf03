"""Files as `--fix` makes them: which pins go where, and the diff. Frozen."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from peep.dataclass import dataclass

PinKey = tuple[str, str]
"""Name and version of a pin."""
Blocked = Mapping[PinKey, tuple[str, ...]]
"""Why a pin has no version to go to."""


@dataclass(frozen=True, slots=True)
class FixedPin:
    """One project that gets another version; `old` None: it is new in the file, `new` None: it is gone."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class FixedFile:
    """One file as it would be, or is now. Its new hashes stand for bytes that nobody has examined."""

    path: str
    pins: tuple[FixedPin, ...]
    diff: tuple[str, ...]
    """Lines of a unified diff."""
    command: str | None = None
    """The run of `peep lock` that makes it, for files that it wrote."""
    is_written: bool = False

    @property
    def to_examine(self) -> tuple[str, ...]:
        """The commands that show what is new."""
        return tuple(f"peep diff {one.name} {one.old} {one.new}" for one in self.pins if one.old and one.new)


def diff_of(path: str, old: str, new: str) -> tuple[str, ...]:
    """A unified diff of two texts of one file."""
    return tuple(difflib.unified_diff(_lines(old), _lines(new), path, path, lineterm=""))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
