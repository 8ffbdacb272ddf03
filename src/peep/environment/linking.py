"""Many files of stored wheels into an environment at once: clone, hard link or copy, whichever the disks can do.

Installing spends its time here, so this is written around system calls: each folder is made once, each stored file
gets one `stat` (the cheap check that nobody edited it) and one `link`, from several threads, because both calls let go
of the interpreter lock. docs/performance.md has the numbers.
"""

from __future__ import annotations

import errno
import os
import queue
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from typing import NoReturn

from peep.dataclass import dataclass, field
from peep.environment.mapping import MappedFile
from peep.environment.placing import WAYS, LinkMode, Source, next_mode, open_source
from peep.errors import EnvironmentChangeError
from peep.model import StoredFile, StoredWheel

_MOST_THREADS = 4
"""More only wait for each other: the interpreter lock is taken between any two system calls."""
_BATCH = 400
"""Files that a thread takes at a time: large wheels are shared, small ones cost no hand-over."""

# A regular file that nobody may write to. On Windows a hard link shares the read-only mark, and tools clear it.
_MODE_MASK = 0o170000 if sys.platform == "win32" else 0o170222
_MODE = 0o100000


@dataclass(frozen=True, slots=True)
class WheelFiles:
    """A stored wheel and where its files go; what is left out stays in the store."""

    wheel: StoredWheel
    files: Sequence[MappedFile]
    folders: Sequence[str]
    """`parent_folders` of the destinations."""


@dataclass(frozen=True, slots=True)
class StoreFault:
    """A file that is not what was stored; it was not linked, and its wheel must be dropped from the store."""

    sha256: str
    """Of the wheel's archive."""
    path: str
    """In the wheel."""
    reason: str


@dataclass(frozen=True, slots=True)
class Linked:
    """What `link_wheels` did. With any fault, the environment lacks files and must be put back."""

    mode: LinkMode
    faults: tuple[StoreFault, ...] = ()


def parent_folders(destinations: Iterable[str]) -> list[str]:
    """Every folder that these absolute paths lie in, parents first. Pure."""
    found: set[str] = set()
    last = None
    for destination in destinations:
        folder = destination[: destination.rfind(os.sep)]
        if folder == last:
            continue  # files come sorted: mostly from the same folder as the one before
        last = folder
        while folder and folder not in found:
            found.add(folder)
            folder = folder[: max(folder.rfind(os.sep), 0)]
    return sorted(found)


def link_wheels(wheels: Sequence[WheelFiles], mode: LinkMode = LinkMode.AUTO) -> Linked:
    """Put every file of `wheels` at its destination, making the folders that are missing.

    Hard links share the store's read-only file; clones and copies are files of their own, writable, with the same
    modification time. A stored file that fails the check is reported in the result, all of them together, and its
    place stays empty. Raises `EnvironmentChangeError` when a destination can't be written, exists already, or does not
    allow the chosen mode; some files are there then, and the caller puts the environment back.
    """
    progress = _Progress(LinkMode.CLONE if mode is LinkMode.AUTO else mode, is_fixed=mode is not LinkMode.AUTO)
    batches: queue.SimpleQueue[_Batch] = queue.SimpleQueue()
    total = sum(len(wheel.files) for wheel in wheels)
    helpers = min(_MOST_THREADS, os.cpu_count() or 1, 1 + total // _BATCH) - 1
    threads = [threading.Thread(target=_work, args=(batches, progress), daemon=True) for _ in range(helpers)]
    for wheel in wheels:
        for batch in _batches(wheel):
            batches.put(batch)
    for thread in threads:
        thread.start()
    _work(batches, progress)
    for thread in threads:
        thread.join()
    if progress.errors:
        _raise(progress.errors[0], progress.mode)
    return Linked(progress.mode, tuple(sorted(progress.faults, key=lambda found: (found.sha256, found.path))))


@dataclass(frozen=True, slots=True)
class _Batch:
    wheel: StoredWheel
    files: Sequence[MappedFile]
    folders: Sequence[str]


@dataclass
class _Progress:
    """What the threads share. Appending to a list and setting a field are whole in any thread."""

    mode: LinkMode
    is_fixed: bool
    """The user chose the mode: no falling back."""
    faults: list[StoreFault] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)


def _batches(wheel: WheelFiles) -> Iterator[_Batch]:
    if len(wheel.files) <= _BATCH:
        yield _Batch(wheel.wheel, wheel.files, wheel.folders)
        return
    for start in range(0, len(wheel.files), _BATCH):
        files = wheel.files[start : start + _BATCH]
        yield _Batch(wheel.wheel, files, parent_folders(mapped.destination for mapped in files))


def _make_folder(folder: str) -> None:
    try:
        os.mkdir(folder)
    except OSError:
        if not os.path.isdir(folder):
            raise


def _work(batches: queue.SimpleQueue[_Batch], progress: _Progress) -> None:
    """Link batches until there are none or something went wrong anywhere."""
    # Each thread asks for each folder itself, so that none counts on a folder that another is about to make.
    made: set[str] = set()
    try:
        with suppress(queue.Empty):
            while not progress.errors:
                batch = batches.get_nowait()
                for folder in batch.folders:
                    if folder not in made:
                        _make_folder(folder)
                        made.add(folder)
                _link_batch(batch, progress)
    except BaseException as error:  # noqa: BLE001 -- handed to the calling thread, which raises it
        progress.errors.append(error)


def _link_batch(batch: _Batch, progress: _Progress) -> None:
    wheel = batch.wheel
    try:
        source = open_source(wheel)
    except OSError:
        progress.faults += [StoreFault(wheel.sha256, mapped.file.path, "missing") for mapped in batch.files]
        return
    put, mtime_ns = WAYS[progress.mode], wheel.mtime_ns
    with closing(source):
        for mapped in batch.files:
            file, destination, _ = mapped
            # The usual case, without a call more than it takes; whatever is unusual goes the long way from its start.
            with_care = True
            try:
                found = source.stat(file.path)
                if found.st_mtime_ns == mtime_ns and found.st_size == file.size and found.st_mode & _MODE_MASK == _MODE:
                    put(source, wheel, file, destination)
                    with_care = False
            except OSError:
                pass
            if with_care:
                put = WAYS[_put_with_care(source, wheel, mapped, progress)]


def _put_with_care(source: Source, wheel: StoredWheel, mapped: MappedFile, progress: _Progress) -> LinkMode:
    """Put one file in its place by the mode in use or one that comes after it, or report it; give back that mode."""
    mode = progress.mode
    while True:
        if reason := _fault(source, wheel, mapped.file):
            progress.faults.append(StoreFault(wheel.sha256, mapped.file.path, reason))
            return mode
        try:
            WAYS[mode](source, wheel, mapped.file, mapped.destination)
        except OSError as error:
            following = None if progress.is_fixed else next_mode(mode, error)
            if following is None:
                raise
            mode = progress.mode = following
        else:
            return mode


def _fault(source: Source, wheel: StoredWheel, file: StoredFile) -> str | None:
    """What one `lstat` tells is wrong with a stored file; None when nothing is."""
    try:
        found = source.stat(file.path)
    except OSError:
        return "missing"
    if found.st_size != file.size:
        return f"{found.st_size} bytes instead of {file.size}"
    if found.st_mtime_ns != wheel.mtime_ns:
        return "written to"
    return None if found.st_mode & _MODE_MASK == _MODE else "not a read-only file"


def _raise(error: BaseException, mode: LinkMode) -> NoReturn:
    if not isinstance(error, OSError):
        raise error
    place = error.filename2 or error.filename or "a file"
    hint = ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        hint = "free space on its disk"
    elif isinstance(error, FileExistsError):
        hint = "no project owns it; move it away"
    elif next_mode(mode, error) is not None:
        hint = f"--link-mode {mode.value} is not possible between the store and this place; leave the option out"
    raise EnvironmentChangeError(f"{place} can't be written: {error.strerror}", hint) from error
