"""ZIP files byte by byte, with every field open to lies.

Options of a member: `method` (0 stored, the default; 8 deflated), `mode` (octal Unix mode), `flags`, `version`, `extra`
(hex), `crc`, `size`, `csize`; each alone changes both headers, with `local.` or `central.` before it that one only. So
do `local.name`, `central.name`, `local.signature` (hex), and, for the central one, `disk`, `comment`, `attributes`,
`offset`. `only=local` and `only=central` write one header. `descriptor=good|bad|none|bare|wide` sets
the flag and writes that kind of descriptor. `raw` (hex) takes the place of the compressed content. `gap` (hex): bytes
after the member.

Options of the end: `prefix`, `suffix`, `comment` (escaped text or hex with `hex:`), `count`, `directory_size`,
`directory_offset`, `disk`, `twice=yes`, `zip64=yes`, `zip64.offset`, `zip64.extensible` (hex), `zip64.count`,
`zip64.signature` (hex), `zip64.disks`, `gap` (hex, between the directory and the end records).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

_Member = tuple[bytes, bytes, Mapping[str, str]]
_DEFLATED = 8
_DESCRIPTOR_FLAG = 8
_DEFAULT_MODE = 0o100644
_FOLDER_MODE = 0o40755


def build_zip(members: Sequence[_Member], end: Mapping[str, str]) -> bytes:
    """The bytes of a ZIP file with these members and this end."""
    body = bytearray(_bytes(end.get("prefix", "")))
    directory = bytearray()
    count = 0
    for name, content, options in members:
        local, central = _headers(name, content, options, len(body))
        if options.get("only") != "central":
            body += local
        if options.get("only") != "local":
            directory += central
            count += 1
        body += bytes.fromhex(options.get("gap", ""))
    offset = len(body)
    tail = _end_records(end, count, len(directory), offset)
    return bytes(body + directory + tail)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[4:]) if text.startswith("hex:") else text.encode("latin-1")


def _number(options: Mapping[str, str], side: str, key: str, default: int) -> int:
    return int(options.get(f"{side}.{key}", options.get(key, str(default))), 0)


def _headers(name: bytes, content: bytes, options: Mapping[str, str], offset: int) -> tuple[bytes, bytes]:
    method = int(options.get("method", "0"), 0)
    data = _compressed(content, method)
    if "raw" in options:
        data = bytes.fromhex(options["raw"])
    facts = {"crc": zlib.crc32(content), "csize": len(data), "size": len(content), "method": method}
    descriptor = _descriptor(options, facts)
    local_facts = dict(facts)
    if "descriptor" in options:
        local_facts.update(crc=0, csize=0, size=0)
    local_name, local_fields, local_extra = _common(name, options, "local", local_facts)
    central_name, central_fields, central_extra = _common(name, options, "central", facts)
    local = struct.pack("<4s", bytes.fromhex(options.get("local.signature", "504b0304"))) + local_fields
    local += struct.pack("<2H", len(local_name), len(local_extra)) + local_name + local_extra + data + descriptor
    comment = _bytes(options.get("comment", ""))
    mode = int(options.get("mode", oct(_FOLDER_MODE if name.endswith(b"/") else _DEFAULT_MODE)), 8)
    attributes = int(options.get("attributes", str(mode << 16)), 0)
    central = b"PK\1\2" + struct.pack("<H", 0x0314) + central_fields
    central += struct.pack("<3H", len(central_name), len(central_extra), len(comment))
    central += struct.pack(
        "<2H2L", int(options.get("disk", "0")), 0, attributes, int(options.get("offset", str(offset)), 0)
    )
    return local, central + central_name + central_extra + comment


def _compressed(content: bytes, method: int) -> bytes:
    if method != _DEFLATED:
        return content
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


def _common(name: bytes, options: Mapping[str, str], side: str, facts: Mapping[str, int]) -> tuple[bytes, bytes, bytes]:
    if f"{side}.name" in options:
        name = _bytes(options[f"{side}.name"])
    flags = _DESCRIPTOR_FLAG if "descriptor" in options else 0
    if not name.isascii():
        flags |= 0x0800
    fields = struct.pack(
        "<5H3L",
        _number(options, side, "version", 20),
        _number(options, side, "flags", flags),
        _number(options, side, "method", facts["method"]),
        0,
        0x21,
        *(_number(options, side, key, facts[key]) for key in ("crc", "csize", "size")),
    )
    extra = bytes.fromhex(options.get(f"{side}.extra", options.get("extra", "")))
    return name, fields, extra


def _descriptor(options: Mapping[str, str], facts: Mapping[str, int]) -> bytes:
    kind = options.get("descriptor", "none")
    values = (facts["crc"], facts["csize"], facts["size"])
    if kind == "none":
        return b""
    if kind == "bad":
        return struct.pack("<4s3L", b"PK\7\x08", values[0] ^ 1, *values[1:])
    if kind == "bare":
        return struct.pack("<3L", *values)
    return struct.pack("<4s3L" if kind == "good" else "<4sL2Q", b"PK\7\x08", *values)


def _end_records(end: Mapping[str, str], count: int, size: int, offset: int) -> bytes:
    def number(key: str, default: int) -> int:
        return int(end.get(key, str(default)), 0)

    gap = bytes.fromhex(end.get("gap", ""))
    records = gap
    if end.get("zip64") == "yes":
        extensible = bytes.fromhex(end.get("zip64.extensible", ""))
        many = number("zip64.count", count)
        signature = bytes.fromhex(end.get("zip64.signature", "504b0606"))
        values = (44 + len(extensible), 45, 45, 0, 0, many, many, size, offset)
        records += signature + struct.pack("<Q2H2L4Q", *values) + extensible
        place, disks = number("zip64.offset", offset + size + len(gap)), number("zip64.disks", 1)
        records += b"PK\6\7" + struct.pack("<LQL", 0, place, disks)
    comment = _bytes(end.get("comment", ""))
    listed = number("count", count)
    plain = (number("directory_size", size), number("directory_offset", offset))
    disk = number("disk", 0)
    last = b"PK\5\6" + struct.pack("<4H2LH", disk, disk, listed, listed, *plain, len(comment)) + comment
    if end.get("twice") == "yes":
        last += last
    return records + last + _bytes(end.get("suffix", ""))
