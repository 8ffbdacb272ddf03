"""Safe reading of files that a backend wrote: no link followed, no pipe waited for."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_NON_BLOCKING = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)


def make_new_folder(root: str, name: str) -> str:
    """Make the folder `name` in `root` and give back its path; raises FileExistsError when anything has that name."""
    path = os.path.join(root, name)
    os.mkdir(path, 0o755)
    return path


def read_written(root: str, parts: Sequence[str], limit: int) -> bytes:
    """The content of the regular file `root/part/part…`, where everything below `root` was written by a backend.

    `limit` in bytes. Raises OSError when it is not there, is a link, lies behind a link, is no regular file or is
    larger. No process of the backend may be alive.
    """
    descriptor = _open_written(root, parts)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{'/'.join(parts)} is no regular file")
        if facts.st_size > limit:
            raise OSError(f"{'/'.join(parts)} has {facts.st_size} bytes, more than the {limit} that are allowed")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)


def _open_written(root: str, parts: Sequence[str]) -> int:
    flags = os.O_RDONLY | _NO_FOLLOW | _NON_BLOCKING | _BINARY
    if os.open not in os.supports_dir_fd:
        path = root
        for part in parts:
            path = os.path.join(path, part)
            if os.path.islink(path):
                raise OSError(f"{'/'.join(parts)} is a link")
        return os.open(path, flags)
    folder = os.open(root, os.O_RDONLY | _DIRECTORY)
    for i, part in enumerate(parts):
        is_last = i == len(parts) - 1
        try:
            inner = os.open(part, flags if is_last else flags | _DIRECTORY, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder
