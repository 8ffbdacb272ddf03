"""Strict ZIP reader, which refuses whatever two readers could read differently.

Not built on `zipfile`, which believes the central directory alone. Contents are inflated by `isal` where that is
installed (several times zlib's speed), else by zlib, with the same results.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from peep.archives.inflating import INFLATE_ERRORS, RAW, crc32, crc32_running, new_inflater
from peep.archives.random_access import ReadAt, file_size, read_at
from peep.archives.zip_directory import DEFLATED, NotAZip
from peep.archives.zip_local import ZipMember
from peep.archives.zip_structure import ZipTable, read_zip_table
from peep.errors import ArchiveError
from peep.formats.member_names import printable

LARGEST_CHUNK = (1 << 17) - 1
"""Bytes; larger buffers cost a page fault for each page, every time."""
_SLICE = 1 << 15
"""Compressed bytes given to the inflater at once: what it must carry over when its output is full stays this small."""
_RATIO_MATTERS_ABOVE = 1 << 26
_HIGHEST_RATIO = 100
_LONGEST_NOTHING = 64
"""Bytes that the deflated content of a folder may take: nothing, deflated, is two to five."""


class ZipReader:
    """The members of one ZIP file and their contents; may be used by several threads at once."""

    __slots__ = ("_read", "filename", "members", "problems", "unreadable")

    def __init__(
        self, filename: str, read: ReadAt, table: ZipTable, size: int, largest_member: int | None = None
    ) -> None:
        self.filename = filename
        self._read = read
        self.members: tuple[ZipMember, ...] = table.members
        self.unreadable = dict(table.unreadable)
        bombs = _ratio_problems(table, size, largest_member)
        self.problems: tuple[str, ...] = (*table.problems, *bombs, *self._folder_problems(), *_tar_problems(read))

    def _folder_problems(self) -> list[str]:
        """Z17: what stands in the place of a folder's content must come to nothing, for other readers look at it."""
        problems = []
        for member in self.members:
            if member.name.endswith("/") and not member.size and (member.compressed_size or member.crc):
                if member.compressed_size > _LONGEST_NOTHING:
                    problems.append(f"{printable(member.name)}: is a folder with compressed content")
                    continue
                try:
                    self.whole(member)
                except ArchiveError as error:
                    problems += error.problems
        return problems

    def whole(self, member: ZipMember) -> bytes:
        """Give all of one member at once: meant for those below `LARGEST_CHUNK`.

        Raises `ArchiveError` when its size or CRC is not as stated.
        """
        raw = self._read(member.content_offset, member.compressed_size)
        if member.method == DEFLATED:
            raw = self._inflated(member, raw)
        if len(raw) != member.size or crc32(raw) != member.crc or (self.unreadable and member.name in self.unreadable):
            raise self._refusal(member, len(raw))
        return raw

    def _inflated(self, member: ZipMember, raw: bytes) -> bytes:
        inflater = new_inflater(RAW)
        try:
            # One byte more than stated lets the end of the stream be seen, and a longer stream give itself away (Z11).
            data: bytes = inflater.decompress(raw, member.size + 1)
        except INFLATE_ERRORS as error:
            raise ArchiveError(self.filename, [f"{member.name}: cannot be decompressed: {error}"]) from None
        if inflater.unused_data or (not inflater.eof and len(data) == member.size):
            raise self._unfinished(member)
        if not inflater.eof:
            raise self._refusal(member, len(data))
        return data

    def chunks(self, member: ZipMember) -> Iterator[bytes]:
        """Yield the content of one member in pieces of at most `LARGEST_CHUNK` bytes.

        Raises `ArchiveError` as soon as there is more than stated, and at the end when size or CRC differ.
        """
        if member.name in self.unreadable:
            raise self._refusal(member, member.compressed_size)
        pieces = self._inflated_pieces(member) if member.method == DEFLATED else self._stored_pieces(member)
        count = crc = 0
        for piece in pieces:
            count += len(piece)
            if count > member.size:
                raise self._refusal(member, count)
            crc = crc32_running(piece, crc)
            yield piece
        if count != member.size or crc != member.crc:
            raise self._refusal(member, count)

    def repeats(self, member: ZipMember, other: ZipReader, its: ZipMember) -> bool:
        """Whether a member is packed in the very bytes of another file's member, by the same method.

        Then it holds the same content; and whether that is what the headers state was found out for both with one.
        """
        if self.unreadable or other.unreadable:
            return False
        stated = (member.method, member.crc, member.compressed_size, member.size)
        if stated != (its.method, its.crc, its.compressed_size, its.size):
            return False
        return all(
            self._read(member.content_offset + start, count) == other._read(its.content_offset + start, count)
            for start in range(0, member.compressed_size, LARGEST_CHUNK)
            for count in (min(LARGEST_CHUNK, member.compressed_size - start),)
        )

    def _stored_pieces(self, member: ZipMember) -> Iterator[bytes]:
        end = member.content_offset + member.compressed_size
        for offset in range(member.content_offset, end, LARGEST_CHUNK):
            yield self._read(offset, min(LARGEST_CHUNK, end - offset))

    def _inflated_pieces(self, member: ZipMember) -> Iterator[bytes]:
        inflater = new_inflater(RAW)
        offset = member.content_offset
        end = offset + member.compressed_size
        carried = b""
        try:
            while not inflater.eof and (carried or offset < end):
                if not carried:
                    carried = self._read(offset, min(_SLICE, end - offset))
                    offset += len(carried)
                    if not carried:
                        break
                piece = inflater.decompress(carried, LARGEST_CHUNK)
                carried = inflater.unconsumed_tail  # at most one slice, so the copying stays linear
                if piece:
                    yield piece
            while not inflater.eof and (piece := inflater.decompress(b"", LARGEST_CHUNK)):
                yield piece
        except INFLATE_ERRORS as error:
            raise ArchiveError(self.filename, [f"{member.name}: cannot be decompressed: {error}"]) from None
        if not inflater.eof or inflater.unused_data or offset != end:
            raise self._unfinished(member)

    def _unfinished(self, member: ZipMember) -> ArchiveError:
        problem = f"{member.name}: its compressed data does not end where its headers say"
        return ArchiveError(self.filename, [problem])

    def _refusal(self, member: ZipMember, count: int) -> ArchiveError:
        reason = self.unreadable.get(member.name)
        if reason is None and count != member.size:
            held = f"more than {member.size}" if count > member.size else str(count)
            reason = f"holds {held} bytes where its headers state {member.size}"
        reason = reason or "its content does not match its CRC or its size"
        return ArchiveError(self.filename, [f"{member.name}: {reason}"])


def open_zip(file: BinaryIO, filename: str, largest_member: int | None = None) -> ZipReader:
    """Read the structure of a ZIP file, given as a seekable binary file; `filename` is for messages.

    `largest_member`: bytes beyond which the caller reads no member; such do not make a bomb of the file. `problems` of
    the result holds all that is wrong; nothing should be taken from an archive that has any. Raises
    `ArchiveError` where there is no table of contents to follow.
    """
    read = read_at(file)
    size = file_size(file)
    try:
        table = read_zip_table(read, size)
    except NotAZip as error:
        raise ArchiveError(filename, [str(error)]) from None
    return ZipReader(filename, read, table, size, largest_member)


def _tar_problems(read: ReadAt) -> list[str]:
    """Z18: the magic of a tar header, where a tar reader looks for it."""
    return ["is a tar file as well as a ZIP file"] if read(257, 5) == b"ustar" else []


def _ratio_problems(table: ZipTable, size: int, largest_member: int | None) -> list[str]:
    """Z14: what is stated here is what reading then counts, so that a bomb must announce itself."""
    sizes = [member.size for member in table.members]
    total = sum(one for one in sizes if largest_member is None or one <= largest_member)
    if total > _RATIO_MATTERS_ABOVE and total > size * _HIGHEST_RATIO:
        return [f"unpacks to {total} bytes, more than {_HIGHEST_RATIO} times its own {size}"]
    return []
