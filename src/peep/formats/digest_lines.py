"""Lines `HEX  FILENAME`, as sha256sum prints them: an archive by its digest, with its name for people."""

from __future__ import annotations

import re

from peep.dataclass import dataclass

_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<filename>[^/\\]{1,255})")


class NotADigestLine(ValueError):
    """A text that is no line of this form; its message says what is expected."""


@dataclass(frozen=True, slots=True, order=True)
class DigestLine:
    """One archive. The digest says which it is; `filename` is for people, and no two lines are equal by it alone."""

    sha256: str
    """64 lower-case hexadecimal digits."""
    filename: str
    """Without folders; every character prints."""

    def __str__(self) -> str:
        return f"{self.sha256}  {self.filename}"


def digest_line(text: str) -> DigestLine:
    """Read one line, without a line feed. Raises `NotADigestLine` for anything that sha256sum would write otherwise.

    Escaped names (a leading backslash) and binary mode (`HEX *FILENAME`) are not taken: one archive, one spelling.
    """
    found = _LINE.fullmatch(text)
    if found is None or not text.isprintable() or found["filename"].strip() in {"", ".", ".."}:
        raise NotADigestLine("is not of the form SHA256  FILENAME (64 lower-case hex digits, two spaces, a file name)")
    return DigestLine(found["sha256"], found["filename"])
