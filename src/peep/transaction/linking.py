"""Linking of many stored files into an environment at once.

Installing spends its time here, so this is written around system calls: each folder is made once, each stored file
gets one `stat` (the cheap check that nobody edited it) and one `link`, on all processors. docs/performance.md has the
numbers.
"""

from __future__ import annotations

import errno
import marshal
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, NoReturn

from peep.concurrency.parallel_map import Codec, share
from peep.dataclass import dataclass
from peep.environment.mapping import MappedFile
from peep.errors import EnvironmentChangeError
from peep.model import StoredFile, StoredWheel
from peep.transaction.link_modes import LINKERS, LinkMode, Source, next_mode, open_source

_MOST_HELPERS = 3
_BATCH = 200
"""Files taken at a time: large wheels are shared, small ones cost no hand-over."""
_WORTH_PROCESSES = 1000
"""Files from which forked processes are faster than threads, which take turns at the interpreter lock."""

# A regular file that nobody may write to. On Windows a hard link shares the read-only mark, and tools clear it.
_MODE_MASK = 0o170000 if sys.platform == "win32" else 0o170222
_MODE = 0o100000


@dataclass(frozen=True, slots=True)
class WheelFiles:
    """A stored wheel and where its files go; what is left out stays in the store."""

    wheel: StoredWheel
    folder: str
    """Absolute path of the folder below which `files` keep their paths."""
    files: Sequence[StoredFile]
    elsewhere: Sequence[MappedFile] = ()
    """Files with places of their own."""

    @property
    def count(self) -> int:
        return len(self.files) + len(self.elsewhere)

    def destinations(self) -> list[tuple[StoredFile, str]]:
        """Every file with its place; made when it is needed, for there are tens of thousands of them."""
        prefix = self.folder + os.sep
        paths = [prefix + file[0] for file in self.files]
        if os.sep != "/":
            paths = [path.replace("/", os.sep) for path in paths]
        return [*zip(self.files, paths, strict=True), *((mapped.file, mapped.destination) for mapped in self.elsewhere)]


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
    """Every folder that these absolute paths lie in, parents first."""
    found: set[str] = set()
    last = None
    for destination in destinations:
        folder = destination[: destination.rfind(os.sep)]
        if folder == last:
            continue  # files come sorted: mostly from the same folder as the one before
        last = folder
        root = len(os.path.splitdrive(folder)[0])  # a drive of Windows is there, a share can't be made
        while len(folder) > root and folder not in found:
            found.add(folder)
            folder = folder[: max(folder.rfind(os.sep), 0)]
    return sorted(found)


def _nothing() -> None: ...


def link_wheels(
    wheels: Sequence[WheelFiles], mode: LinkMode = LinkMode.AUTO, meanwhile: Callable[[], None] = _nothing
) -> Linked:
    """Put every file of `wheels` at its destination, making the folders that are missing.

    `meanwhile` is called once, when others have begun to link; what it raises comes through when they have ended.

    Hard links share the store's read-only file; clones and copies are files of their own, writable, with the same
    modification time. A stored file that fails the check is reported in the result, all of them together, and its
    place stays empty. Raises `EnvironmentChangeError` when a destination can't be written, exists already, or does not
    allow the chosen mode; some files are there then, and the caller puts the environment back.
    """
    batches = [batch for wheel in wheels for batch in _batches(wheel)]
    total = sum(wheel.count for wheel in wheels)
    helpers = min(_MOST_HELPERS, (os.cpu_count() or 1) - 1, len(batches) - 1, total // _BATCH)
    first = LinkMode.CLONE if mode is LinkMode.AUTO else mode

    def work(numbers: Iterator[int]) -> _Linking:
        linking = _Linking(first, is_fixed=mode is not LinkMode.AUTO)
        linking.link(batches[number] for number in numbers)
        return linking

    shared = share(len(batches), max(helpers, 0), work, _WIRE, among_processes=total >= _WORTH_PROCESSES)
    try:
        meanwhile()
    finally:
        parts = shared.finish()
    used = max((part.mode for part in parts), key=list(LinkMode).index)
    for part in parts:
        if part.error is not None:
            _raise(part.error, used)
    faults = [fault for part in parts for fault in part.faults]
    return Linked(used, tuple(sorted(faults, key=lambda found: (found.sha256, found.path))))


def _batches(whole: WheelFiles) -> Iterator[WheelFiles]:
    for start in range(0, len(whole.files), _BATCH):
        yield WheelFiles(whole.wheel, whole.folder, whole.files[start : start + _BATCH])
    if whole.elsewhere:
        yield WheelFiles(whole.wheel, whole.folder, (), whole.elsewhere)


class _Linking:
    """What one worker links, and what came of it."""

    def __init__(self, mode: LinkMode, *, is_fixed: bool) -> None:
        """`is_fixed`: the user chose the mode; no falling back."""
        self.mode = mode
        self.is_fixed = is_fixed
        self.faults: list[StoreFault] = []
        self.error: BaseException | None = None

    def link(self, batches: Iterable[WheelFiles]) -> None:
        """Link batches until there are none or something went wrong."""
        # Each worker asks for each folder itself, so that none counts on a folder that another is about to make.
        made: set[str] = set()
        try:
            for batch in batches:
                files = batch.destinations()
                for folder in parent_folders(destination for _, destination in files):
                    if folder not in made:
                        _make_folder(folder)
                        made.add(folder)
                _link_batch(batch.wheel, files, self)
        except BaseException as error:  # noqa: BLE001 -- raised when no other worker links any more
            self.error = error


def _packed(linking: _Linking) -> bytes:
    faults = [(fault.sha256, fault.path, fault.reason) for fault in linking.faults]
    error = linking.error
    told: tuple[Any, ...] | None = None if error is None else (None, repr(error))
    if isinstance(error, OSError):
        told = (error.errno, error.strerror, error.filename, None, error.filename2)
    return marshal.dumps((linking.mode.value, faults, told))


def _unpacked(answer: bytes) -> _Linking:
    """What a helping process did, or that it was killed."""
    linking = _Linking(LinkMode.CLONE, is_fixed=True)
    try:
        mode, faults, told = marshal.loads(answer)  # noqa: S302 -- from a process of our own
    except (EOFError, ValueError, TypeError):
        linking.error = EnvironmentChangeError(
            "a process that was linking files was killed", "run the same command again"
        )
    else:
        linking.mode = LinkMode(mode)
        linking.faults = [StoreFault(*fault) for fault in faults]
        linking.error = None if told is None else OSError(*told)
    return linking


_WIRE = Codec(_packed, _unpacked)


def _make_folder(folder: str) -> None:
    try:
        os.mkdir(folder)
    except OSError:
        if not os.path.isdir(folder):
            raise


def _link_batch(wheel: StoredWheel, files: Sequence[tuple[StoredFile, str]], progress: _Linking) -> None:
    try:
        source = open_source(wheel)
    except OSError:
        progress.faults += [StoreFault(wheel.sha256, file.path, "missing") for file, _ in files]
        return
    put, mtime_ns = LINKERS[progress.mode], wheel.mtime_ns
    with closing(source):
        for file, destination in files:
            # The usual case, without a call more than it takes; whatever is unusual goes the long way from its start.
            with_care = True
            try:
                found = source.stat(file.stored_as)
                if found.st_mtime_ns == mtime_ns and found.st_size == file.size and found.st_mode & _MODE_MASK == _MODE:
                    put(source, wheel, file, destination)
                    with_care = False
            except OSError:
                pass
            if with_care:
                put = LINKERS[_put_with_care(source, wheel, file, destination, progress)]


def _put_with_care(
    source: Source, wheel: StoredWheel, file: StoredFile, destination: str, progress: _Linking
) -> LinkMode:
    """Put one file in its place by the mode in use or one that comes after it, or report it; give back that mode."""
    mode = progress.mode
    while True:
        if reason := _fault(source, wheel, file):
            progress.faults.append(StoreFault(wheel.sha256, file.path, reason))
            return mode
        try:
            LINKERS[mode](source, wheel, file, destination)
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
        found = source.stat(file.stored_as)
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
