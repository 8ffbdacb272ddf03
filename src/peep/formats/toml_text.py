"""Canonical TOML text: one way to write each value, so that equal contents are equal bytes.

The form is that of docs/vetting-format.md, "Canonical form"; the grammar is TOML 1.0. Nothing is read here: that is
`tomllib`'s part, and the property tests hold the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Union

TomlValue = Union[str, bool, int, date, Sequence[str], Sequence["TomlTable"], "TomlTable"]
TomlTable = Mapping[str, TomlValue]
"""Keys in the order in which they are to be written."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_ONE_LINE = 90
"""A list stands on one line while its quoted items have fewer characters than this together."""


def document(format_line: str, tables: Iterable[str]) -> str:
    """A whole file: the line that names its format, then each table (of `table`), an empty line before each."""
    return "\n".join([f"format = {quoted(format_line)}\n", *tables])


def table(header: str, values: TomlTable) -> str:
    """One table under `header`, such as `[[audit]]`; ends with a line feed. Empty texts and lists are left out."""
    return "".join([f"{header}\n", *pairs(values)])


def pairs(values: TomlTable) -> list[str]:
    """The lines `key = value`, each with its line feed. Empty texts and lists are left out."""
    return [f"{key(name)} = {_value(value)}\n" for name, value in values.items() if not _is_absent(value)]


def key(name: str) -> str:
    """A key, bare where TOML allows that."""
    return name if _BARE_KEY.fullmatch(name) else quoted(name)


def quoted(text: str) -> str:
    r"""A basic string; what does not print is written as `\UXXXXXXXX`, so that no text hides from a reader.

    Lone surrogates, which no TOML file can hold, become U+FFFD.
    """
    return '"' + "".join(_character(one) for one in text) + '"'


def _character(one: str) -> str:
    if one in _ESCAPES:
        return _ESCAPES[one]
    if one.isprintable():
        return one
    return "\ufffd" if "\ud800" <= one <= "\udfff" else f"\\U{ord(one):08X}"


def _is_absent(value: TomlValue) -> bool:
    return not isinstance(value, bool | int | date) and not value


def _value(value: TomlValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return _inline_table(value)
    return _list(value)


def _list(items: Sequence[str] | Sequence[TomlTable]) -> str:
    """Texts sorted, each once; tables in the order given, always one a line."""
    texts = sorted({item for item in items if isinstance(item, str)})
    written = [quoted(text) for text in texts]
    if written and sum(map(len, written)) < _ONE_LINE:
        return f"[{', '.join(written)}]"
    written += [_inline_table(item) for item in items if not isinstance(item, str)]
    return "".join(["[\n", *(f"    {text},\n" for text in written), "]"])


def _inline_table(values: TomlTable) -> str:
    """On one line, as TOML 1.0 wants it: its lists, too."""
    inner = (f"{key(name)} = {_inline_value(value)}" for name, value in values.items() if not _is_absent(value))
    return "{" + ", ".join(inner) + "}"


def _inline_value(value: TomlValue) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        texts = sorted({item for item in value if isinstance(item, str)})
        return f"[{', '.join(quoted(text) for text in texts)}]"
    return _value(value)
