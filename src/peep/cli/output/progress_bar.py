"""Progress bar for terminals: bytes, rate and time over all files together; needs `rich`."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console as Screen
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn


class ProgressBar:
    """One transient bar: it stays in its line and leaves nothing behind."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
            console=Screen(file=stream, no_color=not color),
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task("fetching", total=None)
        self._progress.start()

    def show(self, description: str, received: int, expected: int | None) -> None:
        """`received` and `expected` in bytes; None: nobody knows."""
        self._progress.update(self._task, description=description, completed=received, total=expected)

    def close(self) -> None:
        self._progress.stop()
