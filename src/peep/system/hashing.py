"""sha256 of many files at once: big ones first, on all processors, with as little as can be between the bytes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

_MOST_THREADS = 8
_BUFFER = 1 << 18
"""Bytes read at a time: fits the processor's cache."""
_BATCH_BYTES = 4 << 20
_BATCH_FILES = 250
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


class HashedFile(NamedTuple):
    """A file as it was found; `mode` as in `stat`, `size` in bytes, `digest` the 32 bytes of its sha256."""

    mode: int
    size: int
    digest: bytes


class FileToHash(NamedTuple):
    """A path, and roughly how many bytes to expect there."""

    path: str
    size: int


def hash_files(files: Sequence[FileToHash]) -> dict[str, HashedFile | OSError]:
    """Hash every file, by path; what can't be read has its error instead.

    Links are never followed (where the system can tell): one is an error with `errno.ELOOP`.
    """
    found: dict[str, HashedFile | OSError] = {}
    batches = _batches(sorted(files, key=lambda file: -file.size))
    lock = threading.Lock()
    count = min(_MOST_THREADS, os.cpu_count() or 1, 1 + len(files) // _BATCH_FILES)
    threads = [threading.Thread(target=_work, args=(batches, lock, found), daemon=True) for _ in range(count - 1)]
    for thread in threads:
        thread.start()
    _work(batches, lock, found)
    for thread in threads:
        thread.join()
    return found


def _batches(files: Sequence[FileToHash]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for file in files:
        batch.append(file.path)
        size += file.size
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _work(batches: Iterator[list[str]], lock: threading.Lock, found: dict[str, HashedFile | OSError]) -> None:
    buffer = memoryview(bytearray(_BUFFER))
    while True:
        with lock:
            batch = next(batches, None)
        if batch is None:
            return
        for path in batch:
            try:
                found[path] = _hashed(path, buffer)
            except OSError as error:
                found[path] = error


def _hashed(path: str, buffer: memoryview) -> HashedFile:
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        size = status.st_size
        if size < _BUFFER:
            # One byte more than stated: a file that grows meanwhile must not look whole.
            content = os.read(descriptor, size + 1)
            if len(content) == size:
                return HashedFile(status.st_mode, size, sha256(content).digest())
            os.lseek(descriptor, 0, os.SEEK_SET)
        return HashedFile(status.st_mode, *_in_pieces(descriptor, buffer))
    finally:
        os.close(descriptor)


def _in_pieces(descriptor: int, buffer: memoryview) -> tuple[int, bytes]:
    hasher = sha256()
    size = 0
    if hasattr(os, "readv"):
        while count := os.readv(descriptor, [buffer]):
            hasher.update(buffer[:count])
            size += count
    else:
        while piece := os.read(descriptor, _BUFFER):
            hasher.update(piece)
            size += len(piece)
    return size, hasher.digest()
