"""Many files of stored wheels into an environment at once: clone, hard link or copy, whichever the disks can do.

Installing spends its time here, so this is written around system calls: each folder is made once, each stored file
gets one `stat` (the cheap check that nobody edited it) and one `link`, from several processes where there are many
files and the system can fork, else from several threads, because both calls let go of the interpreter lock.
docs/performance.md has the numbers.
"""

from __future__ import annotations

import errno
import marshal
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from typing import NoReturn

from peep.dataclass import dataclass
from peep.environment.mapping import MappedFile
from peep.environment.placing import WAYS, LinkMode, Source, next_mode, open_source
from peep.errors import EnvironmentChangeError
from peep.model import StoredFile, StoredWheel
from peep.system.forking import may_fork
from peep.system.sharing import MOST_NUMBERS, SharedWork

_MOST_HELPERS = 4
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
    done = _Linking(batches, LinkMode.CLONE if mode is LinkMode.AUTO else mode, is_fixed=mode is not LinkMode.AUTO)
    helpers = min(_MOST_HELPERS, os.cpu_count() or 1, len(batches)) - 1
    total = sum(wheel.count for wheel in wheels)
    if helpers > 0 and total >= _WORTH_PROCESSES and len(batches) <= MOST_NUMBERS and may_fork():
        done.by_processes(helpers, meanwhile)
    else:
        done.by_threads(min(helpers, total // _BATCH), meanwhile)
    if done.errors:
        _raise(done.errors[0], done.mode)
    return Linked(done.mode, tuple(sorted(done.faults, key=lambda found: (found.sha256, found.path))))


def _batches(whole: WheelFiles) -> Iterator[WheelFiles]:
    for start in range(0, len(whole.files), _BATCH):
        yield WheelFiles(whole.wheel, whole.folder, whole.files[start : start + _BATCH])
    if whole.elsewhere:
        yield WheelFiles(whole.wheel, whole.folder, (), whole.elsewhere)


class _Linking:
    """Links batches and keeps what came of it. Appending to a list and setting a field are whole in any thread."""

    def __init__(self, batches: Sequence[WheelFiles], mode: LinkMode, *, is_fixed: bool) -> None:
        """`is_fixed`: the user chose the mode; no falling back."""
        self.mode = mode
        self.is_fixed = is_fixed
        self.faults: list[StoreFault] = []
        self.errors: list[BaseException] = []
        self._batches = batches

    def by_threads(self, helpers: int, meanwhile: Callable[[], None]) -> None:
        """Share the batches with `helpers` threads, once `meanwhile` has ended."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(self._batches)):
            waiting.put(number)
        threads = [threading.Thread(target=self._link, args=(_drained(waiting),), daemon=True) for _ in range(helpers)]
        for thread in threads:
            thread.start()
        try:
            meanwhile()
        finally:
            self._link(_drained(waiting))
            for thread in threads:
                thread.join()

    def by_processes(self, helpers: int, meanwhile: Callable[[], None]) -> None:
        """Share the batches with `helpers` processes, once `meanwhile` has ended."""
        shared = SharedWork(len(self._batches), helpers, self._link, lambda _: self._packed())
        try:
            meanwhile()
        finally:
            _, told = shared.finish()
        for answer in told:
            self._add(answer)

    def _link(self, numbers: Iterator[int]) -> None:
        """Link batches until there are none or something went wrong."""
        # Each asks for each folder itself, so that none counts on a folder that another is about to make.
        made: set[str] = set()
        try:
            for number in numbers:
                batch = self._batches[number]
                files = batch.destinations()
                for folder in parent_folders(destination for _, destination in files):
                    if folder not in made:
                        _make_folder(folder)
                        made.add(folder)
                _link_batch(batch.wheel, files, self)
                if self.errors:
                    break
        except BaseException as error:  # noqa: BLE001 -- handed to the calling thread, which raises it
            self.errors.append(error)

    def _packed(self) -> bytes:
        """For the process that this one was forked from."""
        faults = [(fault.sha256, fault.path, fault.reason) for fault in self.faults]
        errors = [
            (error.errno, error.strerror, error.filename, None, error.filename2)
            if isinstance(error, OSError)
            else (None, repr(error))
            for error in self.errors
        ]
        return marshal.dumps((self.mode.value, faults, errors))

    def _add(self, answer: bytes) -> None:
        """What a helping process found."""
        try:
            mode, faults, errors = marshal.loads(answer)  # noqa: S302 -- from a process of our own
        except (EOFError, ValueError, TypeError):
            raise EnvironmentChangeError(
                "a process that was linking files was killed", "run the same command again"
            ) from None
        self.mode = max(self.mode, LinkMode(mode), key=list(LinkMode).index)
        self.faults += [StoreFault(*fault) for fault in faults]
        self.errors += [OSError(*error) for error in errors]


def _drained(waiting: queue.SimpleQueue[int]) -> Iterator[int]:
    with suppress(queue.Empty):
        while True:
            yield waiting.get_nowait()


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
    put, mtime_ns = WAYS[progress.mode], wheel.mtime_ns
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
                put = WAYS[_put_with_care(source, wheel, file, destination, progress)]


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
            WAYS[mode](source, wheel, file, destination)
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
