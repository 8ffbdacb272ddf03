"""Lookalikes of well-known project names: slips of the keyboard, hyphens (typosquatting)."""

from __future__ import annotations

import functools
import pkgutil
import re
from collections.abc import Sequence

_PROTECTED = 1_500
"""So many of the best-known names are compared with; all in the list are exempt from being suspects."""
_LONG_NAME = 9
"""Characters from which on two edits still make a look-alike."""
_AFFIXES = re.compile(r"^(?:python|py)-?|-?(?:python|py)$|-")


@functools.cache
def well_known_names() -> tuple[str, ...]:
    """Normalised names of well-known projects, the best-known first; empty where Python was built without lzma."""
    try:
        import lzma  # noqa: PLC0415 - optional in Python itself
    except ImportError:
        return ()
    content = pkgutil.get_data("peep.examine", "well-known.txt.xz") or b""
    return tuple(lzma.decompress(content).decode("ascii").split())


def lookalike_of(name: str, known: Sequence[str] | None = None) -> str:
    """The well-known project that a normalised name could be mistaken for, '' for none."""
    names = well_known_names() if known is None else known
    if name in names:
        return ""
    bare = _AFFIXES.sub("", name)
    for other in names[:_PROTECTED]:
        if is_near(name, other) or (bare and bare == _AFFIXES.sub("", other)):
            return other
    return ""


def is_near(one: str, other: str) -> bool:
    """Whether a slip of the keyboard, or two in longer names, makes one of the other."""
    allowed = 2 if min(len(one), len(other)) >= _LONG_NAME else 1
    if abs(len(one) - len(other)) > allowed or min(len(one), len(other)) < 4:  # noqa: PLR2004 - all short names are near
        return False
    return edit_distance(one, other, allowed) <= allowed


def edit_distance(one: str, other: str, most: int) -> int:
    """Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.

    Above `most` it is `most + 1`, whatever it would be.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        following = [index]
        for column, its_letter in enumerate(other, 1):
            cost = min(row[column] + 1, following[-1] + 1, row[column - 1] + (letter != its_letter))
            is_swap = index > 1 and column > 1 and letter == other[column - 2] and one[index - 2] == its_letter
            following.append(min(cost, before[column - 2] + 1) if is_swap else cost)
        if min(following) > most:
            return most + 1
        before, row = row, following
    return row[-1]
