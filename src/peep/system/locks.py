"""File locks between processes, which end with the process that holds them.

The operating system forgets a lock when its holder dies (`flock` on POSIX, `locking` on Windows), so there is no such
thing as a stale lock here. The lock file stays: removing it would let two processes lock two files of one name.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType

from peep.system.files import write_fully

_NOTE_LIMIT = 500
_POLL_SECONDS = 0.05


class FileLock:
    """An exclusive lock on `path`, for `with`: enter waits until nobody else holds it.

    `purpose` says what the holder is doing, without secrets, such as `peep install`; another process that has to wait
    calls its `on_wait` once with that text and the process id, and then waits. Threads exclude each other as well.
    """

    def __init__(self, path: str, purpose: str = "peep", on_wait: Callable[[str], None] | None = None) -> None:
        self.path = path
        self._purpose = purpose
        self._on_wait = on_wait
        self._descriptor = -1

    def __enter__(self) -> None:
        """Raise `OSError` when the file can't be opened, made or locked (a read-only file system, say)."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _try_exclusive(descriptor):
                if self._on_wait is not None:
                    self._on_wait(_note_of(descriptor))
                _wait_exclusive(descriptor)
            self._leave_note(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        try:
            os.ftruncate(descriptor, 0)
        finally:
            _unlock(descriptor)
            os.close(descriptor)

    def _leave_note(self, descriptor: int) -> None:
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        write_fully(descriptor, f"{self._purpose} (process {os.getpid()})".encode()[:_NOTE_LIMIT])


def _note_of(descriptor: int) -> str:
    """What the holder wrote about itself."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    note = os.read(descriptor, _NOTE_LIMIT).decode("utf-8", "replace")
    return "".join(character for character in note if character.isprintable()) or "another process"


def is_locked(path: str) -> bool:
    """Whether some process (or another part of this one) holds the lock on the file or folder `path` right now."""
    if sys.platform == "win32" and os.path.isdir(path):
        return False  # folders can't be locked there; see `lock_folder`
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        if not _try_exclusive(descriptor):
            return True
        _unlock(descriptor)
        return False
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def lock_folder(path: str) -> int:
        """Windows can't lock a folder: -1, and whoever looks must go by age."""
        del path
        return -1

    # The byte that is locked lies behind the note, for nobody may read a locked byte.
    _LOCKED_BYTE = 1 << 20

    def _try_exclusive(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:  # any other error would stay for ever: a file system without locks
            return False
        return True

    def _wait_exclusive(descriptor: int) -> None:
        while not _try_exclusive(descriptor):
            time.sleep(_POLL_SECONDS)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

    class SharedLock:
        """Windows' C runtime knows no shared locks; there, this one is none."""

        def __init__(self, path: str) -> None:
            self.path = path

        def __enter__(self) -> None: ...

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None: ...

else:
    import fcntl

    def lock_folder(path: str) -> int:
        """Mark a folder as in use by this process until the descriptor that is given back is closed."""
        descriptor = os.open(path, os.O_RDONLY)
        _wait_exclusive(descriptor)
        return descriptor

    def _try_exclusive(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait_exclusive(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    class SharedLock:
        """Held by any number of processes at once; a `FileLock` on the same path waits for all of them.

        Needs no right to write: the file must exist already.
        """

        def __init__(self, path: str) -> None:
            self.path = path
            self._descriptor = -1

        def __enter__(self) -> None:
            self._descriptor = os.open(self.path, os.O_RDONLY)
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            os.close(self._descriptor)
            self._descriptor = -1
