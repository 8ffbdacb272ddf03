"""Digest of a file, read in constant memory."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import Protocol

from peep.model import Digest

PIECE = 96 * 1024
"""Bytes read at once: large enough for hashlib to let other threads run, small enough to cost no page faults."""


class Readable(Protocol):
    """An open file of bytes."""

    def readinto(self, buffer: bytearray, /) -> int | None: ...


def digest_of_file(path: str, algorithm: str = "sha256") -> tuple[Digest, int]:
    """Hash a file as it is read, in constant memory; gives back its digest and size in bytes; raises OSError."""
    with open(path, "rb", buffering=0) as file:
        if stat.S_ISCHR(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is a device, which need not end", path)
        return digest_of_stream(file, algorithm)


def digest_of_stream(file: Readable, algorithm: str = "sha256") -> tuple[Digest, int]:
    """Hash what is left of an open file, as `digest_of_file` does."""
    hasher = hashlib.new(algorithm)
    buffer = bytearray(PIECE)
    view = memoryview(buffer)
    size = 0
    while count := file.readinto(buffer):
        hasher.update(view[:count])
        size += count
    return Digest(algorithm, hasher.hexdigest()), size
