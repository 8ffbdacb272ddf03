"""Stat signature of a file: times, size and identity, which change when it is replaced or edited."""

import os

ABSENT = b"absent"
"""The signature of what is not there, or cannot be looked at."""


def signature(path: str) -> bytes:
    """Times of change, size and inode of the file that `path`, or the link there, leads to; `ABSENT` for none."""
    try:
        status = os.stat(path)
    except OSError:
        return ABSENT
    return b"%d %d %d %d" % (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
