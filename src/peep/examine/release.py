"""Opened archives of one release: every content by its sha256, read when it is asked for."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import BinaryIO

from peep.archives.sdist import SdistContents, SdistEntry, open_sdist
from peep.archives.wheel import OpenWheel, PlainWheel, open_wheel
from peep.archives.zip_reader import LARGEST_CHUNK
from peep.dataclass import NamedTuple, dataclass
from peep.errors import ArchiveError
from peep.model import WheelEntry

LARGEST_FILE = 1 << 26
"""Bytes of one file that are looked into; of a larger one only its first bytes and its digest are known."""
HEAD = 512
"""Bytes at a file's beginning by which its format is known."""
_MOST_KEPT = 1 << 26


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file of an archive. `path` is below the top folder of an sdist, and the member's name in a wheel."""

    path: str
    sha256: str
    size: int
    """Bytes."""
    head: bytes
    """The first `HEAD` bytes."""
    is_executable: bool


@dataclass(frozen=True, slots=True)
class ReleaseArchive:
    """One opened archive: its files by path."""

    filename: str
    is_wheel: bool
    files: Mapping[str, ReleaseFile]
    warnings: tuple[str, ...]
    dist_info: str = ""
    is_pure: bool = False
    """A wheel whose tags say `none-any`."""


class Release:
    """The archives of one release. `main_wheel` is the one that is compared, `other_wheels` only with it.

    Keep it open while contents are read: nothing is held in memory but what was read last.
    """

    def __init__(self, earlier: Release | None = None) -> None:
        """`earlier`: another release of the project, open as long as this one; what is packed as in it is known."""
        self.sdist: ReleaseArchive | None = None
        self.main_wheel: ReleaseArchive | None = None
        self.other_wheels: tuple[ReleaseArchive, ...] = ()
        self.sdist_tar: io.BytesIO | None = None
        """The decompressed sdist, where it was a compressed tar file."""
        self._readers: dict[str, Callable[[], bytes]] = {}
        self._packed: dict[str, _Packed] = {}
        self._known: Mapping[str, _Packed] = earlier._packed if earlier is not None else {}  # noqa: SLF001 - its own
        self._kept: dict[str, bytes] = {}
        self._kept_size = 0
        self._closing = ExitStack()

    def __enter__(self) -> Release:  # noqa: PYI034 - typing.Self is of 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def archives(self) -> tuple[ReleaseArchive, ...]:
        return tuple(one for one in (self.main_wheel, *self.other_wheels, self.sdist) if one is not None)

    def content(self, sha256: str) -> bytes:
        """The whole content that has this digest; files above `LARGEST_FILE` give their first bytes only."""
        kept = self._kept.get(sha256)
        if kept is not None:
            return kept
        content = self._readers[sha256]()
        if self._kept_size + len(content) > _MOST_KEPT:
            self._kept.clear()
            self._kept_size = 0
        self._kept[sha256] = content
        self._kept_size += len(content)
        return content

    def add_wheel(self, filename: str, file: BinaryIO, *, is_main: bool) -> None:
        """Open a wheel. What its RECORD has wrong becomes a warning; raises `ArchiveError` for all else."""
        try:
            wheel, files = self._scanned_wheel(PlainWheel(filename, file), allow_record_mismatch=False)
        except ArchiveError:
            wheel, files = self._scanned_wheel(PlainWheel(filename, file), allow_record_mismatch=True)
        for entry in wheel.entries:
            found = files[entry.path]
            self._packed[found.sha256] = _Packed(wheel, entry, found)
            self._readers.setdefault(found.sha256, _wheel_reader(wheel, entry, found))
        is_pure = all(tag.endswith("-none-any") for tag in wheel.identity.tags)
        opened = ReleaseArchive(filename, True, _sorted(files), wheel.warnings, wheel.identity.dist_info, is_pure)  # noqa: FBT003
        if is_main:
            self.main_wheel = opened
        else:
            self.other_wheels = (*self.other_wheels, opened)

    def add_sdist(self, filename: str, file: BinaryIO) -> None:
        """Open a source archive. Raises `ArchiveError`, also for a second one."""
        if self.sdist is not None:
            raise ArchiveError(filename, [f"is a second source archive beside {self.sdist.filename}"])
        unpacked = io.BytesIO()
        contents = self._closing.enter_context(open_sdist(_Plain(filename, file), scratch=lambda: unpacked))
        self.sdist_tar = unpacked if unpacked.tell() else None  # asking for its buffer would copy it
        files = {}
        for entry in contents.entries:
            found = _scanned(entry.path, contents.chunks(entry), is_executable=entry.is_executable, size=entry.size)
            files[entry.path] = found
            self._readers[found.sha256] = _sdist_reader(contents, entry, found)  # no member of a wheel is read faster
        self.sdist = ReleaseArchive(filename, False, _sorted(files), contents.warnings)  # noqa: FBT003

    def _scanned_wheel(
        self, plain: PlainWheel, *, allow_record_mismatch: bool
    ) -> tuple[OpenWheel, dict[str, ReleaseFile]]:
        wheel = open_wheel(plain, allow_record_mismatch=allow_record_mismatch)
        return wheel, {entry.path: self._scanned_entry(wheel, entry) for entry in wheel.archive_order()}

    def _scanned_entry(self, wheel: OpenWheel, entry: WheelEntry) -> ReleaseFile:
        """As `_scanned`; a small file whose digest RECORD states was hashed by the reader, which compared the two."""
        known = self._known.get(entry.sha256)
        if known is not None and wheel.repeats(entry, known.wheel, known.entry):
            head = known.file.head
        elif entry.sha256 and entry.size <= LARGEST_CHUNK:
            head = wheel.small(entry)[:HEAD]
        else:
            return _scanned(entry.path, wheel.chunks(entry), is_executable=entry.is_executable, size=entry.size)
        return ReleaseFile(entry.path, entry.sha256, entry.size, head, entry.is_executable)


class _Packed(NamedTuple):
    """A file of a wheel with the place where it is packed."""

    wheel: OpenWheel
    entry: WheelEntry
    file: ReleaseFile


@dataclass(frozen=True, slots=True)
class _Plain:
    filename: str
    file: BinaryIO


def _sorted(files: Mapping[str, ReleaseFile]) -> dict[str, ReleaseFile]:
    return dict(sorted(files.items()))


def _scanned(path: str, chunks: Iterable[bytes], *, is_executable: bool, size: int) -> ReleaseFile:
    pieces = iter(chunks)
    first = next(pieces, b"")
    hasher = hashlib.sha256(first)
    head = first[:HEAD]
    for piece in pieces:
        hasher.update(piece)
        if len(head) < HEAD:
            head += piece[: HEAD - len(head)]
    return ReleaseFile(path, hasher.hexdigest(), size, head, is_executable)


def _wheel_reader(wheel: OpenWheel, entry: WheelEntry, found: ReleaseFile) -> Callable[[], bytes]:
    return lambda: found.head if found.size > LARGEST_FILE else b"".join(wheel.chunks(entry))


def _sdist_reader(contents: SdistContents, entry: SdistEntry, found: ReleaseFile) -> Callable[[], bytes]:
    return lambda: found.head if found.size > LARGEST_FILE else b"".join(contents.chunks(entry))
