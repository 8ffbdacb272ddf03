"""Digests of files, read in constant memory, and copied on the way where that is wanted."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable
from typing import BinaryIO, Protocol, cast

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


def digest_of_stream(
    file: Readable | BinaryIO, algorithm: str = "sha256", copy: BinaryIO | None = None
) -> tuple[Digest, int]:
    """Hash what is left of an open file, as `digest_of_file` does; what is read is also written to `copy`."""
    (digest,), size = digests_of_stream(file, [algorithm], copy)
    return digest, size


def digests_of_stream(
    file: Readable | BinaryIO, algorithms: Iterable[str], copy: BinaryIO | None = None
) -> tuple[tuple[Digest, ...], int]:
    """As `digest_of_stream`, in several algorithms at once; the digests come in their order."""
    hashers = {name: hashlib.new(name) for name in algorithms}
    buffer = bytearray(PIECE)
    view = memoryview(buffer)
    size = 0
    stream = cast("Readable", file)  # typeshed knows no `readinto` of BinaryIO; all files of `io` have it
    while count := stream.readinto(buffer):
        size += count
        for hasher in hashers.values():
            hasher.update(view[:count])
        if copy is not None:
            copy.write(view[:count])
    return tuple(Digest(name, hasher.hexdigest()) for name, hasher in hashers.items()), size
