"""ZIP end records and central directory, with all that their headers state (APPNOTE 4.3).

Source: PKWARE APPNOTE 6.3.10, sections 4.3.12 to 4.3.16 (records), 4.4 (fields), appendix D (names); what is refused
beyond it: THREATS section 1.
"""

from __future__ import annotations

import struct

from peep.archives.random_access import ReadAt
from peep.archives.zip_extra import unicode_path_problem, zip64_values
from peep.dataclass import NamedTuple
from peep.formats.member_names import printable

STORED = 0
DEFLATED = 8
_METHODS = (STORED, DEFLATED)
MOST_MEMBERS = 500_000
LARGEST_DIRECTORY = 1 << 28
"""Bytes."""

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
CENTRAL = struct.Struct("<L6H3L5H2L")
_ALL16 = 0xFFFF
_ALL32 = 0xFFFFFFFF
_LONGEST_COMMENT = 0xFFFF
_FLAG_UTF8 = 0x0800
_KNOWN_FLAGS = 0x080E  # deflate's two speed hints, descriptor, UTF-8
_NEWEST_VERSION = 45  # 4.5: ZIP64; anything above asks for another compression or encryption
KIND_MASK = 0xF000
KIND_LINK = 0xA000
_KIND_FOLDER = 0x4000
_ORDINARY_KINDS = (0x0000, 0x8000)
_FILE_KINDS = (*_ORDINARY_KINDS, KIND_LINK)
_FOLDER_KINDS = (0x0000, 0x4000)
_DOS_FOLDER = 0x10


class NotAZip(Exception):
    """There is no table of contents to speak of; the text says what is in its place."""


class EndRecords(NamedTuple):
    """Where the central directory lies, in bytes, and how many members it lists."""

    members: int
    directory_size: int
    directory_offset: int


class CentralEntry(NamedTuple):
    """One header of the central directory, its ZIP64 values already in their places."""

    raw_name: bytes
    name: str
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    header_offset: int
    mode: int
    usual_local: bytes | None
    """How the local header ends (from its flags on) where it has no extra fields and agrees in every byte.

    None where 32 bits do not hold a size: the local header then needs a ZIP64 field of its own.
    """


def read_ends(read: ReadAt, size: int) -> EndRecords:
    tail_size = min(size, _END.size + _LONGEST_COMMENT)
    tail_start = size - min(size, _END.size)
    tail = read(tail_start, _END.size)
    if not (tail.startswith(b"PK\5\6") and tail.endswith(b"\0\0")):
        tail_start = size - tail_size
        tail = read(tail_start, tail_size)
    position = tail.rfind(b"PK\5\6")
    if position < 0 or len(tail) - position < _END.size:
        raise NotAZip("is not a ZIP file: it has no end-of-central-directory record")
    _, disk, directory_disk, here, count, directory_size, offset, comment_size = _END.unpack_from(tail, position)
    comment = tail[position + _END.size :]
    if len(comment) != comment_size:
        raise NotAZip(
            f"has {len(comment)} bytes after its end-of-central-directory record, which announces {comment_size}"
        )
    if not comment.isascii() or not comment.decode("ascii").isprintable():
        raise NotAZip("has an archive comment that is not plain text")
    end_offset = tail_start + position
    if disk not in (0, _ALL16) or directory_disk not in (0, _ALL16):
        raise NotAZip("is one part of a multi-volume archive")
    plain = (here, count, directory_size, offset)
    locator = read(max(0, end_offset - _LOCATOR.size), _LOCATOR.size) if end_offset >= _LOCATOR.size else b""
    if locator.startswith(b"PK\6\7"):
        ends = _read_zip64_ends(read, locator, end_offset - _LOCATOR.size, plain)
        end_offset -= _LOCATOR.size + _END64.size
    elif here != count or disk or directory_disk or count == _ALL16 or _ALL32 in (directory_size, offset):
        raise NotAZip("announces ZIP64 end records, or several volumes, and has no ZIP64 locator")
    else:
        ends = EndRecords(count, directory_size, offset)
    _check_ends(ends, end_offset)
    return ends


def _read_zip64_ends(read: ReadAt, locator: bytes, locator_offset: int, plain: tuple[int, ...]) -> EndRecords:
    _, record_disk, record_offset, disks = _LOCATOR.unpack(locator)
    if record_disk or disks != 1:  # libarchive reads the plain records where the ZIP64 ones name no single volume
        raise NotAZip(f"has a ZIP64 locator for volume {record_disk} of {disks}, where there is one")
    if record_offset != locator_offset - _END64.size:
        raise NotAZip(
            f"has a ZIP64 locator that points to offset {record_offset}, not to the ZIP64 end record right before it"
        )
    record = _END64.unpack(read(record_offset, _END64.size))
    signature, record_size, _, _, disk, directory_disk, here, count, directory_size, offset = record
    if signature != b"PK\6\6":
        raise NotAZip(f"has no ZIP64 end record at offset {record_offset}, where its locator says")
    if record_size != _END64.size - 12:
        raise NotAZip("has a ZIP64 end record with extensible data, which readers skip differently")
    if disk or directory_disk or here != count:
        raise NotAZip("is one part of a multi-volume archive")
    limits = (_ALL16, _ALL16, _ALL32, _ALL32)
    for stated, exact, limit in zip(plain, (here, count, directory_size, offset), limits, strict=True):
        if stated not in (exact, limit):
            raise NotAZip(f"has end records that disagree: {stated} in the plain one, {exact} in the ZIP64 one")
    return EndRecords(count, directory_size, offset)


def _check_ends(ends: EndRecords, end_offset: int) -> None:
    if ends.directory_offset + ends.directory_size != end_offset:
        raise NotAZip(
            f"has a central directory from offset {ends.directory_offset} to "
            f"{ends.directory_offset + ends.directory_size}, and its end records begin at {end_offset}"
        )
    if ends.members > MOST_MEMBERS:
        raise NotAZip(f"has {ends.members} members; the limit is {MOST_MEMBERS}")
    if ends.directory_size > LARGEST_DIRECTORY:
        raise NotAZip(f"has a central directory of {ends.directory_size} bytes; the limit is {LARGEST_DIRECTORY}")
    if ends.members * CENTRAL.size > ends.directory_size:
        raise NotAZip(f"announces {ends.members} members, more than its central directory can hold")


def read_directory(
    directory: bytes, count: int, problems: list[str], unreadable: list[tuple[str, str]]
) -> list[CentralEntry]:
    entries: list[CentralEntry] = []
    position = 0
    unpack, fixed = CENTRAL.unpack_from, CENTRAL.size
    while position < len(directory):
        if len(directory) - position < fixed or not directory.startswith(b"PK\1\2", position):
            raise NotAZip(f"has something else than a header {position} bytes into its central directory")
        fields = unpack(directory, position)
        name_size, extra_size, comment_size = fields[10], fields[11], fields[12]
        name_start = position + fixed
        extra_start = name_start + name_size
        raw_name = directory[name_start:extra_start]
        usual_local = directory[position + 8 : position + 30] + b"\0\0" + raw_name
        position = extra_start + extra_size + comment_size
        if position > len(directory):
            raise NotAZip("has a central directory whose last header is cut off")
        if _is_ordinary(fields, raw_name):
            method, crc, packed, size, offset = fields[4], fields[7], fields[8], fields[9], fields[16]
            name, mode = raw_name.decode("ascii"), fields[15] >> 16
            entries.append(CentralEntry(raw_name, name, 0, method, crc, packed, size, offset, mode, usual_local))
        else:
            extra = directory[extra_start : extra_start + extra_size]
            entries.append(_central_entry(fields, raw_name, extra, usual_local, problems, unreadable))
    if len(entries) != count:
        raise NotAZip(f"announces {count} members and lists {len(entries)}")
    return entries


def _is_ordinary(fields: tuple[int, ...], raw_name: bytes) -> bool:
    """Whether a header is like nearly all, so that nothing is to be said of it; the others are looked at."""
    _, _, version, flags, method, _, _, _, packed, size, _, extra_size, comment_size, disk, _, attributes, offset = (
        fields
    )
    return (
        not (flags | extra_size | comment_size | disk)
        and version <= _NEWEST_VERSION
        and (method == DEFLATED or (method == STORED and size == packed))
        and size < _ALL32 > packed
        and offset < _ALL32
        and (attributes >> 16) & KIND_MASK in _ORDINARY_KINDS
        and not attributes & _DOS_FOLDER
        and raw_name.isascii()
        and not raw_name.endswith(b"/")
    )


def _central_entry(
    fields: tuple[int, ...],
    raw_name: bytes,
    extra: bytes,
    usual_local: bytes,
    problems: list[str],
    unreadable: list[tuple[str, str]],
) -> CentralEntry:
    _, made_by, version, flags, method, _, _, crc, compressed_size, size = fields[:10]
    comment_size, disk, _, attributes, offset = fields[12:]
    name = _decode_name(raw_name, flags, problems)
    needs_zip64 = _ALL32 in (size, compressed_size)
    if extra or needs_zip64 or offset == _ALL32:
        values, reason, lie = zip64_values(extra, (size, compressed_size, offset), is_central=True)
        size, compressed_size, offset = values
        reason = reason or unicode_path_problem(extra, raw_name)
        if reason:
            problems.append(f"{printable(name)}: {reason}")
        if lie:
            unreadable.append((name, lie))
    if flags & ~_KNOWN_FLAGS or method not in _METHODS or comment_size or disk or version & 0xFF > _NEWEST_VERSION:
        problems.append(f"{printable(name)}: {_refused_feature(flags, method, comment_size, version)}")
    mode = attributes >> 16
    if mode & KIND_MASK not in _FILE_KINDS or name.endswith("/") or attributes & _DOS_FOLDER:
        reason = _kind_problem(name, mode & KIND_MASK, size, bool(attributes & _DOS_FOLDER and not made_by >> 8))
        if reason:
            problems.append(f"{printable(name)}: {reason}")
    if method == STORED and size != compressed_size:
        unreadable.append((name, f"is stored in {compressed_size} bytes and states a size of {size}"))
    usual = None if needs_zip64 else usual_local
    return CentralEntry(raw_name, name, flags, method, crc, compressed_size, size, offset, mode, usual)


def _decode_name(raw_name: bytes, flags: int, problems: list[str]) -> str:
    """APPNOTE appendix D: UTF-8 with flag bit 11, else IBM code page 437, on which readers disagree beyond ASCII."""
    if raw_name.isascii():
        return raw_name.decode("ascii")
    try:
        name = raw_name.decode("utf-8")
    except UnicodeDecodeError:
        name = raw_name.decode("utf-8", "surrogateescape")
        problems.append(f"{printable(name)}: has a name that is not UTF-8")
        return name
    if not flags & _FLAG_UTF8:
        problems.append(f"{printable(name)}: has a name outside ASCII without saying that it is UTF-8")
    return name


def _refused_feature(flags: int, method: int, comment_size: int, version: int) -> str:
    if flags & ~_KNOWN_FLAGS:
        return f"is encrypted or uses another unsupported feature (flags {flags:#06x})"
    if method not in _METHODS:
        return f"is compressed with method {method}; wheels use 0 (stored) or 8 (deflate)"
    if comment_size:
        return "has a comment in the central directory"
    if version & 0xFF > _NEWEST_VERSION:
        return f"asks for version {version & 0xFF} of the ZIP format"
    return "lies on another volume of a multi-volume archive"


def _kind_problem(name: str, kind: int, size: int, says_folder: bool) -> str | None:
    if name.endswith("/"):
        if kind not in _FOLDER_KINDS:
            return "has the name of a folder and the mode of something else"
        return f"is a folder with {size} bytes of content" if size else None
    if kind == _KIND_FOLDER or says_folder:
        return "has the name of a file and the mode of a folder"
    return None if kind in _FILE_KINDS else f"is no file: a device or another kind (mode {kind:#o})"


def duplicate_problems(entries: list[CentralEntry]) -> list[str]:
    seen: set[str] = set()
    problems = []
    for entry in entries:
        if entry.name in seen:
            problems.append(f"{printable(entry.name)}: is listed twice in the central directory")
        seen.add(entry.name)
    return problems
