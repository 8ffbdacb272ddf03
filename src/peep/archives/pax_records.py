"""Pax extended headers: `LENGTH KEYWORD=VALUE` records about the next member of a tar.

Source: POSIX.1-2017 pax, "pax Extended Header" and "pax Extended Header Keyword Precedence"; the GNU tar manual,
"Extended header keywords"; libarchive's tar(5); THREATS T5 to T8, T17. What some readers interpret and others skip is
refused: then the same bytes hold other files for each.
"""

from __future__ import annotations

import re

from peep.archives.compression import Malformed
from peep.formats.member_names import printable

_NAMED_IN_HEADER = ("path", "linkpath", "size")
_MOST_DIGITS = 20  # of a 64-bit number
_DECIMAL = re.compile(rb"0|[1-9][0-9]{0,18}")
_TIME = re.compile(rb"-?[0-9]{1,12}(?:\.[0-9]{1,18})?")
_NUMBERS = {
    "size": (_DECIMAL, "decimal number"),
    "uid": (re.compile(rb"0|[1-9][0-9]{0,9}"), "decimal number"),
    "gid": (re.compile(rb"0|[1-9][0-9]{0,9}"), "decimal number"),
    "mtime": (_TIME, "time in seconds"),
    "atime": (_TIME, "time in seconds"),
    "ctime": (_TIME, "time in seconds"),
}
_TIME_ALONE = re.compile(rb"([1-9][0-9]) mtime=(" + _TIME.pattern + rb")\n")
_OWNERS = ("uname", "gname")
_HEADER_CHARSET = "hdrcharset"
_UTF8_CHARSETS = (b"ISO-IR 10646 2000 UTF-8", b"UTF-8")
_SPARSE = re.compile(r"GNU\.sparse\..*|SCHILY\.(?:realsize|offset|sparse.*)|SUN\.holesdata")
_OTHER_MEMBER = re.compile(r"GNU\..*|SCHILY\.(?:filetype|volhdr.*|dir|archtype)")


def parse_pax_records(content: bytes) -> dict[str, bytes]:
    """Read a pax extended header: lines of the form `LENGTH KEY=VALUE`. Raises `Malformed` for everything else.

    A keyword may stand there once only, for of two some readers take the first and some the last (T6).
    """
    if not content:
        raise Malformed("has an empty extended header")
    alone = _TIME_ALONE.fullmatch(content)  # all that Python's own tarfile writes for most members
    if alone and int(alone[1]) == len(content):
        return {"mtime": alone[2]}
    records: dict[str, bytes] = {}
    position = 0
    while position < len(content):
        record = _record(content, position)
        raw_key, _, value = record.partition(b" ")[2][:-1].partition(b"=")
        key = _keyword(raw_key)
        if key in records:
            raise Malformed(f"has an extended header that states {printable(key)} twice")
        _check_value(key, value)
        records[key] = value
        position += len(record)
    # Python's tarfile looks for this one anywhere, in the values of others, too.
    if content.count(b" hdrcharset=") > (_HEADER_CHARSET in records):
        raise Malformed("has an extended header that speaks of hdrcharset inside another value")
    return records


def _record(content: bytes, position: int) -> bytes:
    blank = content.find(b" ", position, position + _MOST_DIGITS)
    digits = content[position:blank] if blank > 0 else b""
    if not digits.isdigit() or digits.startswith(b"0"):
        raise Malformed("has an extended header with a record that does not begin with its length")
    end = position + int(digits)
    record = content[blank + 1 : end]
    if end > len(content) or not record.endswith(b"\n") or b"=" not in record:
        raise Malformed("has an extended header with a record that is no KEYWORD=VALUE line of its stated length")
    return content[position:end]


def _keyword(raw: bytes) -> str:
    try:
        key = raw.decode("ascii")
    except UnicodeDecodeError:
        key = ""
    if not key or not key.isprintable():
        raise Malformed("has an extended header with a keyword that is no plain text")
    if _SPARSE.fullmatch(key):
        raise Malformed("has a sparse member, which readers unpack differently")
    if _OTHER_MEMBER.fullmatch(key):
        raise Malformed(f"has an extended header with {key}, which makes another kind of member for some readers")
    return key


def _check_value(key: str, value: bytes) -> None:
    if key == _HEADER_CHARSET and value not in _UTF8_CHARSETS:
        raise Malformed("has an extended header in another character set than UTF-8")
    if key in _NAMED_IN_HEADER and (not value or b"\0" in value):
        raise Malformed(f"has an extended header with an empty {key}, or one with a NUL in it")
    if key in _OWNERS and not _is_utf8(value):
        raise Malformed(f"has an extended header whose {key} is not UTF-8")
    form, what = _NUMBERS.get(key, (None, ""))
    if form and not form.fullmatch(value):
        raise Malformed(f"has an extended header whose {key} is no {what}")


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def check_global_records(records: dict[str, bytes]) -> None:
    """A global header must not name or size every member that follows; Git's holds the commit as a comment (T6)."""
    refused = [key for key in _NAMED_IN_HEADER if key in records]
    if refused:
        raise Malformed(f"has a global header that states the {refused[0]} of all members that follow")
