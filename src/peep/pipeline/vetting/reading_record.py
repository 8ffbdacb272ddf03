"""Reading record of this user: it shortens the next reading and decides nothing.

One line a content (`examine/read_before.py`), only ever appended, so that two runs at once lose nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from peep.examine.read_before import ReadStep, parsed_steps, read_before, steps_of, steps_text
from peep.examine.types import Change
from peep.reporting import Reporter
from peep.store.location import risk_of_others
from peep.system import bounded
from peep.system.files import make_private, write_fully

FILE = "read-before-1.txt"
"""The number goes up when lines mean something else."""


def data_folder() -> str:
    """Where peep keeps what is no cache, for this user."""
    import platformdirs  # noqa: PLC0415 - most verbs need it for nothing

    return platformdirs.user_data_dir("peep", appauthor=False)


class ReadingRecord:
    """What was read, as the file says; one that cannot be believed or read says nothing, and that is told."""

    def __init__(self, folder: str, reporter: Reporter) -> None:
        self._folder = folder
        self._path = os.path.join(folder, FILE)
        self._reporter = reporter
        self._steps: tuple[ReadStep, ...] | None = None

    def read_so_far(self, changes: Sequence[Change], given: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """(path, sha256) of all that was read: by `given` readings, which is remembered, and by what is remembered."""
        if given:
            self.add(steps_of(changes, given))
        return frozenset(given) | read_before(changes, self.steps)

    @property
    def steps(self) -> tuple[ReadStep, ...]:
        if self._steps is None:
            self._steps = self._read()
        return self._steps

    def add(self, steps: Sequence[ReadStep]) -> None:
        """Append what is not in the record yet; where that cannot be written, it is told."""
        known = set(self.steps)
        new = [step for step in steps if step not in known]
        if not new:
            return
        try:
            make_private(self._folder)
            self._append(steps_text(new).encode("ascii"))
        except OSError as error:
            self._reporter.warning(f"{self._path}: what was read cannot be remembered: {error.strerror or error}")
            return
        self._steps = (*self.steps, *new)

    def _append(self, content: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size:
                os.lseek(descriptor, -1, os.SEEK_END)
                content = content if os.read(descriptor, 1) == b"\n" else b"\n" + content  # a write was cut off
            write_fully(descriptor, content)
        finally:
            os.close(descriptor)

    def _read(self) -> tuple[ReadStep, ...]:
        if risk := risk_of_others(self._folder):
            self._reporter.warning(f"{self._folder}: what was read before does not count: {risk}")
            return ()
        try:
            found = parsed_steps(bounded.read_file(self._path, bounded.RECORDS).decode("ascii", "replace"))
        except FileNotFoundError:
            return ()
        except OSError as error:
            self._reporter.warning(f"{self._path}: what was read before is not known: {error.strerror or error}")
            return ()
        if found.odd:
            self._reporter.warning(f"{self._path}: {found.odd} lines mean nothing, and count for nothing")
        return found.steps
