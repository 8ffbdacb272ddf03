"""Logical lines: continuations joined, comments removed, hash comments kept.

Source: pip's requirements file format, "Line continuations" and "Comments"; the original peep for hash comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from peep.dataclass import dataclass
from peep.requirements.decoding import PhysicalLine

# White space is space and tab: to pip a no-break space is white space as well, but nobody sees it there (THREATS R3).
_COMMENT = r"(?:^|[ \t])#"
_COMMENT_LINE = re.compile(r"[ \t]*#")
_WHITE_SPACE = " \t"


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """What a parser sees as one line, and the physical lines it was made of.

    `content` has neither comment nor surrounding white space ('' for blank and comment lines); `comment` begins with
    `#` ('' when there is none); `fault` says why the line cannot be read safely.
    """

    parts: tuple[PhysicalLine, ...]
    content: str
    comment: str
    fault: str = ""

    @property
    def number(self) -> int:
        """The line where it begins, counted from 1."""
        return self.parts[0].number

    @property
    def text(self) -> str:
        """As it was written, line ends and all."""
        return "".join(part.text + part.end for part in self.parts)

    @property
    def is_comment(self) -> bool:
        return not self.content and bool(self.comment)


def logical_lines(lines: Sequence[PhysicalLine]) -> Iterator[LogicalLine]:
    """Join lines that end in a backslash with what follows them; a comment line ends a join, as in pip."""
    pending: list[PhysicalLine] = []
    for line in lines:
        pending.append(line)
        if line.text.endswith("\\") and not _COMMENT_LINE.match(line.text):
            continue
        yield _joined(pending)
        pending = []
    if pending:
        yield _joined(pending)


def _joined(parts: list[PhysicalLine]) -> LogicalLine:
    if len(parts) == 1:
        text = parts[0].text
        content, comment = split_comment(text.rstrip("\\") if not _COMMENT_LINE.match(text) else text)
        return LogicalLine(tuple(parts), content, comment)
    # A comment line that ends a join must stay a comment even when no white space stands before its `#`.
    pieces = [part.text.rstrip("\\") for part in parts[:-1]]
    last = parts[-1].text
    pieces.append(" " + last if _COMMENT_LINE.match(last) else last.rstrip("\\"))
    content, comment = split_comment("".join(pieces))
    fault = ""
    if any(comment_start(part.text) is not None for part in parts[:-1]):
        fault = "the backslash stands in a comment, so the line that follows is part of that comment"
    return LogicalLine(tuple(parts), content, comment, fault)


def split_comment(text: str) -> tuple[str, str]:
    """Divide at the first `#` that begins the line or follows white space; both halves are stripped."""
    at = comment_start(text)
    if at is None:
        return text.strip(_WHITE_SPACE), ""
    return text[:at].strip(_WHITE_SPACE), text[at:].strip(_WHITE_SPACE)


def comment_start(text: str) -> int | None:
    """Where in `text` a comment's `#` stands, None when there is none."""
    if "#" not in text:  # a plain search is quick, and files are mostly long lines of hashes
        return None
    found = re.search(_COMMENT, text)
    return found.end() - 1 if found else None
