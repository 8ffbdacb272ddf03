"""`peep check-wheel FILE…`: all that is wrong with a wheel, without installing anything."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.archives.wheel import PlainWheel, open_wheel
from peep.dataclass import dataclass
from peep.errors import ArchiveError


@dataclass(frozen=True, slots=True)
class WheelReport:
    """What was found in one wheel; nothing in `problems` means that `peep install` would take it."""

    path: str
    """As the user gave it."""
    problems: tuple[str, ...]
    """Each is a reason for refusing the wheel."""
    warnings: tuple[str, ...] = ()
    """Odd, and no reason for refusing it."""
    startup_files: tuple[str, ...] = ()
    """Files that the interpreter would run at every start once they are installed."""
    file_count: int = 0
    unpacked_size: int = 0
    """Bytes."""

    @property
    def is_acceptable(self) -> bool:
        return not self.problems


def check_wheels(paths: Sequence[str]) -> tuple[WheelReport, ...]:
    """Check each wheel completely: structure, metadata, RECORD, and every byte of every file.

    Bad wheels and unreadable paths are results, not errors.
    """
    return tuple(_check(path) for path in paths)


def _check(path: str) -> WheelReport:
    try:
        with open(path, "rb") as file:
            contents = open_wheel(PlainWheel(os.path.basename(path), file))
            return WheelReport(
                path=path,
                problems=tuple(contents.content_problems()),
                warnings=contents.warnings,
                startup_files=contents.startup_files,
                file_count=len(contents.entries),
                unpacked_size=sum(entry.size for entry in contents.entries),
            )
    except ArchiveError as error:
        return WheelReport(path, error.problems)
    except OSError as error:
        return WheelReport(path, (f"cannot be read: {error.strerror or error}",))
