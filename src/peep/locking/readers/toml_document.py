"""TOML lock files as tables, and the numbers of their versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from peep.formats.documents import parse_toml
from peep.locking.readers.locked import UnreadableLock

_NUMBER = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?(?:\.\d{1,4})?")


def parsed_toml(text: str) -> Mapping[str, Any]:
    """Read a text as TOML. Raises `UnreadableLock`."""
    try:
        return parse_toml(text)
    except ValueError as error:
        raise UnreadableLock(f"this is no TOML: {error}") from None


def version_number(value: Any, what: str) -> tuple[int, int]:
    """Read the version of a format, such as `"2.1"` or `1`. Raises `UnreadableLock`."""
    found = _NUMBER.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if found is None:
        raise UnreadableLock(f"{what} is {value!r}, which is no version")
    return int(found[1]), int(found[2] or 0)
