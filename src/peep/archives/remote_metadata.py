"""METADATA of a wheel that stays where it is, read by byte ranges through the strict reader's rules.

Sources: RFC 9110, section 14 (ranges); PKWARE APPNOTE 4.3.7, 4.3.12 to 4.3.16. What is read here chooses versions and
nothing else: no digest covers it. Only the end of the file and the one member are fetched.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from peep.archives.zip_directory import CentralEntry, NotAZip, duplicate_problems, read_directory, read_ends
from peep.archives.zip_local import ZipMember, read_member_header
from peep.archives.zip_reader import ZipReader, open_zip
from peep.archives.zip_structure import ZipTable
from peep.errors import ArchiveError, TransportError
from peep.formats.core_metadata import LARGEST_METADATA
from peep.formats.member_names import printable
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import IndexFile

_TAIL = 64 * 1024
"""Bytes from the end that are asked for first: the directory of most wheels, and often METADATA itself."""
_HEADER = 1024
"""Bytes allowed for a member's local header."""
_LARGEST_RANGE = 16 * 1024 * 1024
_PARTIAL = 206
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.IGNORECASE | re.ASCII)
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")


class RangesRefused(Exception):
    """The server sends no ranges, or another file than the one whose size is known: the whole has to be fetched."""


def read_remote_metadata(file: IndexFile, transport: Transport) -> bytes:
    """Read METADATA of a wheel by ranges.

    Raises `RangesRefused` where that can't be done (no size known, no ranges served), `TransportError` when the
    answers don't come, and `ArchiveError` for a table of contents that readers could read differently.
    """
    if file.size is None or not file.url.lower().startswith(("http:", "https:")):
        raise RangesRefused
    remote = _RangedFile(file, file.size, transport)
    try:
        entry = _metadata_entry(file, remote)
        member = _member(file, entry, remote)
    except NotAZip as error:
        raise ArchiveError(file.filename, [str(error)]) from None
    reader = ZipReader(file.filename, remote.fetched, ZipTable((member,), ()), file.size)
    return reader.whole(member)


class _RangedFile:
    """The parts of a remote file that were fetched; implements `random_access.ReadAt` over them."""

    def __init__(self, file: IndexFile, size: int, transport: Transport) -> None:
        self._file = file
        self._size = size
        self._transport = transport
        self._parts: list[tuple[int, bytes]] = []

    def read(self, offset: int, count: int) -> bytes:
        """Give back `count` bytes at `offset`, fewer where the file ends."""
        count = max(0, min(count, self._size - offset))
        known = self.fetched(offset, count)
        if len(known) < count:
            self.fetch(offset, count)
            known = self.fetched(offset, count)
        return known

    def fetched(self, offset: int, count: int) -> bytes:
        """Give back what was fetched already; nothing where that isn't all of it."""
        for start, data in self._parts:
            if start <= offset and offset + count <= start + len(data):
                return data[offset - start : offset - start + count]
        return b""

    def fetch(self, offset: int, count: int) -> None:
        """Fetch one range. Raises `RangesRefused` for any answer but exactly that part of a file of that size."""
        if count > _LARGEST_RANGE:
            raise NotAZip(f"asks for {count} bytes of table of contents; the limit is {_LARGEST_RANGE}")
        last = offset + count - 1
        headers = {"Range": f"bytes={offset}-{last}", "Accept-Encoding": "identity"}
        with self._transport.get(self._file.url, headers) as response:
            stated = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
            if response.status != _PARTIAL or stated is None:
                raise RangesRefused
            if tuple(map(int, stated.groups())) != (offset, last, self._size):
                raise RangesRefused
            data = response.read(count)
        if len(data) != count:
            raise TransportError(redacted(self._file.url), f"{len(data)} bytes came where {count} were announced")
        self._parts.append((offset, data))


def _metadata_entry(file: IndexFile, remote: _RangedFile) -> CentralEntry:
    """Find METADATA in the central directory, which must be free of faults as far as it can be seen."""
    size = file.size or 0
    first = max(0, size - _TAIL)
    remote.fetch(first, size - first)
    ends = read_ends(remote.read, size)
    directory = remote.read(ends.directory_offset, ends.directory_size)
    problems: list[str] = []
    unreadable: list[tuple[str, str]] = []
    entries = read_directory(directory, ends.members, problems, unreadable)
    problems += duplicate_problems(entries)
    problems += (f"{printable(name)}: {reason}" for name, reason in unreadable)
    found = [entry for entry in entries if _METADATA.fullmatch(entry.name)]
    if len(found) != 1:
        problems.append(f"has {len(found)} files called METADATA in a .dist-info folder, not one")
    elif found[0].size > LARGEST_METADATA:
        problems.append(f"METADATA is {found[0].size} bytes; the limit is {LARGEST_METADATA}")
    if problems:
        raise ArchiveError(file.filename, problems)
    return found[0]


def _member(file: IndexFile, entry: CentralEntry, remote: _RangedFile) -> ZipMember:
    """Compare the member's own header with the directory's, fetching both with its content at once."""
    wanted = entry.compressed_size + len(entry.raw_name) + _HEADER
    count = min(wanted, (file.size or 0) - entry.header_offset)
    if count <= 0:
        raise NotAZip(f"has METADATA at offset {entry.header_offset}, beyond its end")
    remote.read(entry.header_offset, count)
    member, problems = read_member_header(remote.read, entry)
    if problems or member is None:
        raise ArchiveError(file.filename, [f"{printable(entry.name)}: {reason}" for reason in problems])
    return member


def metadata_of_wheel(body: BinaryIO, filename: str) -> bytes:
    """Read METADATA of a wheel that is here whole. Raises `ArchiveError`."""
    reader = open_zip(body, filename)
    found = [one for one in reader.members if one.name.endswith(".dist-info/METADATA") and one.name.count("/") == 1]
    if reader.problems or reader.unreadable or len(found) != 1:
        problems = [*reader.problems, *reader.unreadable.values()]
        raise ArchiveError(filename, problems or [f"has {len(found)} files called METADATA, not one"])
    if found[0].size > LARGEST_METADATA:
        raise ArchiveError(filename, [f"METADATA is {found[0].size} bytes; the limit is {LARGEST_METADATA}"])
    return reader.whole(found[0])
