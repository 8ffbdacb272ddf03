"""Tar header blocks: numeric fields, names, pax and GNU extended headers (POSIX.1-2001).

Source: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended Header"; the GNU tar manual, "Basic Tar Format",
for long names and base-256 numbers; THREATS section 3.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from peep.archives.compression import Malformed
from peep.formats.member_names import printable

BLOCK = 512
_CHECKSUM = slice(148, 156)
_MAGIC = slice(257, 265)
_POSIX = b"ustar\x0000"
_GNU = b"ustar  \x00"
_OLD = b"\0\0\0\0\0\0\0\0"
_BASE_256 = 0x80
_NEGATIVE = 0x40
_NAMED_IN_HEADER = ("path", "linkpath", "size")
_MOST_DIGITS = 20  # of a 64-bit number
_DECIMAL = re.compile(rb"0|[1-9][0-9]{0,18}")
_HEADER_CHARSET = "hdrcharset"
_UTF8_CHARSETS = ("ISO-IR 10646 2000 UTF-8", "UTF-8")


class TarHeader(NamedTuple):
    """One 512-byte header. Sizes in bytes; names as raw bytes, prefix joined."""

    name: bytes
    mode: int
    size: int
    kind: bytes
    """The type flag, one byte; NUL (of the oldest tars) given as `0`."""
    link: bytes


def parse_header(block: bytes) -> TarHeader:
    """Read a header block. Raises `Malformed` when its checksum, magic or numbers are not as the format asks."""
    stated = _number(block[_CHECKSUM], "checksum")
    if stated != sum(block) - sum(block[_CHECKSUM]) + 8 * 0x20:
        raise Malformed("has a header whose checksum is wrong")
    magic = block[_MAGIC]
    if magic not in (_POSIX, _GNU, _OLD):
        raise Malformed("has a header of an unknown tar format")
    name = _text(block[:100])
    prefix = _text(block[345:500]) if magic == _POSIX else b""
    kind = block[156:157]
    return TarHeader(
        name=prefix + b"/" + name if prefix else name,
        mode=_number(block[100:108], "mode"),
        size=_number(block[124:136], "size"),
        kind=b"0" if kind == b"\0" else kind,
        link=_text(block[157:257]),
    )


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes, what: str) -> int:
    """An octal number, or GNU's base-256 form; never negative (CVE-2019-20907 and kin: endless loops)."""
    if field[0] & _BASE_256:
        if field[0] & _NEGATIVE:
            raise Malformed(f"has a header with a negative {what}")
        return int.from_bytes(bytes([field[0] & ~_BASE_256]) + field[1:], "big")
    digits = field.strip(b" \0")
    if not digits:
        return 0
    if not all(digit in b"01234567" for digit in digits):
        raise Malformed(f"has a header whose {what} is no octal number")
    return int(digits, 8)


def parse_pax_records(content: bytes) -> dict[str, bytes]:
    """Read a pax extended header: lines of the form `LENGTH KEY=VALUE`. Raises `Malformed` for everything else.

    A keyword may stand there once only, for of two some readers take the first and some the last (T6).
    """
    if not content:
        raise Malformed("has an empty extended header")
    records: dict[str, bytes] = {}
    position = 0
    while position < len(content):
        blank = content.find(b" ", position, position + _MOST_DIGITS)
        digits = content[position:blank] if blank > 0 else b""
        if not digits.isdigit() or digits.startswith(b"0"):
            raise Malformed("has an extended header with a record that does not begin with its length")
        end = position + int(digits)
        record = content[blank + 1 : end]
        if end > len(content) or not record.endswith(b"\n") or b"=" not in record:
            raise Malformed("has an extended header with a record that is no KEYWORD=VALUE line of its stated length")
        raw_key, _, value = record[:-1].partition(b"=")
        key = _keyword(raw_key)
        if key in records:
            raise Malformed(f"has an extended header that states {printable(key)} twice")
        _check_value(key, value)
        records[key] = value
        position = end
    return records


def _keyword(raw: bytes) -> str:
    try:
        key = raw.decode("ascii")
    except UnicodeDecodeError:
        key = ""
    if not key or not key.isprintable():
        raise Malformed("has an extended header with a keyword that is no plain text")
    if key.startswith("GNU.sparse."):
        raise Malformed("has a sparse member, which readers unpack differently")
    return key


def _check_value(key: str, value: bytes) -> None:
    if key == _HEADER_CHARSET and value.decode("ascii", "replace") not in _UTF8_CHARSETS:
        raise Malformed("has an extended header in another character set than UTF-8")
    if key in _NAMED_IN_HEADER and (not value or b"\0" in value):
        raise Malformed(f"has an extended header with an empty {key}, or one with a NUL in it")
    if key == "size" and not _DECIMAL.fullmatch(value):
        raise Malformed("has an extended header whose size is no decimal number")


def check_global_records(records: dict[str, bytes]) -> None:
    """A global header must not name or size every member that follows; Git's holds the commit as a comment (T6)."""
    refused = [key for key in _NAMED_IN_HEADER if key in records]
    if refused:
        raise Malformed(f"has a global header that states the {refused[0]} of all members that follow")


def long_text(content: bytes) -> bytes:
    """The content of a GNU long name or long link: text up to a NUL, and nothing but NULs after it."""
    text, _, rest = content.partition(b"\0")
    if not text or rest.strip(b"\0"):
        raise Malformed("has a GNU long name that is empty or goes on after its end")
    return text
