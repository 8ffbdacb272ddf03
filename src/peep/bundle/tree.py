"""A bundle's files wherever they lie: a folder or a tar, listed and read by path."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Protocol, cast

from peep.archives.compression import Malformed
from peep.archives.random_access import ReadAt, file_size, read_at
from peep.archives.source_members import FILE
from peep.archives.tar_reader import TarMember, read_tar
from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.member_names import collision_problems, name_problems
from peep.reporting import Reporter
from peep.system.files import ToldAs, regular_only

PREFIX = "bundle/"
"""What every name in a tar begins with, so that it unpacks into one folder."""
DELTA_PREFIX = "bundle-delta/"
_KINDS = {
    PREFIX: ("is a bundle, where a delta is wanted", "peep bundle diff OLD NEW -o DELTA.tar makes one"),
    DELTA_PREFIX: ("is a delta, and no whole bundle", "peep bundle apply FOLDER DELTA.tar brings it to its base"),
}


class UnreadableBundle(PeepError):
    """A bundle that cannot be opened at all, or a tar that holds what none may hold."""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One name in a bundle: `path` from its root, `size` in bytes."""

    path: str
    size: int
    is_file: bool
    """A plain file; not a link, a device, an empty folder."""
    is_folder: bool = False
    """An empty one; others show by what is in them."""


class FileSource(Protocol):
    """Files by their path in a bundle. Nothing of what is read has been vouched for."""

    @property
    def label(self) -> str:
        """The path that the user gave, for messages."""

    def open(self, path: str) -> BinaryIO:
        """A file to be read. Raises `OSError` where there is none."""


class BundleTree(FileSource, Protocol):
    """A whole bundle, whose files can be listed, too."""

    def entries(self) -> Iterator[TreeEntry]:
        """Everything that lies there, in no particular order. Raises `UnreadableBundle`."""


class FilesTree:
    """Files to be put into a bundle, by their path in it: bytes, or the place on disk where they lie."""

    def __init__(self, files: Mapping[str, bytes | str], label: str = "") -> None:
        self._files = files
        self.label = label

    def open(self, path: str) -> BinaryIO:
        content = self._files.get(path)
        if content is None:
            raise FileNotFoundError(2, "is not there", path)
        return io.BytesIO(content) if isinstance(content, bytes) else open(content, "rb")


@dataclass(frozen=True, slots=True)
class CountedTree:
    """A bundle each of whose files is counted when it is opened, for whoever waits."""

    tree: BundleTree
    reporter: Reporter
    what: str
    """Of what the files are counted, a plural: `files compared`."""

    @property
    def label(self) -> str:
        return self.tree.label

    def entries(self) -> Iterator[TreeEntry]:
        return self.tree.entries()

    def open(self, path: str) -> BinaryIO:
        self.reporter.worked(self.what)
        return self.tree.open(path)


@dataclass(frozen=True, slots=True)
class FolderTree:
    """A bundle as a plain folder."""

    label: str

    def entries(self) -> Iterator[TreeEntry]:
        try:
            yield from self._below("")
        except OSError as error:
            reason = error.strerror or error
            raise UnreadableBundle(f"{error.filename or self.label}: cannot be read: {reason}") from error

    def _below(self, folder: str) -> Iterator[TreeEntry]:
        with os.scandir(os.path.join(self.label, folder) if folder else self.label) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        if folder and not entries:
            yield TreeEntry(folder, 0, is_file=False, is_folder=True)
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(path)
            else:
                status = entry.stat(follow_symlinks=False)
                yield TreeEntry(path, status.st_size, stat.S_ISREG(status.st_mode))

    def open(self, path: str) -> BinaryIO:
        return open(os.path.join(self.label, *path.split("/")), "rb", opener=regular_only)


class TarTree:
    """A bundle as a tar that `pack` wrote, read where it lies; to be closed."""

    def __init__(self, path: str, prefix: str = PREFIX) -> None:
        """Read the list of members. Raises `UnreadableBundle` for what is no such tar, however it is broken."""
        self._label = path
        self._prefix = prefix
        with ToldAs(UnreadableBundle, f"{path}: cannot be read"):
            self._file = cast("BinaryIO", open(path, "rb", opener=regular_only))  # noqa: SIM115 - closed by `close`
        self._read = read_at(self._file)
        try:
            self._members = self._listed()
        except BaseException:
            self._file.close()
            raise

    @property
    def label(self) -> str:
        return self._label

    def _listed(self) -> dict[str, TarMember]:
        try:
            members, problems = read_tar(self._read, file_size(self._file))
        except Malformed as error:
            raise UnreadableBundle(f"{self._label}: {error}") from None
        names = [member.name for member in members]
        for prefix, told in _KINDS.items():
            if prefix != self._prefix and names and all(name.startswith(prefix) for name in names):
                raise UnreadableBundle(f"{self._label}: {told[0]}", told[1])
        problems += name_problems(names) + collision_problems(names)
        problems += [f"{member.name}: is no plain file" for member in members if member.kind != FILE]
        problems += [f"{name}: is not below {self._prefix}" for name in names if not name.startswith(self._prefix)]
        if problems:
            raise UnreadableBundle(f"{self._label}: is no bundle: {'; '.join(problems[:5])}")
        return {member.name.removeprefix(self._prefix): member for member in members}

    def entries(self) -> Iterator[TreeEntry]:
        return (TreeEntry(path, member.size, is_file=True) for path, member in self._members.items())

    def open(self, path: str) -> BinaryIO:
        member = self._members.get(path)
        if member is None:
            raise FileNotFoundError(2, "the tar holds no such file", path)
        return cast("BinaryIO", io.BufferedReader(_Part(self._read, member.offset, member.size), 1 << 16))

    def close(self) -> None:
        self._file.close()


class _Part(io.RawIOBase):
    """A part of a file as a file; several may be read at once."""

    def __init__(self, read: ReadAt, start: int, size: int) -> None:
        super().__init__()
        self._read, self._start, self._size = read, start, size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # typeshed: any writable buffer
        count = max(0, min(len(buffer), self._size - self._position))
        data = self._read(self._start + self._position, count) if count else b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
