"""Inspection of stored wheels, byte for byte; linking looks at sizes and times only."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from peep.model import StoredFile, StoredWheel, record_hash

if TYPE_CHECKING:
    from peep.concurrency.file_hashing import HashedFile

# On Windows a hard link in an environment shares the read-only mark, and tools clear it to delete the link.
_REFUSED_MODE = 0 if sys.platform == "win32" else 0o222

Faults = dict[str, dict[str, str]]
"""Archive digest -> path in the wheel -> what is wrong with it. Sound wheels are not in it."""


def faults_in_full(wheels: Iterable[StoredWheel]) -> Faults:
    """Look at every file of some wheels, and hash all bytes of those that look right, on all processors."""
    from peep.concurrency.file_hashing import FileToHash, hash_files  # noqa: PLC0415 -- some ms that only full checks need

    files = {wheel.location(file): (wheel, file) for wheel in wheels for file in wheel.files}
    reasons = {path: _fault(path, wheel, file) for path, (wheel, file) in files.items()}
    hashed = hash_files([FileToHash(path, file.size) for path, (_, file) in files.items() if not reasons[path]])
    found: Faults = {}
    for path, (wheel, file) in files.items():
        if reason := reasons[path] or _hidden_fault(hashed[path], file):
            found.setdefault(wheel.sha256, {})[file.path] = reason
    return found


def _hidden_fault(found: HashedFile | OSError, file: StoredFile) -> str:
    """What its bytes tell is wrong with a file of the right size and time, in words; '' when nothing is."""
    if isinstance(found, OSError):
        return f"unreadable ({found.strerror})"
    return "" if record_hash(found.digest) == file.record_hash else "other bytes"


def _fault(path: str, wheel: StoredWheel, file: StoredFile) -> str:
    """What one `lstat` tells is wrong with a file, in words; '' when nothing is."""
    try:
        found = os.lstat(path)
    except OSError:
        return "missing"
    if not stat.S_ISREG(found.st_mode):
        return "not a file"
    if found.st_size != file.size:
        return f"{found.st_size} bytes instead of {file.size}"
    if found.st_mtime_ns != wheel.mtime_ns:
        return "written to"
    return "writable" if found.st_mode & _REFUSED_MODE else ""
