"""Link modes: clone, hard link or copy of one stored file, and the fallback order."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from enum import Enum

from peep.model import StoredFile, StoredWheel
from peep.system.files import clone_file, copy_file

_HAS_FOLDER_DESCRIPTORS = {os.stat, os.link} <= os.supports_dir_fd
_CAN_REFUSE_SYMLINKS = os.link in os.supports_follow_symlinks

_NOT_SUPPORTED = {errno.EOPNOTSUPP, errno.ENOTSUP, errno.EXDEV, errno.ENOSYS, errno.EPERM}


class LinkMode(Enum):
    """How a stored file gets into an environment; the values are those of `--link-mode`."""

    AUTO = "auto"
    """Clone, else hard link, else copy: found out with the first file."""
    CLONE = "clone"
    HARDLINK = "hardlink"
    COPY = "copy"


_UNABLE = {
    # Linux answers ENOTTY or EINVAL where a file system has never heard of clones.
    LinkMode.CLONE: _NOT_SUPPORTED | {errno.ENOTTY, errno.EINVAL},
    # EPERM: no hard links on this file system, or (Linux, protected_hardlinks) none to another user's file.
    # Windows says EINVAL for file systems without hard links, and for a file that has 1,023 names already.
    LinkMode.HARDLINK: _NOT_SUPPORTED | {errno.EACCES, errno.EINVAL},
    LinkMode.COPY: set[int](),
}
_NEXT = {LinkMode.CLONE: LinkMode.HARDLINK, LinkMode.HARDLINK: LinkMode.COPY}


class Source:
    """The folder of a wheel's files, opened once so that the system need not walk down to it for each of them."""

    def __init__(self, folder: str, descriptor: int | None) -> None:
        self.folder = folder
        self.descriptor = descriptor

    def stat(self, name: str) -> os.stat_result:
        """`lstat` of a file of the wheel."""
        if self.descriptor is None:
            return os.lstat(os.path.join(self.folder, name))
        return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)

    def link(self, name: str, destination: str) -> None:
        if self.descriptor is None or not _CAN_REFUSE_SYMLINKS:
            os.link(os.path.join(self.folder, name), destination)
        else:
            os.link(name, destination, src_dir_fd=self.descriptor, follow_symlinks=False)

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)


def open_source(wheel: StoredWheel) -> Source:
    """Open the files of a wheel, to be closed by the caller. Raises `OSError` when the wheel is gone."""
    return Source(wheel.root, os.open(wheel.root, os.O_RDONLY) if _HAS_FOLDER_DESCRIPTORS else None)


Linker = Callable[[Source, StoredWheel, StoredFile, str], None]


def _hard_link(source: Source, wheel: StoredWheel, file: StoredFile, destination: str) -> None:
    try:
        source.link(file.stored_as, destination)
    except OSError as error:
        # Some file systems allow 1,023 names of one file, or 65,000; one copy more does no harm.
        if error.errno != errno.EMLINK:
            raise
        _copy(source, wheel, file, destination)


def _clone(source: Source, wheel: StoredWheel, file: StoredFile, destination: str) -> None:
    clone_file(os.path.join(source.folder, file.stored_as), destination, _mode(file))
    os.utime(destination, ns=(wheel.mtime_ns, wheel.mtime_ns))


def _copy(source: Source, wheel: StoredWheel, file: StoredFile, destination: str) -> None:
    copy_file(os.path.join(source.folder, file.stored_as), destination, _mode(file))
    os.utime(destination, ns=(wheel.mtime_ns, wheel.mtime_ns))


def _mode(file: StoredFile) -> int:
    """Of a file of its own (the umask narrows it): its edits reach no other environment, so it may be written to."""
    return 0o755 if file.is_executable else 0o644


LINKERS: dict[LinkMode, Linker] = {LinkMode.CLONE: _clone, LinkMode.HARDLINK: _hard_link, LinkMode.COPY: _copy}


def next_mode(mode: LinkMode, error: OSError) -> LinkMode | None:
    """The mode to fall back to after `error`; None when the error has nothing to do with the mode."""
    return _NEXT[mode] if error.errno in _UNABLE[mode] else None
