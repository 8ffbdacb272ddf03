"""Typed reading of a TOML table: every key is taken once, what is odd is collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeVar, cast

from peep.formats.digest_lines import DigestLine, NotADigestLine, digest_line
from peep.formats.names import is_name, normalised

_Item = TypeVar("_Item")
_NO_DAY = date.min
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class NotOfThisForm(ValueError):
    """A text that is not what its key holds; the message says what is expected."""


class Entry:
    """One table while it is read. Values of the wrong type come out empty, and are told in `faults`."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._left = dict(values)
        self.faults: list[str] = []

    def text(self, key: str, *, is_required: bool = False) -> str:
        """A text; a required one is not blank."""
        value = self._take(key, is_required=is_required)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.faults.append(f"{key} is no text")
            return ""
        if is_required and not value.strip():
            self.faults.append(f"{key} is empty")
        return value

    def texts(self, key: str, *, is_required: bool = False) -> tuple[str, ...]:
        """A list of texts, sorted, each once; a required one has at least one."""
        value = self._take(key, is_required=is_required)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.faults.append(f"{key} is no list of texts")
            return ()
        if is_required and not value:
            self.faults.append(f"{key} is empty")
        return tuple(sorted(set(value)))

    def items(self, key: str, read: Callable[[str], _Item], *, is_required: bool = False) -> tuple[_Item, ...]:
        """A list of texts of one form; `read` raises ValueError for others."""
        found = []
        for text in self.texts(key, is_required=is_required):
            try:
                found.append(read(text))
            except ValueError as error:
                self.faults.append(f"{key}: {text!r} {error}")
        return tuple(found)

    def archives(self, key: str, *, is_required: bool = False) -> tuple[DigestLine, ...]:
        """A list of lines `SHA256  FILENAME`."""
        return self.items(key, digest_line, is_required=is_required)

    def archive(self, key: str) -> DigestLine:
        """One line `SHA256  FILENAME`; required."""
        text = self.text(key, is_required=True)
        try:
            return digest_line(text)
        except NotADigestLine as error:
            self.faults.append(f"{key}: {text!r} {error}")
            return DigestLine("", "")

    def day(self, key: str) -> date:
        """A local date of TOML, without quotes; required."""
        value = self._take(key, is_required=True)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if value is not None:
            self.faults.append(f"{key} is no date such as 2026-11-26, without quotes")
        return _NO_DAY

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._take(key, is_required=False)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.faults.append(f"{key} is neither true nor false")
            return default
        return value

    def project(self) -> str:
        """The required key `project`: a project's name, normalised (PEP 503)."""
        name = self.text("project", is_required=True)
        if name and not (is_name(name) and normalised(name) == name):
            self.faults.append(f"project is not normalised: {name!r}")
        return name

    def name(self, key: str) -> str:
        """A required name made of letters, digits, `-` and `_`."""
        name = self.text(key, is_required=True)
        if name and not is_plain_name(name):
            self.faults.append(f"{key}: {name!r} is not made of letters, digits, - and _")
        return name

    def tables(self, key: str) -> tuple[Entry, ...]:
        """A list of tables."""
        value = self._take(key, is_required=False)
        if value is None:
            return ()
        if not is_list_of_tables(value):
            self.faults.append(f"{key} is no list of tables")
            return ()
        return tuple(Entry(item) for item in cast("list[dict[str, object]]", value))

    def table(self, key: str) -> Entry:
        """A table; an absent one is empty."""
        value = self._take(key, is_required=False)
        if value is not None and not isinstance(value, dict):
            self.faults.append(f"{key} is no table")
            value = None
        return Entry(value or {})

    def keys(self) -> tuple[str, ...]:
        """What was not taken yet."""
        return tuple(self._left)

    def end(self) -> None:
        """Whatever was not taken is unknown here, and so is what it was to mean."""
        if self._left:
            self.faults.append(f"unknown keys: {', '.join(sorted(map(_shown, self._left)))}")
        self._left = {}

    def _take(self, key: str, *, is_required: bool) -> object:
        value = self._left.pop(key, None)
        if value is None and is_required:
            self.faults.append(f"{key} is missing")
        return value


def is_plain_name(name: str) -> bool:
    """Tell whether `name` can be a criterion or an import: it is a bare TOML key, and a file name everywhere."""
    return _NAME.fullmatch(name) is not None


def is_list_of_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def one_year_after(day: date) -> date:
    """The same day of the next year; of the 29th of February, the 1st of March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date.max if day.year == date.max.year else date(day.year + 1, 3, 1)


def _shown(key: str) -> str:
    return key if key.isprintable() else repr(key)
