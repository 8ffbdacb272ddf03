"""Atomic file operations: a temporary beside the target, then one rename.

Nothing here decides anything. Errors are the plain `OSError` of the operating system; the stages know what they mean,
and tell them by `ToldAs`.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType

from peep.errors import PeepError

PIECE = 1 << 16
"""Bytes per read and write: larger buffers cost page faults, not time."""

_BINARY = getattr(os, "O_BINARY", 0)
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_MOST_LINKS = 40
_FICLONE = 0x40049409
_PAUSES = tuple(0.01 * 2**number for number in range(8)) if sys.platform == "win32" else ()
"""Seconds between attempts, 2.5 in all. On Windows, a file that a virus scanner or an indexer looks into, as they do
with new ones, can be neither renamed nor removed, and no folder above it can be."""
_REMOVAL_ATTEMPTS = 5
_SHALLOW = 30
"""Levels of folders that are removed with one open descriptor for each."""


class ToldAs:
    """While it is entered, an `OSError` comes out as `kind`, its message `what: reason`."""

    def __init__(self, kind: type[PeepError], what: str, hint: str = "") -> None:
        """`kind` takes a message, and a hint where there is one."""
        self._kind, self._what, self._hint = kind, what, hint

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            message = f"{self._what}: {error.strerror or error}"
            raise (self._kind(message, self._hint) if self._hint else self._kind(message)) from error


def make_private(folder: str) -> None:
    """Make `folder` and what is missing above it, all of mode 0700; `os.makedirs` gives that to the last one only."""
    if not os.path.isdir(folder):
        above = os.path.dirname(os.path.abspath(folder))
        if above != folder:  # as it is for a drive of Windows that isn't there
            make_private(above)
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)


def private_folder(parent: str, prefix: str = "") -> str:
    """Make an empty folder with an unguessable name in `parent` (made if need be) that only this user can enter.

    Returns its absolute path. Mode 0700 keeps others from swapping what is written into it (THREATS N16).
    """
    os.makedirs(parent, exist_ok=True)
    folder = os.path.join(os.path.abspath(parent), prefix + os.urandom(8).hex())
    os.mkdir(folder, 0o700)
    return folder


@contextmanager
def temporary_folder(parent: str, prefix: str = "") -> Iterator[str]:
    """Like `private_folder`, and gone at the end, whatever happened."""
    folder = private_folder(parent, prefix)
    try:
        yield folder
    finally:
        remove_tree(folder)


def names_in(folder: str) -> list[str]:
    """The names in a folder, sorted; none where it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


@contextmanager
def beside(path: str) -> Iterator[str]:
    """A name beside `path` for a file that is to take its place by a rename, and that is removed if it did not."""
    temporary = f"{path}.{os.urandom(8).hex()}"
    try:
        yield temporary
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def write_atomically(path: str, content: bytes, mode: int = 0o644, *, durable: bool = False) -> None:
    """Let `path` hold `content`, or what it held before, and never anything between (also under concurrent writers).

    `durable` flushes the content and the folder to the disk, so that a power cut after the return changes nothing.
    A device is never replaced: it is written to. For a place that the user names there is `write_named`.
    """
    if _is_device(path):
        _write_into(path, content)
    else:
        write_own(path, (content,), mode, durable=durable)


def write_own(path: str, parts: Sequence[bytes], mode: int = 0o644, *, durable: bool = False) -> None:
    """As `write_atomically`, of `parts` that follow each other, in a folder of peep's own, where no device can be."""
    temporary = f"{path}.{os.urandom(8).hex()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
    try:
        try:
            for part in parts:
                write_fully(descriptor, part)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        replace_file(temporary, path)
    except BaseException:
        with suppress(OSError):
            remove_tree(temporary)  # Windows unlinks nothing read-only
        raise
    if durable:
        fsync_folder(os.path.dirname(path) or ".")


def write_named(path: str, content: bytes, mode: int | None = None, *, durable: bool = False) -> None:
    """Write what the user asked for to where the user said.

    Through a link to what it leads to; into a device, a pipe or a descriptor (`/dev/stdout`); else as
    `write_atomically`, also with `durable`, with the mode of a file that is there already unless `mode` is given.
    """
    try:
        present = os.stat(path)
    except OSError:
        present = None
    if _is_device(path) or (present is not None and stat.S_ISFIFO(present.st_mode)):
        _write_into(path, content)
        return
    if mode is None:
        mode = 0o644 if present is None else stat.S_IMODE(present.st_mode)
    write_atomically(os.path.realpath(path), content, mode, durable=durable)
    if present is not None:
        with suppress(OSError):  # past the umask, as it was
            os.chmod(path, mode)


def can_be_named(path: str) -> bool:
    """Whether `write_named` can be expected to write to `path`."""
    if _is_device(path) or (os.path.exists(path) and not os.path.isfile(path)):
        return not os.path.isdir(path) and os.access(path, os.W_OK)
    folder = os.path.dirname(os.path.realpath(path))
    return os.path.isdir(folder) and os.access(folder, os.W_OK)


def _is_device(path: str) -> bool:
    """A device, or a name of one of the process's own descriptors, by way of links, too; nothing may replace these."""
    if os.name == "nt":
        return os.path.basename(path).partition(".")[0].lower() in {"nul", "con"}
    if _descriptor_named(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


def _descriptor_named(path: str) -> int | None:
    """The number of the descriptor that `/dev/stdout`, `/dev/fd/N`, `/proc/self/fd/N` or a link to one means."""
    own = {"/dev/fd", f"/proc/{os.getpid()}/fd"}
    for _ in range(_MOST_LINKS):
        folder, name = os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path)
        path = os.path.join(folder, name)
        if path in _STREAMS:
            return _STREAMS[path]
        if folder in own and name.isascii() and name.isdigit():
            return int(name)
        if not os.path.islink(path):
            return None
        path = os.path.join(folder, os.readlink(path))
    return None


def _write_into(path: str, content: bytes) -> None:
    number = _descriptor_named(path)
    # A descriptor of our own, not another one for the same file: that would begin anew at the start of the file.
    descriptor = os.open(path, os.O_WRONLY | _BINARY) if number is None else os.dup(number)
    try:
        write_fully(descriptor, content)
    finally:
        os.close(descriptor)


def rename(source: str, destination: str) -> None:
    """`os.rename`, once more where it was refused only because somebody is just looking."""
    patiently(lambda: os.rename(source, destination))


def replace_file(source: str, destination: str) -> None:
    """`os.replace`, once more as `rename`: what stands at `destination` gives way, on Windows, too."""
    patiently(lambda: os.replace(source, destination))


def patiently(
    action: Callable[[], None], pauses: Sequence[float] = _PAUSES, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Try again after each pause (seconds) while `action` raises `PermissionError`; the last one comes through."""
    for pause in pauses:
        try:
            action()
        except PermissionError:
            sleep(pause)
        else:
            return
    action()


def write_fully(descriptor: int, content: bytes) -> None:
    """Write all of `content`; the operating system may take it in parts."""
    written = os.write(descriptor, content)
    while written < len(content):
        written += os.write(descriptor, memoryview(content)[written:])


def regular_only(path: str, flags: int) -> int:
    """An opener for `open` where others put the files: raises `OSError` for pipes and devices, which may never end."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # opening a pipe would wait for its other end
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is no regular file", path)


def fsync_folder(path: str) -> None:
    """Flush a folder's list of names to the disk: without it, a rename may be lost in a power cut.

    Windows has no handle to a folder that could be flushed; NTFS journals names itself.
    """
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:  # file systems that can't flush folders
                raise
        finally:
            os.close(descriptor)


def remove_tree(path: str) -> None:
    """Remove a file, a link (never what it points to), or a folder with everything in it; absence is fine.

    Read-only files and folders go as well. What another process removes in the same moment is no error.
    """
    for attempt in range(_REMOVAL_ATTEMPTS):
        try:
            _remove_once(path)
        except FileNotFoundError:
            if not os.path.lexists(path):
                return
        except OSError:
            if attempt == _REMOVAL_ATTEMPTS - 1:
                raise
            _unlock_tree(path)
            if attempt and _PAUSES:  # at first it is read-only files, nearly always
                time.sleep(_PAUSES[attempt * 2])
        else:
            return


def _remove_once(path: str) -> None:
    if os.path.islink(path) or not os.path.isdir(path):
        os.unlink(path)
        return
    if not _is_removed(path, _SHALLOW):
        import shutil  # noqa: PLC0415 -- 3 ms that most runs, which remove an empty work folder, need not pay

        shutil.rmtree(path)


if sys.platform == "win32":

    def _is_removed(path: str, levels: int) -> bool:
        """There are no calls relative to an open folder."""
        del path, levels
        return False

else:

    def _is_removed(path: str, levels: int, above: int | None = None) -> bool:
        """Remove a folder, unless others lie more than `levels` deep in it; then something is left, and it says False.

        Each folder is opened from the one `above` it, so that no link that is put there meanwhile is followed.
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
        try:
            with os.scandir(descriptor) as entries:
                found = list(entries)
            for entry in found:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.name, dir_fd=descriptor)
                elif not (levels and _is_removed(entry.name, levels - 1, descriptor)):
                    return False
        finally:
            os.close(descriptor)
        os.rmdir(path, dir_fd=above)
        return True


def _unlock_tree(path: str) -> None:
    """Make every folder enterable, and on Windows every file writable, so that they can be removed."""
    with suppress(OSError):
        if not os.path.islink(path):
            os.chmod(path, 0o700)
    for folder, folders, files in os.walk(path):
        # Windows refuses to remove a read-only file; elsewhere only the folder's mode matters.
        for name in folders + (files if sys.platform == "win32" else []):
            entry = os.path.join(folder, name)
            with suppress(OSError):
                if not os.path.islink(entry):
                    os.chmod(entry, 0o700)


def clone_file(source: str, destination: str, mode: int) -> None:
    """Make `destination` a copy-on-write twin of `source`; it must not exist yet.

    Raises `OSError` where the file systems or the platform know no clones; nothing is left behind then.
    """
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 -- POSIX only

        with _new_file(destination, mode) as target:
            origin = os.open(source, os.O_RDONLY)
            try:
                fcntl.ioctl(target, _FICLONE, origin)
            finally:
                os.close(origin)
    elif sys.platform == "darwin":
        _clone_on_macos(source, destination)
        os.chmod(destination, mode)
    else:
        raise OSError(errno.ENOTSUP, "no copy-on-write clones on this platform", source, None, destination)


def _clone_on_macos(source: str, destination: str) -> None:
    import ctypes  # noqa: PLC0415 -- macOS only

    library = ctypes.CDLL(None, use_errno=True)
    if library.clonefile(os.fsencode(source), os.fsencode(destination), 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), source, None, destination)


def copy_file(source: str, destination: str, mode: int) -> None:
    """Copy the bytes of `source` to `destination`, which must not exist yet; nothing is left behind on failure."""
    with _new_file(destination, mode) as target:
        origin = os.open(source, os.O_RDONLY | _BINARY)
        try:
            while piece := os.read(origin, PIECE):
                write_fully(target, piece)
        finally:
            os.close(origin)


@contextmanager
def _new_file(path: str, mode: int) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
    try:
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = path  # calls on descriptors know no name
        with suppress(OSError):
            os.unlink(path)
        raise
