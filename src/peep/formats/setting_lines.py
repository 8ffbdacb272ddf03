"""Lines of keys in a TOML text, for messages: tomllib gives values without places.

Source: TOML 1.0, "Keys", "Table". A text that `tomllib` has read is looked through for headers and assignments; where
a key stands inside of an inline table or a string, the line of what holds it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = rf"[ \t]*\[\[?[ \t]*(?P<key>{_KEY})[ \t]*\]\]?"
_ASSIGNMENT = rf"[ \t]*(?P<key>{_KEY})[ \t]*="
_STATED_LINE = r"line (\d+)"


def line_of_key(text: str, path: Sequence[str]) -> int:
    """Give back the line (from 1) where the key stands, or else the nearest table or key that holds it; 0: nowhere."""
    best, depth = 0, 0
    for number, stated in _stated_keys(text):
        shared = _shared(stated, path)
        if shared == len(stated) and shared > depth:
            best, depth = number, shared
    return best


def line_of_syntax_error(message: str, text: str) -> int:
    """Give back the line that a parser's message names; the last one where it names the end of the text."""
    found = re.search(_STATED_LINE, message)
    return int(found[1]) if found else max(1, len(text.splitlines()))


def _stated_keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield every header and assignment with its line, the key in full."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := re.match(_HEADER, line):
            table = _parts(header["key"])
            yield number, table
        elif assignment := re.match(_ASSIGNMENT, line):
            yield number, (*table, *_parts(assignment["key"]))


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(_PART, key))


def _shared(stated: Sequence[str], path: Sequence[str]) -> int:
    count = 0
    for one, other in zip(stated, path, strict=False):
        if one != other:
            break
        count += 1
    return count
