"""Bounded reading of local files and streams (THREATS R17): `OSError` where one is too long.

Limits are several times what is found in practice. A device such as `/dev/zero`, a pipe without end or a planted file
costs no more than that.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

LISTS = 16 << 20
"""Bytes of a requirements, constraints or lock file; those of the largest public projects have 2 MiB."""
ALL_LISTS = 256 << 20
"""Bytes of all such files of a run together."""
PROJECT_FILE = 4 << 20
"""Bytes of a pyproject.toml, setup.cfg or setup.py, and of the header fields of core metadata."""
SETTINGS = 1 << 20
"""Bytes of a netrc, pyvenv.cfg, `EXTERNALLY-MANAGED`, or of what pip said of its options."""
RECORDS = 64 << 20
"""Bytes of a RECORD, a journal, or of a remembered fact; the longest RECORD of today's wheels has 3 MiB."""
OUTPUT = 64 << 20
"""Bytes that a program may print whose output is read whole."""

_PIECE = 1 << 16
_MIB = 1 << 20


def read_file(path: str, limit: int, *, is_regular: bool = True) -> bytes:
    """The whole content of the file at `path`, of at most `limit` bytes.

    Raises `OSError`: EFBIG beyond the limit; EINVAL for what is no regular file, unless `is_regular` is False, as it is
    for what users name themselves (`-r <(command)`).
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    # To open a pipe would wait for its other end.
    descriptor = os.open(path, flags | (getattr(os, "O_NONBLOCK", 0) if is_regular else 0))
    try:
        if is_regular and not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", path)
        return read_descriptor(descriptor, limit, path)
    finally:
        os.close(descriptor)


def read_descriptor(descriptor: int, limit: int, path: str) -> bytes:
    """The rest of an open file; `path` is for the `OSError` that is raised beyond `limit` bytes."""
    content = bytearray()
    while piece := os.read(descriptor, _PIECE):
        content += piece
        if len(content) > limit:
            raise too_long(limit, path)
    return bytes(content)


def read_stream(stream: BinaryIO, limit: int, name: str) -> bytes:
    """The rest of a stream, such as standard input; raises `OSError` as `read_file`."""
    content = stream.read(limit + 1)
    if len(content) > limit:
        raise too_long(limit, name)
    return content


def too_long(limit: int, path: str) -> OSError:
    """The error for what goes on behind `limit` bytes."""
    size = f"{limit // _MIB} MiB" if limit >= _MIB else f"{limit} bytes"
    return OSError(errno.EFBIG, f"it is longer than the {size} that are read", path)
