"""Judgement of many short texts in one look: pages of an index list thousands, nearly all of one kind."""

from __future__ import annotations

from collections.abc import Sequence

UNPRINTABLE = bytes([*range(0x20), 0x7F])
"""Of ASCII; ends of lines are among them."""


def plain_lines(texts: Sequence[object], unplain: bytes, longest: int) -> str:
    """Lines with one text each, all of ASCII without the letters `unplain`, up to `longest` long; '' for any other."""
    try:
        lines = "\n".join(texts)  # type: ignore[arg-type]
        written = lines.encode("ascii")
    except (TypeError, UnicodeEncodeError):
        return ""
    is_plain = len(written.translate(None, unplain)) == len(written) - (len(texts) - 1)  # it takes out ends of lines
    is_short = len(lines) <= longest or max(map(len, texts)) <= longest  # type: ignore[arg-type]
    return lines if is_plain and is_short else ""
