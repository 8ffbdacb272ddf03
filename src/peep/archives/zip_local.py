"""ZIP local headers, compared with the central directory, every byte between them accounted for.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.9 (data descriptor); THREATS Z4, Z5, Z7, Z10.
"""

from __future__ import annotations

import struct

from peep.archives.random_access import ForwardWindow, ReadAt
from peep.archives.zip_directory import DEFLATED, CentralEntry
from peep.archives.zip_extra import has_zip64_field, unicode_path_problem, zip64_values
from peep.dataclass import NamedTuple
from peep.formats.member_names import printable

_LOCAL = struct.Struct("<L5H3L2H")
_LOCAL_SIGNATURE = 0x04034B50
_DESCRIPTOR = struct.Struct("<4s3L")
_DESCRIPTOR64 = struct.Struct("<4sL2Q")
FLAG_DESCRIPTOR = 0x0008


class ZipMember(NamedTuple):
    """One entry, after its two headers were compared. Offsets and sizes in bytes."""

    name: str
    method: int
    crc: int
    compressed_size: int
    size: int
    content_offset: int
    mode: int
    """Unix permission bits and kind as the archive states them; 0 where it states none."""


def compare_local_headers(
    read: ReadAt, entries: list[CentralEntry], directory_offset: int, problems: list[str]
) -> list[ZipMember]:
    """Walk the file from its first byte to the central directory; each entry must begin where the last one ended."""
    window = ForwardWindow(read)
    members: list[ZipMember] = []
    expected = 0
    for entry in entries:
        raw_name, name, flags, method, crc, compressed_size, size, start, mode, usual = entry
        if start != expected:
            problems.append(_gap(name, start, expected))
        wanted = _LOCAL.size + len(raw_name)
        position = window.locate(start, wanted)
        if start + wanted > directory_offset or len(window.data) - position < wanted:
            problems.append(f"{printable(name)}: has no local header at offset {start}, where it should be")
            return members
        header = window.data[position : position + wanted]
        content, trailing = start + wanted, 0
        # What nearly every header is, without extra fields, is compared at once; it says the same in the same bytes.
        if usual is None or not header.endswith(usual) or not header.startswith(b"PK\3\4") or flags & FLAG_DESCRIPTOR:
            content, trailing, reasons = _inspect(read, entry, header)
            problems.extend(f"{printable(name)}: {reason}" for reason in reasons)
        expected = content + compressed_size + trailing
        members.append(ZipMember(name, method, crc, compressed_size, size, content, mode))
    if expected != directory_offset:
        problems.append(_gap("the central directory", directory_offset, expected))
    return members


def read_member_header(read: ReadAt, entry: CentralEntry) -> tuple[ZipMember | None, list[str]]:
    """Compare one entry's local header with the central directory, for a file of which not everything is there.

    Gives back the member, None where there is no header, and what is wrong with it.
    """
    header = read(entry.header_offset, _LOCAL.size)
    if len(header) < _LOCAL.size:
        return None, [f"has no local header at offset {entry.header_offset}, where it should be"]
    content, _, reasons = _inspect(read, entry, header)
    member = ZipMember(entry.name, entry.method, entry.crc, entry.compressed_size, entry.size, content, entry.mode)
    return member, reasons


def _read_descriptor(read: ReadAt, offset: int, entry: CentralEntry, *, is_zip64: bool) -> tuple[int, str | None]:
    """Read the data descriptor (APPNOTE 4.3.9) at `offset`: its length in bytes, and what is wrong with it.

    It must begin with its signature and repeat the central directory exactly; and the content must be deflated, for
    only then does a reader that goes forward find the end of the content where the central directory puts it. Its sizes
    have eight bytes if the local header has a ZIP64 field, else four (APPNOTE 4.3.9.2): so readers know where it ends.
    """
    if entry.method != DEFLATED:
        return 0, "has a data descriptor after content whose end only the central directory knows"
    if not entry.compressed_size:  # nothing, deflated, takes two bytes; the descriptor would be inflated for it
        return 0, "has a data descriptor and no deflated content, which would say where it ends"
    wanted = (b"PK\7\x08", entry.crc, entry.compressed_size, entry.size)
    form = _DESCRIPTOR64 if is_zip64 else _DESCRIPTOR
    data = read(offset, form.size)
    if len(data) == form.size and form.unpack(data) == wanted:
        return form.size, None
    return 0, "has a data descriptor that does not repeat what the central directory says"


def _inspect(read: ReadAt, entry: CentralEntry, header: bytes) -> tuple[int, int, list[str]]:
    """Where the content begins, how many bytes of a descriptor follow it, and in what the two headers differ."""
    fields = _LOCAL.unpack_from(header)
    flags, name_size, extra_size = fields[2], fields[9], fields[10]
    name_start = entry.header_offset + _LOCAL.size
    raw_name = read(name_start, name_size)
    extra = read(name_start + name_size, extra_size)
    reasons = _local_differences(entry, fields, raw_name, extra)
    content = name_start + name_size + extra_size
    if not flags & entry.flags & FLAG_DESCRIPTOR:
        return content, 0, reasons
    is_zip64 = has_zip64_field(extra)
    trailing, reason = _read_descriptor(read, content + entry.compressed_size, entry, is_zip64=is_zip64)
    return content, trailing, [*reasons, reason] if reason else reasons


def _gap(name: str, start: int, expected: int) -> str:
    if start > expected:
        return f"{start - expected} bytes at offset {expected}, before {printable(name)}, belong to no listed member"
    return f"{printable(name)} begins at offset {start}, inside the member before it, which ends at {expected}"


def _local_differences(entry: CentralEntry, fields: tuple[int, ...], raw_name: bytes, extra: bytes) -> list[str]:
    signature, _, flags, method, _, _, crc, compressed_size, size, name_size, _ = fields
    if signature != _LOCAL_SIGNATURE:
        return ["has no local header where the central directory says"]
    (size, compressed_size, _), reason, _ = zip64_values(extra, (size, compressed_size, 0), is_central=False)
    reasons = [reason] if reason else []
    if raw_name != entry.raw_name or name_size != len(entry.raw_name):
        other = printable(raw_name.decode("utf-8", "surrogateescape"))
        reasons.append(f"has another name in its local header: {other}")
    pairs: tuple[tuple[str, int, int], ...] = (
        ("flags", flags, entry.flags),
        ("compression method", method, entry.method),
        ("CRC", crc, entry.crc),
        ("compressed size", compressed_size, entry.compressed_size),
        ("size", size, entry.size),
    )
    if flags & entry.flags & FLAG_DESCRIPTOR and (crc, compressed_size, size) == (0, 0, 0):
        pairs = pairs[:2]
    reasons += [
        f"{what} is {here} in its local header and {there} in the central directory"
        for what, here, there in pairs
        if here != there
    ]
    second_name = unicode_path_problem(extra, raw_name) if not reason else None
    return [*reasons, second_name] if second_name else reasons
