"""Foreign text made visible: each control, bidirectional and invisible character is spelled out.

Names, lines and metadata of archives, advisories and indexes are written by strangers. A terminal obeys escape
sequences in them, a browser reorders them, and people overlook what has no shape. Everything of the kind is replaced
by its code point, on terminals as `<U+202E>`, on pages as an element of its own made from `pieces`.

Source: Unicode 15, chapter 23 (special areas and format characters), UAX 9 (bidirectional controls).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLANK_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
"""Characters that count as printable and show nothing: joiners, fillers, Mongolian selectors, the empty Braille."""
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_INVISIBLE_PRINTABLE = re.compile(f"[{_BLANK_LETTERS}{_SELECTORS}]")
BIDIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates: what makes a line read otherwise than it runs (CVE-2021-42574)."""
INVISIBLE = re.compile(
    f"[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\u206a-\u206f\ufeff\U000e0000-\U000e007f{_BLANK_LETTERS}{_SELECTORS}]"
)
"""Characters without a shape of their own: zero-width, soft hyphen, tags, selectors, fillers."""
CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""C0 and C1 but for tab, line feed, form feed and carriage return."""
_TAB = "\u2192   "


def is_visible(text: str) -> bool:
    """True when `text` may be shown as it is, tabs and line feeds not included."""
    return text.isprintable() and (text.isascii() or _INVISIBLE_PRINTABLE.search(text) is None)


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Split `text` into runs that may be shown as they are, and code points (`U+202E`, True) that may not.

    Line feeds and tabs are code points here too: what to do with them is for those who lay the text out.
    """
    if is_visible(text):
        if text:
            yield text, False
        return
    run: list[str] = []
    for character in text:
        if character.isprintable() and _INVISIBLE_PRINTABLE.match(character) is None:
            run.append(character)
            continue
        if run:
            yield "".join(run), False
            run = []
        yield f"U+{ord(character):04X}", True
    if run:
        yield "".join(run), False


def visible(text: str, *, keeps: str = "") -> str:
    """Give back one line or name in which every character has a shape; a tab becomes an arrow and three blanks.

    `keeps`: characters that stay as they are, such as a line feed where `text` has several lines.
    """
    if is_visible(text):
        return text
    if keeps:
        parts = re.split(f"([{re.escape(keeps)}])", text)
        return "".join(part if part in keeps else visible(part) for part in parts)
    shown = (f"<{piece}>" if is_code_point else piece for piece, is_code_point in pieces(text))
    return "".join(shown).replace("<U+0009>", _TAB) if "\t" in text else "".join(shown)
