"""Progress display of downloads: none, a line per file, raw counts, or a bar."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TextIO

from peep.cli.output.text import size_text
from peep.reporting import Arrival

BAR_DELAY = 0.3
"""Seconds of downloading before a bar appears: shorter runs neither need one nor pay for importing it."""
WORK_DELAY = 1.0
"""Seconds of other work before a line tells of it."""
RAW_INTERVAL = 0.25
"""Seconds between two raw lines."""


class Progress(Protocol):
    """Told under the console's lock, so never by two threads at once."""

    def started(self, name: str, size: int | None) -> None: ...

    def advanced(self, name: str, count: int) -> None: ...

    def finished(self, name: str, arrival: Arrival = Arrival.FETCHED) -> None: ...

    def worked(self, what: str) -> None: ...

    def clear(self) -> None:
        """Make room for other output: nothing of the display may be left on the screen."""


class Bar(Protocol):
    """What `DelayedBar` wants of the drawing library."""

    def show(self, description: str, received: int, expected: int | None) -> None: ...

    def close(self) -> None: ...


class NoProgress:
    def started(self, name: str, size: int | None) -> None: ...

    def advanced(self, name: str, count: int) -> None: ...

    def finished(self, name: str, arrival: Arrival = Arrival.FETCHED) -> None: ...

    def worked(self, what: str) -> None: ...

    def clear(self) -> None: ...


class LineProgress(NoProgress):
    """One plain line for each file that has come, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._sizes: dict[str, int | None] = {}
        self._received: dict[str, int] = {}

    def started(self, name: str, size: int | None) -> None:
        self._sizes[name] = size

    def advanced(self, name: str, count: int) -> None:
        self._received[name] = self._received.get(name, 0) + count

    def finished(self, name: str, arrival: Arrival = Arrival.FETCHED) -> None:
        received, size = self._received.pop(name, 0), self._sizes.pop(name, None)
        if not received:
            return  # the report says why
        if arrival is not Arrival.FAILED:
            print(f"{arrival.value} {name} ({size_text(received)})", file=self._stream, flush=True)
        elif size is not None and received < size:
            print(f"{name}: {size_text(received)} of {size_text(size)} came", file=self._stream, flush=True)
        else:
            print(f"{name}: {size_text(received)} came, and not all of it", file=self._stream, flush=True)


class RawProgress(NoProgress):
    """`Progress 1234 of 5678`, as pip's `--progress-bar raw`, over all files together."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._received = self._expected = 0
        self._last = 0.0

    def started(self, name: str, size: int | None) -> None:  # noqa: ARG002 - all files are one
        self._expected += size or 0

    def advanced(self, name: str, count: int) -> None:  # noqa: ARG002 - all files are one
        self._received += count
        now = time.monotonic()
        if now - self._last >= RAW_INTERVAL or self._received == self._expected:
            self._last = now
            print(f"Progress {self._received} of {self._expected}", file=self._stream, flush=True)


class WorkLine:
    """What was done so far, in one line of a terminal, for work of more than a second."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._now = now
        self._counts: dict[str, int] = {}
        self._began = self._shown = 0.0
        self._is_there = False

    def worked(self, what: str) -> None:
        """Count one more; the line follows a few times a second."""
        now = self._now()
        if not self._counts:
            self._began = now
        self._counts[what] = self._counts.get(what, 0) + 1
        if now - self._began >= WORK_DELAY and now - self._shown >= RAW_INTERVAL:
            self._shown, self._is_there = now, True
            text = ", ".join(f"{count} {name}" for name, count in self._counts.items())
            print(f"\r{text}\x1b[K", end="", file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the line away; the next count shows it again."""
        if self._is_there:
            self._is_there = False
            print("\r\x1b[K", end="", file=self._stream, flush=True)


def _has_rich() -> bool:
    import importlib.util  # noqa: PLC0415 - for terminals only

    return importlib.util.find_spec("rich") is not None


class DelayedBar:
    """A bar that appears when downloading takes longer than `BAR_DELAY`, and a line per file where `rich` is absent."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._stream = stream
        self._color = color
        self._lines = LineProgress(stream)
        self._bar: Bar | None = None
        self._has_rich = _has_rich()
        self._open: dict[str, None] = {}
        self._began = 0.0
        self._files = self._received = self._expected = 0
        self._is_expectation_known = True
        self._work = WorkLine(stream)

    def worked(self, what: str) -> None:
        if self._bar is None:
            self._work.worked(what)

    def started(self, name: str, size: int | None) -> None:
        self._lines.started(name, size)
        if not self._open:
            self._began = time.monotonic()
        self._open[name] = None
        self._files += 1
        self._expected += size or 0
        self._is_expectation_known &= size is not None

    def advanced(self, name: str, count: int) -> None:
        self._received += count
        if not self._has_rich:
            self._lines.advanced(name, count)
            return
        if self._bar is None and time.monotonic() - self._began > BAR_DELAY:
            self._bar = self._new_bar()
        if self._bar is not None:
            finished = self._files - len(self._open)
            self._bar.show(
                f"fetching {finished + 1}/{self._files}",
                self._received,
                self._expected if self._is_expectation_known else None,
            )

    def finished(self, name: str, arrival: Arrival = Arrival.FETCHED) -> None:
        self._open.pop(name, None)
        if not self._has_rich:
            self._lines.finished(name, arrival)
        elif not self._open:
            self.clear()

    def clear(self) -> None:
        self._work.clear()
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _new_bar(self) -> Bar:
        from peep.cli.output.progress_bar import ProgressBar  # noqa: PLC0415 - rich costs 50 ms; short runs do without

        return ProgressBar(self._stream, color=self._color)
