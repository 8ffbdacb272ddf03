"""TOML and JSON documents read with limits on nesting (THREATS R17).

What parses a document deeply or doubly nested takes time and memory that grow with the square of its size, or ends in
an error of the interpreter. Whether a text is that deep is seen here before it is parsed. The size of the text is
limited by whoever reads it (`system.bounded`).
"""

from __future__ import annotations

import re
import sys
from typing import Any

DEEPEST = 100
"""Brackets and braces within each other."""
MOST_SEGMENTS = 32
"""Of a dotted key of TOML; real ones have up to 5."""

# Strings that do not end are matched to the end, or each quote in one would be tried as a beginning.
_TOML_TEXTS = (
    r'(?s)"""[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*(?:"{3,5})?'
    r"|'''[^']*(?:'{1,2}(?!')[^']*)*(?:'{3,5})?"
    r'|"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*"
)
_JSON_TEXTS = r'(?s)"[^"\\]*(?:\\.[^"\\]*)*"?'
_BRACKET = r"[\[\]{}]"
_LONG_KEY = rf"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]+(?:[ \t]*\.[ \t]*[A-Za-z0-9_-]+){{{MOST_SEGMENTS}}}"


class TooDeeplyNested(ValueError):
    """A document that is nested beyond what anybody writes; `str` says how."""


def parse_toml(text: str) -> dict[str, Any]:
    """The document as `tomllib` reads it (TOML 1.0).

    Raises `ValueError` (`tomllib.TOMLDecodeError`, `TooDeeplyNested`, numbers too long for Python) for what is none.
    """
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - most runs read no TOML
    else:
        import tomli as tomllib  # noqa: PLC0415 - as above

    bare = re.sub(_TOML_TEXTS, "s", text)
    if re.search(_LONG_KEY, bare):
        line = _line_of_long_key(text)
        raise TooDeeplyNested(f"a key has more than {MOST_SEGMENTS} segments (at line {line}, column 1)")
    refuse_deep(bare)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _too_deep() from None


def parse_json(content: str | bytes, *, is_checked: bool = True) -> Any:
    """The document as `json` reads it (RFC 8259).

    `is_checked` False leaves the limit to the interpreter, for large pages and for what peep itself kept. Raises
    `ValueError` for what is none.
    """
    import json  # noqa: PLC0415 - the fastest runs do without

    if is_checked:
        text = content if isinstance(content, str) else content.decode("utf-8", "replace")
        if text.count("[") + text.count("{") > DEEPEST:
            refuse_deep(re.sub(_JSON_TEXTS, "", text))
    try:
        return json.loads(content)
    except RecursionError:
        raise _too_deep() from None


def refuse_deep(bare: str) -> None:
    """Raise `TooDeeplyNested` for a text, without its strings and comments, whose brackets nest beyond `DEEPEST`."""
    depth = 0
    for found in re.finditer(_BRACKET, bare):
        depth += 1 if found.group() in "[{" else -1
        if depth > DEEPEST:
            raise _too_deep()


def _too_deep() -> TooDeeplyNested:
    return TooDeeplyNested(f"it is nested more than {DEEPEST} deep")


def _line_of_long_key(text: str) -> int:
    """As far as a search that knows nothing of strings and comments can tell."""
    found = re.search(_LONG_KEY, text)
    return text.count("\n", 0, found.start()) + 1 if found else 1
