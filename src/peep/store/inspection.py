"""Is what lies in the store still what was put there? Cheaply by size and time, or in full by digest."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterable

from peep.model import StoredFile, StoredWheel, record_hash
from peep.system.files import PIECE

# On Windows a hard link in an environment shares the read-only mark, and tools clear it to delete the link.
_REFUSED_MODE = 0 if sys.platform == "win32" else 0o222
_BATCH_BYTES = 8 << 20
_BATCH_FILES = 200

_Task = tuple[StoredWheel, StoredFile]
Faults = dict[str, dict[str, str]]
"""Archive digest -> path in the wheel -> what is wrong with it. Sound wheels are not in it."""


def fault(wheel: StoredWheel, file: StoredFile) -> str | None:
    """What one `lstat` tells is wrong with a file, in words; None when nothing is."""
    try:
        found = os.lstat(wheel.location(file))
    except OSError:
        return "missing"
    if not stat.S_ISREG(found.st_mode):
        return "not a file"
    if found.st_size != file.size:
        return f"{found.st_size} bytes instead of {file.size}"
    if found.st_mtime_ns != wheel.mtime_ns:
        return "written to"
    return "writable" if found.st_mode & _REFUSED_MODE else None


def fault_in_full(wheel: StoredWheel, file: StoredFile) -> str | None:
    """As `fault`, and also when size and time agree but the bytes have another sha256 than the manifest says."""
    if found := fault(wheel, file):
        return found
    try:
        digest = _sha256(wheel.location(file))
    except OSError as error:
        return f"unreadable ({error.strerror})"
    return None if record_hash(digest) == file.record_hash else "other bytes"


def faults(wheels: Iterable[StoredWheel]) -> Faults:
    """The cheap look at every file of some wheels."""
    return _collected((wheel, file, fault(wheel, file)) for wheel in wheels for file in wheel.files)


def faults_in_full(wheels: Iterable[StoredWheel]) -> Faults:
    """Hash every byte of some wheels, on all processors."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 -- 8 ms that only full checks need

    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        batches = executor.map(_look, _batches((wheel, file) for wheel in wheels for file in wheel.files))
        return _collected(result for batch in batches for result in batch)


def _look(batch: list[_Task]) -> list[tuple[StoredWheel, StoredFile, str | None]]:
    return [(wheel, file, fault_in_full(wheel, file)) for wheel, file in batch]


def _batches(tasks: Iterable[_Task]) -> Iterable[list[_Task]]:
    """Groups worth handing to a thread: neither a task per small file nor one thread with all the large ones."""
    batch: list[_Task] = []
    size = 0
    for task in tasks:
        batch.append(task)
        size += task[1].size
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _collected(results: Iterable[tuple[StoredWheel, StoredFile, str | None]]) -> Faults:
    found: Faults = {}
    for wheel, file, reason in results:
        if reason is not None:
            found.setdefault(wheel.sha256, {})[file.path] = reason
    return found


def _sha256(path: str) -> bytes:
    hasher = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(PIECE):
            hasher.update(piece)
    return hasher.digest()
