"""SHA-256 of many files at once: big ones first, on all processors."""

from __future__ import annotations

import errno
import marshal
import os
import stat
from collections.abc import Iterator, Sequence
from hashlib import sha256

from peep.concurrency.parallel_map import Codec, Shared, share
from peep.dataclass import NamedTuple

_MOST_WORKERS = 8
_BUFFER = 1 << 18
"""Bytes read at a time: fits the processor's cache."""
_BATCH_BYTES = 4 << 20
_BATCH_FILES = 250
_WORTH_PROCESSES = 2000
"""Files: as many small ones would have threads take turns at the interpreter lock."""
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_FOLLOWS_LINKS = not hasattr(os, "O_NOFOLLOW")


class HashedFile(NamedTuple):
    """A file as it was found; `mode` as in `stat`, `size` in bytes, `digest` the 32 bytes of its sha256."""

    mode: int
    size: int
    digest: bytes


class FileToHash(NamedTuple):
    """A path, and roughly how many bytes to expect there."""

    path: str
    size: int


Hashed = dict[str, HashedFile | OSError]


def hash_files(files: Sequence[FileToHash]) -> Hashed:
    """Hash every file, by path; what can't be read has its error instead.

    Links are never followed (where the system can tell): one is an error with `errno.ELOOP`.
    """
    return Hashing(files).results()


class Hashing:
    """Hashing that has begun and goes on beside the caller; `results` must be called once."""

    def __init__(self, files: Sequence[FileToHash]) -> None:
        self._batches = list(_batched(sorted(files, key=lambda file: -file.size)))
        helpers = min(_MOST_WORKERS, os.cpu_count() or 1, len(self._batches)) - 1
        self._shared: Shared[Hashed] = share(
            len(self._batches), helpers, self._work, _WIRE, among_processes=len(files) >= _WORTH_PROCESSES
        )

    def results(self) -> Hashed:
        """Help to the end, and give back what was found, as `hash_files`."""
        found: Hashed = {}
        for part in self._shared.finish():
            found.update(part)
        owed = (number for number, batch in enumerate(self._batches) if batch[-1] not in found)
        return {**found, **self._work(owed)}  # what a helper that was killed did not tell

    def _work(self, numbers: Iterator[int]) -> Hashed:
        found: Hashed = {}
        buffer = memoryview(bytearray(_BUFFER))
        for number in numbers:
            _hash_batch(self._batches[number], buffer, found)
        return found


def _batched(files: Sequence[FileToHash]) -> Iterator[list[str]]:
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


def _packed(found: Hashed) -> bytes:
    rows = [
        (path, got.mode, got.size, got.digest) if isinstance(got, HashedFile) else (path, got.errno or 0)
        for path, got in found.items()
    ]
    return marshal.dumps(rows)


def _unpacked(answer: bytes) -> Hashed:
    """What a helper found; nothing, when it was killed."""
    try:
        rows = marshal.loads(answer)  # noqa: S302 -- from a process of our own
    except (EOFError, ValueError, TypeError):
        return {}
    return {
        row[0]: HashedFile(*row[1:]) if len(row) > 2 else OSError(row[1], os.strerror(row[1]), row[0])  # noqa: PLR2004
        for row in rows
    }


_WIRE = Codec(_packed, _unpacked)


def _hash_batch(batch: Sequence[str], buffer: memoryview, found: Hashed) -> None:
    for path in batch:
        try:
            found[path] = _hashed(path, buffer)
        except OSError as error:
            found[path] = error


def _hashed(path: str, buffer: memoryview) -> HashedFile:
    if _FOLLOWS_LINKS:
        _refuse_links_and_folders(path)
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


def _refuse_links_and_folders(path: str) -> None:
    """The errors that opening and reading them gives on POSIX; Windows follows links, and denies access to folders."""
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode) or stat.S_ISDIR(mode):
        number = errno.ELOOP if stat.S_ISLNK(mode) else errno.EISDIR
        raise OSError(number, os.strerror(number), path)


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


def is_link_error(error: OSError) -> bool:
    """Whether a file could not be opened because a link stands in its place."""
    return error.errno in {errno.ELOOP, getattr(errno, "EMLINK", errno.ELOOP), getattr(errno, "EFTYPE", errno.ELOOP)}
