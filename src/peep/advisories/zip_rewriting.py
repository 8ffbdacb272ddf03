"""Zip of records with some replaced: the others are copied as they are packed.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16. Same members give the same bytes: they stand in
the order of their names and have no times.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from peep.archives.zip_local import ZipMember
from peep.dataclass import NamedTuple

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_VERSION = 20
_VERSION64 = 45
_DATE = 33  # 1 January 1980, the first day that MS-DOS knows
_DEFLATED = 8
_ALL16 = 0xFFFF
_ALL32 = 0xFFFFFFFF


class PackedMember(NamedTuple):
    """A member as it is stored: `content` compressed by `method`."""

    name: str
    method: int
    crc: int
    size: int
    content: bytes


def packed(name: str, content: bytes) -> PackedMember:
    """A member made of its content."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return PackedMember(
        name, _DEFLATED, zlib.crc32(content), len(content), deflater.compress(content) + deflater.flush()
    )


def rewrite_zip(old: BinaryIO, kept: Iterable[ZipMember], changed: Mapping[str, bytes], new: BinaryIO) -> None:
    """Write a zip of the `kept` members of `old`, and of `changed` (content by name) in place of those of its names.

    Names must be ASCII. Raises OSError.
    """
    stays = {member.name: member for member in kept if member.name not in changed}
    directory: list[bytes] = []
    offset = 0
    for name in sorted({*stays, *changed}):
        member = packed(name, changed[name]) if name in changed else _copied(old, stays[name])
        raw = name.encode("ascii")
        facts = (0, member.method, 0, _DATE, member.crc, len(member.content), member.size, len(raw), 0)
        new.write(_LOCAL.pack(b"PK\3\4", _VERSION, *facts) + raw + member.content)
        head = _CENTRAL.pack(b"PK\1\2", _VERSION, _VERSION, *facts, 0, 0, 0, 0, offset)
        directory.append(head + raw)
        offset += _LOCAL.size + len(raw) + len(member.content)
    packed_directory = b"".join(directory)
    new.write(packed_directory + _ends(len(directory), len(packed_directory), offset))


def _copied(old: BinaryIO, member: ZipMember) -> PackedMember:
    old.seek(member.content_offset)
    content = old.read(member.compressed_size)
    return PackedMember(member.name, member.method, member.crc, member.size, content)


def _ends(count: int, size: int, offset: int) -> bytes:
    """The end records, those of ZIP64 for many members; offsets stay below 4 GiB, for so do snapshots."""
    if count < _ALL16:
        return _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)
    end = offset + size
    record = _END64.pack(b"PK\6\6", _END64.size - 12, _VERSION64, _VERSION64, 0, 0, count, count, size, offset)
    locator = _LOCATOR.pack(b"PK\6\7", 0, end, 1)
    return record + locator + _END.pack(b"PK\5\6", 0, 0, _ALL16, _ALL16, size, offset, 0)
