"""Markers judged with some values unknown: true, false or open (PEP 508, dependency specifiers).

A declared target says `cp312`, not which 3.12 it is, nor which kernel it runs on. A comparison with such a value is
open, unless it comes out alike for all versions of that Python; `and` and `or` are those of three-valued logic. An
open marker may hold: whoever collects archives takes it for true, so that there is one too many, never one too few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import lru_cache
from typing import Literal, cast

from packaging.markers import Marker

from peep.formats.dependency_specifiers import read_marker

Values = Mapping[str, str | AbstractSet[str]]
Context = Literal["lock_file", "metadata", "requirement"]

_NAMES = frozenset(
    (
        "implementation_name",
        "implementation_version",
        "os_name",
        "platform_machine",
        "platform_python_implementation",
        "platform_release",
        "platform_system",
        "platform_version",
        "python_full_version",
        "python_version",
        "sys_platform",
    )
)
_FULL_VERSIONS = frozenset({"python_full_version", "implementation_version"})
_LEXEME = r"""[()]|"[^"]*"|'[^']*'|[^\s()"']+"""
ANY_MICRO = 10_000
"""Stands for all versions after the last one that a marker names."""


class Truth(Enum):
    """What is known of a marker; the values are ordered as `and` (least) and `or` (greatest) need them."""

    FALSE = 0
    OPEN = 1
    TRUE = 2


def judge(marker: Marker, values: Values, context: Context = "requirement") -> Truth:
    """Judge `marker` by `values`, where a name of PEP 508 that is missing is unknown.

    The running interpreter's own values never count. Raises what `Marker.evaluate` raises, and `RecursionError`.
    """
    if values.keys() >= _NAMES:
        return _truth(_evaluate(marker, values, context))
    tokens = re.findall(_LEXEME, str(marker))
    return _Judgement(tokens, values, context).any_of()


class _Judgement:
    """Walks the normal form that `str(Marker)` gives, in which `and` binds more tightly than `or`."""

    def __init__(self, tokens: list[str], values: Values, context: Context) -> None:
        self._tokens = tokens
        self._values = values
        self._context = context
        self._position = 0

    def any_of(self) -> Truth:
        found = [self._all_of()]
        while self._takes("or"):
            found.append(self._all_of())
        return max(found, key=lambda truth: truth.value)

    def _all_of(self) -> Truth:
        found = [self._one()]
        while self._takes("and"):
            found.append(self._one())
        return min(found, key=lambda truth: truth.value)

    def _one(self) -> Truth:
        if self._takes("("):
            inner = self.any_of()
            self._takes(")")
            return inner
        words = []
        while self._position < len(self._tokens) and self._tokens[self._position] not in {"and", "or", ")"}:
            words.append(self._tokens[self._position])
            self._position += 1
        return _comparison(words, self._values, self._context)

    def _takes(self, token: str) -> bool:
        is_there = self._position < len(self._tokens) and self._tokens[self._position] == token
        self._position += is_there
        return is_there


def _comparison(words: list[str], values: Values, context: Context) -> Truth:
    """One comparison, such as `python_full_version`, `>=`, `"3.11.4"`."""
    marker = parsed_marker(" ".join(words))
    unknown = _NAMES.intersection(words) - values.keys()
    if not unknown:
        return _truth(_evaluate(marker, values, context))
    if not unknown <= _full_versions_of(values):
        return Truth.OPEN
    versions = (f"{values['python_version']}.{micro}" for micro in _telling_micros(words))
    found = {_evaluate(marker, {**values, **dict.fromkeys(unknown, version)}, context) for version in versions}
    return Truth.OPEN if len(found) > 1 else _truth(found.pop())


@lru_cache(maxsize=65536)
def parsed_marker(text: str) -> Marker:
    """Parse a marker, each text once. Raises `InvalidMarker` and `RecursionError`."""
    return read_marker(text)


def _full_versions_of(values: Values) -> AbstractSet[str]:
    """Names whose value is the version of Python, of which all but the last number is known; PyPy has its own."""
    if "python_version" not in values:
        return frozenset()
    return _FULL_VERSIONS if values.get("implementation_name") == "cpython" else {"python_full_version"}


def _telling_micros(words: list[str]) -> Iterator[int]:
    """Every version after which the comparison could come out differently, with both its neighbours."""
    yield from (0, ANY_MICRO)
    for word in words:
        for number in re.findall(r"\d+\.\d+\.(\d{1,4})", word):
            yield from (max(0, int(number) - 1), int(number), int(number) + 1)


def _evaluate(marker: Marker, values: Values, context: Context) -> bool:
    return marker.evaluate(cast("dict[str, str | AbstractSet[str]]", {"extra": "", **values}), context=context)


def _truth(is_true: bool) -> Truth:
    return Truth.TRUE if is_true else Truth.FALSE
