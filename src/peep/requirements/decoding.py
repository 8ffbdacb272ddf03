"""Decoding of a requirements file into text and physical lines, without guessing.

Source: pip's documented rules for encodings of requirements files (byte order mark, then a PEP 263 declaration in one
of the first two lines, then UTF-8). Deliberately narrower than pip: what a reviewer's editor and peep could read
differently is refused (THREATS R2, R3, R15).
"""

from __future__ import annotations

import codecs
import re

from peep.dataclass import dataclass
from peep.errors import RequirementsError
from peep.model import Location

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_DECLARATION = rb"coding[:=]\s*([-\w.]+)"

# Encodings in which every ASCII byte means that ASCII character, wherever it stands. Escape-driven ones (utf-7,
# unicode_escape, iso2022, hz, punycode) and EBCDIC pages could show a reviewer one text and an installer another.
_ASCII_COMPATIBLE = r"utf-8|utf-8-sig|ascii|iso8859-\d+|cp125\d|koi8-[rut]|mac-\w+|gb2312|euc_(jp|kr)|tis-620"

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]")

_NAMES = {
    "\x00": "a NUL character",
    "\x0b": "a vertical tab, which some tools take for the end of a line",
    "\x0c": "a form feed, which some tools take for the end of a line",
    "\x1c": "a file separator, which some tools take for the end of a line",
    "\x1d": "a group separator, which some tools take for the end of a line",
    "\x1e": "a record separator, which some tools take for the end of a line",
    "\x85": "the line separator U+0085",
    "\u2028": "the line separator U+2028",
    "\u2029": "the paragraph separator U+2029",
    "\ufeff": "a byte order mark in the middle of the text",
}

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A file's text, and what it takes to write it back as it was: `encoding` and the byte order mark."""

    text: str = ""
    encoding: str = "utf-8"
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """Bytes of `text` in the encoding of the file that this was decoded from."""
        return self.mark + text.encode(self.encoding)


@dataclass(frozen=True, slots=True)
class PhysicalLine:
    """One line as it stands in the file: `number` from 1, `text` without its end, `end` LF, CRLF, CR or ''."""

    number: int
    text: str
    end: str


def decode(content: bytes, path: str) -> DecodedText:
    """Decode the bytes of a requirements file named `path` (for messages).

    Raises `RequirementsError` for bytes that the encoding does not know, an encoding that is unknown or not
    ASCII-compatible, and characters that end lines for some tools only.
    """
    encoding, mark = _encoding_of(content, path)
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = _line_of_byte(content[len(mark) : len(mark) + error.start], encoding)
        raise RequirementsError(
            Location(path, line),
            f"byte 0x{error.object[error.start]:02x} is not valid {encoding}",
            "save the file as UTF-8, or declare its encoding in the first line: # -*- coding: … -*-",
        ) from None
    except LookupError:
        raise RequirementsError(Location(path, 1), f"the encoding {encoding!r} is unknown") from None
    refuse_forbidden_characters(text, path)
    return DecodedText(text, encoding, mark)


def refuse_forbidden_characters(text: str, path: str) -> None:
    """Raise `RequirementsError` for the first control character or Unicode line separator in `text` (THREATS R2)."""
    found = _FORBIDDEN.search(text)
    if found is None:
        return
    character = found.group()
    line = len(re.findall(r"\r\n|\n|\r", text[: found.start()])) + 1
    what = _NAMES.get(character, f"the control character U+{ord(character):04X}")
    raise RequirementsError(Location(path, line), f"the line holds {what}", "remove that character")


def physical_lines(text: str) -> list[PhysicalLine]:
    """Split at LF, CRLF and CR only; joining every `text + end` gives the input back."""
    lines = [PhysicalLine(number, *found.groups()) for number, found in enumerate(_LINE.finditer(text), start=1)]
    if lines and not lines[-1].text and not lines[-1].end:
        lines.pop()
    return lines


def _encoding_of(content: bytes, path: str) -> tuple[str, bytes]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, mark
    if content[:2].count(0) == 1:
        return _wide_encoding(content, path), b""
    for line in content.split(b"\n", 2)[:2]:
        declared = re.search(_DECLARATION, line) if line.startswith(b"#") else None
        if declared:
            return _ascii_compatible(declared.group(1).decode("ascii", "replace"), path), b""
    return "utf-8", b""


def _wide_encoding(content: bytes, path: str) -> str:
    """UTF-16 without a mark counts only when its own first line declares it."""
    encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    head = content[:400].decode(encoding, "replace").encode("ascii", "replace").split(b"\n", 1)[0]
    declared = re.search(_DECLARATION, head) if head.startswith(b"#") else None
    if declared and declared.group(1).lower().replace(b"_", b"-").startswith(b"utf-16"):
        return encoding
    raise RequirementsError(
        Location(path, 1),
        "the file holds NUL characters",
        "if it is UTF-16, save it with a byte order mark; UTF-8 is better",
    )


def _ascii_compatible(name: str, path: str) -> str:
    try:
        encoding = codecs.lookup(name).name
    except (LookupError, UnicodeError):
        raise RequirementsError(Location(path, 1), f"the declared encoding {name!r} is unknown") from None
    if not re.fullmatch(_ASCII_COMPATIBLE, encoding):
        raise RequirementsError(
            Location(path, 1),
            f"the declared encoding {name!r} can make plain text mean something else",
            "save the file as UTF-8",
        )
    return encoding


def _line_of_byte(before: bytes, encoding: str) -> int:
    text = before.decode(encoding, "replace")
    return len(re.findall(r"\r\n|\n|\r", text)) + 1


def line_end(text: str) -> str:
    """Give back how the first line of a text ends; LF where there is none."""
    found = re.search(r"\r\n|\n|\r", text)
    return found.group() if found else "\n"
