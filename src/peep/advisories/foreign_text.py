"""Text written by others, cleaned before anything prints it: one line, no control characters, bounded."""

from __future__ import annotations

import re

from peep.formats.url_secrets import redacted_start
from peep.formats.visible_text import is_visible, pieces

LONGEST_LINE = 300
"""Characters of a summary or a reason that are kept."""
_ELLIPSIS = "…"
_COMMAND = re.compile(r"\A::|##(?=\[)")


def cleaned(text: object, longest: int = LONGEST_LINE) -> str:
    """Give back `text` as one visible line of at most `longest` characters; '' for what is no text.

    Every character without a shape of its own goes (`formats.visible_text`): control characters, bidirectional and
    zero-width marks, fillers, lone surrogates. White space of any kind becomes one space. Nor is a command for a runner
    of workflows in it, which takes them from any output: `::` at the start of a line, and `##[` anywhere.
    """
    if not isinstance(text, str):
        return ""
    head = redacted_start(text, longest * 4)
    if not is_visible(head) or "  " in head or not head.isascii():
        spaced = "".join(" " if character.isspace() else character for character in head)
        shown = (piece for piece, is_code_point in pieces(spaced) if not is_code_point)
        head = " ".join("".join(shown).split())
    head = _COMMAND.sub(lambda found: " ".join(found.group()), head.strip())
    return head if len(head) <= longest else head[: longest - 1].rstrip() + _ELLIPSIS
