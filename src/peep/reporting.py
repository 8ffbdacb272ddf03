"""Reporter protocol: notes, warnings and progress of the stages, whoever listens."""

from __future__ import annotations

from enum import Enum
from typing import Protocol


class Arrival(Enum):
    """How a download ended."""

    FETCHED = "fetched"
    FOUND = "found"
    """Whole, from a folder of this machine."""
    FAILED = "failed"


class Reporter(Protocol):
    """Told of progress and remarks; never asked anything. Implementations must be safe to call from many threads."""

    def warning(self, text: str) -> None:
        """Something the user should change, that does not stop the run."""

    def note(self, text: str) -> None:
        """One line about what was done."""

    def detail(self, text: str) -> None:
        """Shown under `-v` only: why this file and not that one."""

    def download_started(self, name: str, size: int | None) -> None:
        """`size` in bytes, None when nobody knows."""

    def download_advanced(self, name: str, count: int) -> None:
        """`count` more bytes have come."""

    def download_finished(self, name: str, arrival: Arrival = Arrival.FETCHED) -> None: ...

    def worked(self, what: str) -> None:
        """One more of `what` (a plural, such as `pages`) is done; shown where a person waits."""


class SilentReporter:
    """The reporter of tests and of `-q`."""

    def warning(self, text: str) -> None: ...

    def note(self, text: str) -> None: ...

    def detail(self, text: str) -> None: ...

    def download_started(self, name: str, size: int | None) -> None: ...

    def download_advanced(self, name: str, count: int) -> None: ...

    def download_finished(self, name: str, arrival: Arrival = Arrival.FETCHED) -> None: ...

    def worked(self, what: str) -> None: ...
