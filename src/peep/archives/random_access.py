"""Positional reads of an open file, whose own position must not be relied on."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

ReadAt = Callable[[int, int], bytes]
"""`(offset, count)` -> the bytes there; shorter only where the file ends."""

_WINDOW = 1 << 14


def read_at(file: BinaryIO) -> ReadAt:
    """Give positional reading of `file`, whose own position is then nobody's business.

    On POSIX each read is one `pread`, without a lock; elsewhere a lock holds seek and read together. Of a file in
    memory, which has to be complete, pieces are cut.
    """
    if isinstance(file, io.BytesIO):
        return _cuts(file.getvalue())
    try:
        file.fileno()
    except (OSError, AttributeError):
        return _locked_reads(file)
    return _lockless_reads(file)


def _cuts(content: bytes) -> ReadAt:
    return lambda offset, count: content[offset : offset + count]


def _locked_reads(file: BinaryIO) -> ReadAt:
    lock = threading.Lock()

    def locked(offset: int, count: int) -> bytes:
        with lock:
            file.seek(offset)
            return file.read(count)

    return locked


if sys.platform == "win32":
    _lockless_reads = _locked_reads  # there is no `pread`

else:

    def _lockless_reads(file: BinaryIO) -> ReadAt:
        # Asked each time: a closed file must give an error, never the bytes of another file that got its number.
        descriptor = file.fileno

        def pread(offset: int, count: int) -> bytes:
            data = os.pread(descriptor(), count, offset)
            while len(data) < count:
                more = os.pread(descriptor(), count - len(data), offset + len(data))
                if not more:
                    break
                data += more
            return data

        return pread


def file_size(file: BinaryIO) -> int:
    """Size in bytes, as the open file has it now."""
    try:
        return os.fstat(file.fileno()).st_size
    except (OSError, AttributeError):
        return file.seek(0, os.SEEK_END)


class ForwardWindow:
    """Serves many small reads at rising offsets from few large ones: headers that stand between contents."""

    __slots__ = ("_read", "_size", "_start", "data")

    def __init__(self, read: ReadAt, size: int = _WINDOW) -> None:
        """`size`: bytes that are read at once at least."""
        self._read = read
        self._size = size
        self._start = 0
        self.data = b""

    def locate(self, offset: int, count: int) -> int:
        """Make `count` bytes at `offset` available (fewer where the file ends); return where they begin in `data`."""
        position = offset - self._start
        if position < 0 or position + count > len(self.data):
            self.data = self._read(offset, max(count, self._size))
            self._start = offset
            return 0
        return position

    def piece(self, offset: int, count: int) -> bytes:
        """`count` bytes at `offset`, fewer where the file ends."""
        position = offset - self._start
        if position < 0 or position + count > len(self.data):
            position = self.locate(offset, count)
        return self.data[position : position + count]
