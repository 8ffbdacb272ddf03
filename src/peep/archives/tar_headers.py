"""Tar header blocks: numeric fields, names, pax and GNU extended headers (POSIX.1-2001).

Source: POSIX.1-2017 pax, "ustar Interchange Format"; the GNU tar manual, "Basic Tar Format", for its magic, long names
and base-256 numbers; THREATS T10, T17. A field that Python's tarfile, GNU tar or libarchive interprets is checked
even where peep has no use for it: a reader that cannot read an owner ends the archive there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import adler32

from peep.archives.compression import Malformed
from peep.dataclass import NamedTuple

BLOCK = 512
_HALF = BLOCK // 2
_NAME = slice(0, 100)
_MODE_AND_OWNERS = slice(100, 124)
_CHECKSUM = slice(148, 156)
_KIND = slice(156, 157)
_AFTER_CHECKSUM = slice(156, 512)
_LINK = slice(157, 257)
_MAGIC = slice(257, 265)
_DEVICE = slice(329, 345)
_PREFIX = slice(345, 500)
_AFTER_PREFIX = slice(500, 512)
_AFTER_DEVICE = slice(345, 512)
_POSIX = b"ustar\x0000"
_GNU = b"ustar  \x00"
_OLD = b"\0\0\0\0\0\0\0\0"
_EXTENSIONS = (b"x", b"g", b"L", b"K")
_LINKS = (b"1", b"2")

_OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
_USUAL_NUMBERS = re.compile(rb"([0-7]{11})[ \0][0-7]{11}[ \0]([0-7]{6})\0 ")
"""Size, time and checksum as nearly all headers state them."""
_BASE_256 = 0x80
_LARGEST_ID = (1 << 32) - 1
_LARGEST_TIME = (1 << 40) - 1
"""Seconds, some 34,000 years: beyond it Python gives up on setting a file's time, in the middle of unpacking."""
_LARGEST_SIZE = (1 << 63) - 1


class _Field(NamedTuple):
    """A number: where it stands, the greatest that base-256 may state, and of which bytes an empty field, 0, may be."""

    what: str
    place: slice
    largest_binary: int
    empty: bytes


_NULS = b"\0"
_NULS_AND_BLANKS = b"\0 "
"""Nobody reads the device numbers of what is no device; GNU tar takes blanks in the other fields for an error."""
_MODE = _Field("mode", slice(100, 108), 0, _NULS)
_SIZE = _Field("size", slice(124, 136), _LARGEST_SIZE, b"")
_SUM = _Field("checksum", _CHECKSUM, 0, b"")
_TIME = _Field("time", slice(136, 148), _LARGEST_TIME, _NULS)
_OTHERS = (
    _Field("user number", slice(108, 116), _LARGEST_ID, _NULS),
    _Field("group number", slice(116, 124), _LARGEST_ID, _NULS),
    _Field("device number", slice(329, 337), 0, _NULS_AND_BLANKS),
    _Field("device number", slice(337, 345), 0, _NULS_AND_BLANKS),
)


class TarHeader(NamedTuple):
    """One 512-byte header. Sizes in bytes; names as raw bytes, prefix joined."""

    name: bytes
    mode: int
    size: int
    kind: bytes
    """The type flag, one byte as it stands."""
    link: bytes
    name_is_full: bool
    """Whether the name fills its field, so that it may be the beginning of one that an extended header states."""
    link_is_full: bool


def parse_header(block: bytes) -> TarHeader:
    """Read a header block. Raises `Malformed` when its checksum, magic or any field is not as the format asks."""
    return _extension_header(block) if block[_KIND] in _EXTENSIONS else _parsed(block)


@lru_cache(maxsize=64)
def _extension_header(block: bytes) -> TarHeader:
    """A header that says how long the next one's extension is: thousands of members share a few such blocks."""
    return _parsed(block)


def _parsed(block: bytes) -> TarHeader:
    size = _size(block)
    mode = _mode(block[_MODE_AND_OWNERS], block[_DEVICE])
    name = _text(block[_NAME], "name")
    if not name:
        raise Malformed("has a header with an empty name")
    rest = _rest(block[_AFTER_CHECKSUM])
    return TarHeader(
        name=rest.prefix + b"/" + name if rest.prefix else name,
        mode=mode,
        size=size,
        kind=rest.kind,
        link=rest.link,
        name_is_full=b"\0" not in block[_NAME],
        link_is_full=rest.link_is_full,
    )


def _size(block: bytes) -> int:
    """The size that a header states, once its checksum and its time are found to be right."""
    usual = _USUAL_NUMBERS.match(block, _SIZE.place.start)
    stated_sum = int(usual[2], 8) if usual else _number(block, _SUM)
    # Some old readers added signed bytes; a checksum that only they call right is refused.
    if stated_sum != byte_sum(block) - sum(block[_CHECKSUM]) + 8 * 0x20:
        raise Malformed("has a header whose checksum is wrong")
    if usual:
        return int(usual[1], 8)
    _number(block, _TIME)
    return _number(block, _SIZE)


def byte_sum(block: bytes) -> int:
    """The sum of the bytes of a block, added by zlib in C: of 256 bytes it stays below Adler's modulus (RFC 1950)."""
    return (adler32(block[:_HALF]) & 0xFFFF) + (adler32(block[_HALF:]) & 0xFFFF) - 2


class _Rest(NamedTuple):
    """What stands behind the checksum of a header."""

    kind: bytes
    link: bytes
    prefix: bytes
    link_is_full: bool


@lru_cache(maxsize=256)
def _rest(field: bytes) -> _Rest:
    """The part of a header that most members share: kind, link, magic, owners, prefix."""
    block = bytes(_AFTER_CHECKSUM.start) + field
    kind = block[156:157]
    link = _text(block[_LINK], "link name")
    if link and kind not in _LINKS:
        raise Malformed("has a header that states a link's target and is of no link")
    return _Rest(kind, link, _prefix(block), b"\0" not in block[_LINK])


@lru_cache(maxsize=256)
def _mode(mode_and_owners: bytes, device: bytes) -> int:
    """The mode of a header by the numbers which most members share; all of them are checked."""
    block = b"".join((bytes(_MODE_AND_OWNERS.start), mode_and_owners, bytes(_DEVICE.start - 124), device))
    for other in _OTHERS:
        _number(block, other)
    return _number(block, _MODE)


def _prefix(block: bytes) -> bytes:
    """Python's tarfile joins what stands in the place of a prefix whatever the magic, the others do not (T17)."""
    magic = block[_MAGIC]
    if magic not in (_POSIX, _GNU, _OLD):
        raise Malformed("has a header of an unknown tar format")
    rest = block[_AFTER_PREFIX] if magic == _POSIX else block[_AFTER_DEVICE]
    if rest.strip(b"\0"):
        raise Malformed("has a header with something after its last field")
    return _text(block[_PREFIX], "prefix")


def _text(field: bytes, what: str) -> bytes:
    text, _, rest = field.partition(b"\0")
    if rest.strip(b"\0"):
        raise Malformed(f"has a header whose {what} goes on after its end")
    return text


def _number(block: bytes, field: _Field) -> int:
    """An octal number, or GNU's base-256 form where all readers take it.

    Blanks may stand before the digits, blanks and NULs after them. Python's tarfile takes a NUL for the end wherever it
    stands, a sign, a low line and an `0o` for part of the number; GNU tar skips one NUL and reads base-64 after a sign;
    libarchive stops at the first strange byte. Negative numbers are refused, too (CVE-2019-20907 and kin: endless
    loops; T10): of the ways to write one, tarfile reads a single one.
    """
    raw = block[field.place]
    found = _OCTAL.fullmatch(raw)
    if found:
        return int(found[1], 8)
    if not raw.strip(field.empty):
        return 0
    if raw[0] == _BASE_256 and field.largest_binary:
        number = int.from_bytes(raw[1:], "big")
        if number > field.largest_binary:
            raise Malformed(f"has a header whose {field.what} is {number}; the limit is {field.largest_binary}")
        return number
    if raw[0] > _BASE_256:
        raise Malformed(f"has a header with a negative {field.what}")
    shown = ascii(raw.decode("latin-1"))
    raise Malformed(f"has a header whose {field.what} is no octal number that all readers read alike: {shown}")


def owner_numbers(block: bytes) -> tuple[int, int]:
    """Numbers of user and group in a header that `parse_header` accepted."""
    user, group = _OTHERS[:2]
    return _number(block, user), _number(block, group)


def is_extension(header: TarHeader) -> bool:
    """Whether a header stands for the next member and not for one of its own: pax and GNU long names."""
    return header.kind in _EXTENSIONS


def long_text(content: bytes) -> bytes:
    """The content of a GNU long name or long link: text up to a NUL, and nothing but NULs after it."""
    text, _, rest = content.partition(b"\0")
    if not text or rest.strip(b"\0"):
        raise Malformed("has a GNU long name that is empty or goes on after its end")
    return text
