"""Directives in a lock file: the keys of `[tool.peep]`, without dashes (PEP 751, `tool`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from peep.errors import RequirementsError
from peep.model import Location
from peep.requirements.directives import KNOWN
from peep.requirements.pinned_set import Directive

_TABLE = r"(?m)^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*peep[ \t]*\]"


def lock_directives(
    tool: Mapping[str, Any] | None, text: str, path: str
) -> tuple[tuple[Directive, ...], tuple[RequirementsError, ...]]:
    """Give back the directives of a lock file whose `[tool]` table is `tool`, and what is wrong with them.

    A directive without a value is `true`, one that is given several times a list. As in a requirements file, one that
    is not known, or has no value where it needs one, is an error: it could leave a run less strict than meant.
    """
    found = re.search(_TABLE, text)
    location = Location(path, text.count("\n", 0, found.start()) + 1 if found else 1)
    table = (tool or {}).get("peep", {})
    if not isinstance(table, Mapping):
        return (), (RequirementsError(location, "tool.peep is no table"),)
    directives: list[Directive] = []
    errors: list[RequirementsError] = []
    for key, value in table.items():
        try:
            directives += (Directive(f"--{key}", text, location) for text in _values(key, value))
        except ValueError as error:
            errors.append(RequirementsError(location, f"[tool.peep] {key}: {error}"))
    return tuple(directives), tuple(errors)


def _values(key: str, value: object) -> Iterator[str]:
    """The values of a key, '' for a flag that is set. Raises ValueError for what its directive cannot have."""
    option = f"--{key}"
    if option not in KNOWN:
        known = ", ".join(name.removeprefix("--") for name in KNOWN)
        raise ValueError(f"peep knows no such directive; it knows {known}")
    takes_value = KNOWN[option]
    if isinstance(value, bool) and takes_value is not True:
        yield from [""] if value else []
        return
    given = value if isinstance(value, list) else [value]
    texts = [text for text in given if isinstance(text, str) and text.strip()]
    if takes_value is False or not texts or len(texts) != len(given):
        raise ValueError("wants true or false" if takes_value is False else "wants a text, or a list of texts")
    yield from texts
