"""Text written by others, cleaned before anything prints it: one line, no control characters, bounded."""

from __future__ import annotations

LONGEST_LINE = 300
"""Characters of a summary or a reason that are kept."""
_ELLIPSIS = "…"


def cleaned(text: object, longest: int = LONGEST_LINE) -> str:
    """Give back `text` as one printable line of at most `longest` characters; '' for what is no text.

    Everything that `str.isprintable` denies goes: control characters, bidirectional and zero-width marks, line
    separators, lone surrogates, unassigned code points. White space of any kind becomes one space.
    """
    if not isinstance(text, str):
        return ""
    head = text[: longest * 4]  # what is far too long is not worth being looked at whole
    if not (head.isascii() and head.isprintable() and "  " not in head):
        spaced = "".join(" " if character.isspace() else character for character in head)
        head = " ".join("".join(character for character in spaced if character.isprintable()).split())
    head = head.strip()
    return head if len(head) <= longest else head[: longest - 1].rstrip() + _ELLIPSIS
