"""Strict reader of source archives (sdists): a tree of plain files, checked before any is written.

Source: source distribution format (PEP 625 names, one top folder, PKG-INFO); core metadata 2.2 (PEP 643); THREATS
section 3. Reading runs no code of the archive.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from peep.archives.compression import MAGIC, Malformed, decompressed, has_zip_ending, temporary_file
from peep.archives.random_access import ReadAt, file_size, read_at
from peep.archives.source_members import FILE, FOLDER, PlainTree, SourceMember, plain_tree
from peep.archives.tar_reader import read_tar, tar_chunks
from peep.archives.zip_directory import KIND_LINK, KIND_MASK
from peep.archives.zip_reader import open_zip
from peep.dataclass import dataclass
from peep.errors import ArchiveError
from peep.formats.member_names import printable
from peep.formats.names import SDIST_COMPRESSIONS
from peep.formats.wheel_metadata import check_core_metadata

if TYPE_CHECKING:
    from peep.archives.sdist_metadata import SdistMetadata

_LARGEST_READ = 1 << 24
_EXECUTABLE = 0o111
DEFAULT_MTIME = 315_532_800
"""1980-01-01T00:00:00Z in seconds: the oldest time that a ZIP file can hold, so that wheels can be made of the tree."""


class SourceArchive(Protocol):
    """What `open_sdist` needs of an archive; `VerifiedArchive` has it."""

    @property
    def filename(self) -> str: ...

    @property
    def file(self) -> BinaryIO: ...


@dataclass(frozen=True, slots=True)
class SdistEntry:
    """One file of the tree; `path` is relative to the top folder, `size` in bytes."""

    path: str
    size: int
    is_executable: bool


Chunks = Callable[[SourceMember], Iterator[bytes]]
NewFile = Callable[[], Any]
"""Makes a binary file that can be written, read and sought."""


class SdistContents:
    """A source archive that is safe to unpack. Close it (or use it in `with`) to let go of its temporary file."""

    def __init__(self, filename: str, tree: PlainTree, chunks: Chunks, closing: ExitStack) -> None:
        self.filename = filename
        self.warnings = tree.warnings
        self.top_folder = _top_folder(tree)
        """The one folder that holds everything, '' when there is none (as in some archives made of repositories)."""
        strip = len(self.top_folder) + 1 if self.top_folder else 0
        self._members = {path[strip:]: member for path, member in sorted(tree.files.items())}
        self._folders = sorted(folder[strip:] for folder in tree.folders if len(folder) > strip)
        self._chunks = chunks
        self._closing = closing
        self.entries = tuple(
            SdistEntry(path, member.size, bool(member.mode & _EXECUTABLE)) for path, member in self._members.items()
        )
        """Every file, links already replaced by what they point to, sorted by path; no folders."""

    def __enter__(self) -> SdistContents:  # noqa: PYI034 - typing.Self is of 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closing.close()

    def chunks(self, entry: SdistEntry) -> Iterator[bytes]:
        """Yield the content in pieces below 128 KiB. Raises `ArchiveError` when it is not as the archive states."""
        return self._chunks(self._members[entry.path])

    def read(self, path: str) -> bytes | None:
        """A whole small file by its path below the top folder, or None. Raises `ArchiveError` above 16 MiB."""
        member = self._members.get(path)
        if member is None:
            return None
        if member.size > _LARGEST_READ:
            raise ArchiveError(self.filename, [f"{path}: is {member.size} bytes; the limit is {_LARGEST_READ}"])
        return b"".join(self._chunks(member))

    def static_metadata(self) -> SdistMetadata | None:
        """What the archive says of itself without running code; None when only its build backend knows."""
        from peep.archives.sdist_metadata import read_static_metadata  # noqa: PLC0415 - who compares never asks

        return read_static_metadata(self.read("PKG-INFO"), self.read("pyproject.toml"))

    def extract_to(self, folder: str) -> None:
        """Write the tree, without its top folder, into `folder`, which exists, is empty and is nobody else's.

        Owners, times and modes of the archive count for nothing: folders get 755, files 644 or 755, everything
        `DEFAULT_MTIME`. Raises `ArchiveError` or `OSError`; `folder` is then good for nothing.
        """
        for path in self._folders:
            os.mkdir(os.path.join(folder, *path.split("/")), 0o755)
        for path, member in self._members.items():
            target = os.path.join(folder, *path.split("/"))
            _write(target, self._chunks(member), 0o755 if member.mode & _EXECUTABLE else 0o644)
        for path in [*reversed(self._folders), ""]:
            target = os.path.join(folder, *path.split("/")) if path else folder
            os.chmod(target, 0o755)  # noqa: S103 - the modes of any unpacked tree
            os.utime(target, (DEFAULT_MTIME, DEFAULT_MTIME))


def open_sdist(
    archive: SourceArchive,
    *,
    name: str | None = None,
    version: str | None = None,
    from_index: bool = False,
    scratch: NewFile = temporary_file,
) -> SdistContents:
    """Check a source archive and open it.

    `name` (normalised) and `version`: what PKG-INFO must say, where given. `from_index`: it goes by the rules of
    source distributions, one top folder with a PKG-INFO; archives of repositories need neither. `scratch` makes the
    file that a compressed archive is unpacked into: `io.BytesIO` where nothing may be written.

    Raises `ArchiveError` with all problems.
    """
    closing = ExitStack()
    try:
        contents, problems = _opened(archive, closing, scratch)
        if not problems:
            problems = _identity_problems(contents, name, version, from_index=from_index)
        _raise_for(archive.filename, problems)
    except BaseException as error:
        closing.close()
        if isinstance(error, Malformed):
            _raise_for(archive.filename, [str(error)])
        raise
    return contents


def _raise_for(filename: str, problems: list[str]) -> None:
    if problems:
        raise ArchiveError(filename, problems)


def _opened(archive: SourceArchive, closing: ExitStack, scratch: NewFile) -> tuple[SdistContents, list[str]]:
    members, problems, chunks = _members(archive, closing, scratch)
    tree = plain_tree(members, portable=os.name == "nt")
    return SdistContents(archive.filename, tree, chunks, closing), [*problems, *tree.problems]


def _members(
    archive: SourceArchive, closing: ExitStack, scratch: NewFile
) -> tuple[list[SourceMember], list[str], Chunks]:
    lowered = archive.filename.lower()
    kinds = [kind for suffix, kind in SDIST_COMPRESSIONS.items() if lowered.endswith(suffix)]
    if not kinds:
        raise Malformed(f"its file name ends in none of {', '.join(SDIST_COMPRESSIONS)}")
    read, size = read_at(archive.file), file_size(archive.file)
    kind = kinds[0]
    head = read(0, 512)
    _check_format(head, kind, read, size)
    if kind == "zip":
        return _zip_members(archive)
    if kind:
        unpacked = closing.enter_context(decompressed(read, size, kind, scratch))
        read, size = read_at(unpacked), file_size(unpacked)
    return _tar_members(read, size)


def _check_format(head: bytes, kind: str, read: ReadAt, size: int) -> None:
    """The file name decides what an archive is; one that could be read as something else too is refused (T14, Z18)."""
    found = next((other for other, magic in MAGIC.items() if head.startswith(magic)), "")
    if kind and found != kind:
        really = f"begins like a {found} file" if found else f"does not begin like a {kind} file"
        raise Malformed(f"{really}, and its name says otherwise")
    if kind != "zip" and has_zip_ending(read, size):
        raise Malformed("is a ZIP file as well as what its name says")


def _tar_members(read: ReadAt, size: int) -> tuple[list[SourceMember], list[str], Chunks]:
    listed, problems = read_tar(read, size)
    members = [
        SourceMember(member.name, member.kind, member.size, member.mode, member.link, key)
        for key, member in enumerate(listed)
    ]
    return members, problems, lambda member: tar_chunks(read, listed[member.key])


def _zip_members(archive: SourceArchive) -> tuple[list[SourceMember], list[str], Chunks]:
    opened = open_zip(archive.file, archive.filename)
    problems = list(opened.problems)
    problems += [f"{printable(name)}: {reason}" for name, reason in opened.unreadable.items()]
    # Python's zipfile, and so pip, makes a file of a link that holds the target's name; others make a link (Z15).
    problems += [
        f"{printable(member.name)}: is a symbolic link in a ZIP file, which pip unpacks as a file and others as a link"
        for member in opened.members
        if member.mode & KIND_MASK == KIND_LINK
    ]
    members = [
        SourceMember(member.name, FOLDER if member.name.endswith("/") else FILE, member.size, member.mode, "", key)
        for key, member in enumerate(opened.members)
    ]
    return members, problems, lambda member: opened.chunks(opened.members[member.key])


def _top_folder(tree: PlainTree) -> str:
    tops = {path.partition("/")[0] for path in (*tree.files, *tree.folders)}
    return tops.pop() if len(tops) == 1 and not tops & tree.files.keys() else ""


def _identity_problems(
    contents: SdistContents, name: str | None, version: str | None, *, from_index: bool
) -> list[str]:
    if not contents.entries:
        return ["holds no files"]
    if from_index and not contents.top_folder:
        return ["does not have exactly one top folder, as source distributions do"]
    information = contents.read("PKG-INFO")
    if information is None:
        return (
            ["has no PKG-INFO in its top folder; a repository's archive is listed by URL: NAME @ URL"]
            if from_index
            else []
        )
    if name is None or version is None:
        return []
    return check_core_metadata(information, "PKG-INFO", name, version, of_source=True)


def _write(path: str, chunks: Iterator[bytes], mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.writelines(chunks)
    os.chmod(path, mode)
    os.utime(path, (DEFAULT_MTIME, DEFAULT_MTIME))
