"""Text for screens: counts, sizes, escaped control characters, wrapped lines; closed streams.

File names, index answers and requirement lines are written by others; a terminal would obey escape sequences in them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

TERMINAL_WIDTH = 80
"""Columns: reports never grow wider, however wide the terminal is."""


def redact_text(text: str) -> str:
    """Replace user names and passwords of all URLs in `text`, also of those that are refused as ambiguous."""
    if ":" not in text:
        return text
    from peep.formats.url_secrets import redacted_in  # noqa: PLC0415 - 2 ms, when there may be a URL

    return redacted_in(text)


def redact_result(text: str) -> str:
    """The same for what programs read as well, where nothing else may change."""
    if ":" not in text:
        return text
    from peep.formats.url_secrets import redacted_in_result  # noqa: PLC0415 - as above

    return redacted_in_result(text)


def escape_controls(text: str) -> str:
    """Give back `text` with every character that a terminal may obey or hide spelled as a Python escape.

    Control characters, bidirectional and zero-width marks, line separators, lone surrogates: all that `str.isprintable`
    denies, except line feeds.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character == "\n" or character.isprintable()
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def wrap(text: str, width: int | None, indent: str = "") -> str:
    """Break one paragraph into lines of at most `width` columns, each begun with `indent`; None: do not break.

    Words are never broken, at hyphens either: a hash that is cut in two can't be pasted. Text that fits stays as it is.
    """
    if width is None or len(indent) + len(text) <= width:
        return indent + text
    lines: list[str] = []
    line = indent
    for word in text.split():
        is_first = line == indent
        if not is_first and len(line) + 1 + len(word) > width:
            lines.append(line)
            line, is_first = indent, True
        line += word if is_first else " " + word
    return "\n".join([*lines, line])


def size_text(count: int) -> str:
    """Bytes as people read them: `999 bytes`, `1.2 kB`, `3.4 MB` (powers of 1000)."""
    if count < 1000:  # noqa: PLR2004 - one kB
        return f"{count} byte" if count == 1 else f"{count} bytes"
    size, unit = count / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if size < 999.95:  # noqa: PLR2004 - rounds to 1000.0
            break
        size, unit = size / 1000, larger
    return f"{size:.1f} {unit}"


def counted(count: int, noun: str) -> str:
    """Such as `1 file`, `2 files`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def fold_width(stream: TextIO) -> int | None:
    """Columns to fold texts for `stream` at: `TERMINAL_WIDTH` on a terminal, None (no folding) for files and pipes."""
    try:
        return TERMINAL_WIDTH if stream.isatty() else None
    except ValueError:  # closed
        return None


def can_move_cursor(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that obeys escape sequences: not one whose TERM is `dumb`, such as an editor's."""
    return fold_width(stream) is not None and os.environ.get("TERM") not in {"dumb", "unknown"}


def is_at_terminal() -> bool:
    """Whether a person can be asked: standard input and output are a terminal."""
    return all(stream is not None and fold_width(stream) is not None for stream in (sys.stdin, sys.stdout))


def silence(stream: TextIO) -> None:
    """Let a stream that takes nothing any more lead nowhere, with what it still holds: else that fails once again."""
    with contextlib.suppress(OSError, ValueError):
        descriptor = stream.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, descriptor)
        os.close(null)
