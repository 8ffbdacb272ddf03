"""Versions, specifiers, markers and requirements (PEP 440, PEP 508), through `packaging`.

A number of more digits than Python converts on any setting is refused here, by the error that its text would be refused
with for anything else: `packaging` lets it in and fails later, with a plain `ValueError`, where nobody expects one.
"""

from __future__ import annotations

import re

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

MOST_DIGITS = 640
"""What Python converts at the least (`sys.int_info.str_digits_check_threshold`)."""
_TOO_MANY = re.compile(rf"[0-9]{{{MOST_DIGITS + 1}}}")


def has_long_number(text: str) -> bool:
    """Whether a text holds a number of more than `MOST_DIGITS` digits."""
    return len(text) > MOST_DIGITS and _TOO_MANY.search(text) is not None


def read_version(text: str) -> Version:
    """The version that `text` is by PEP 440. Raises `InvalidVersion`."""
    if has_long_number(text):
        raise InvalidVersion(_reason(text))
    return Version(text)


def version_or_none(text: str) -> Version | None:
    """As `read_version`; None for a text that is no version."""
    try:
        return read_version(text)
    except InvalidVersion:
        return None


def read_specifiers(text: str) -> SpecifierSet:
    """The clauses of `text` (PEP 440, version specifiers). Raises `InvalidSpecifier`."""
    if has_long_number(text):
        raise InvalidSpecifier(_reason(text))
    return SpecifierSet(text)


def read_marker(text: str) -> Marker:
    """The environment marker that `text` is (PEP 508). Raises `InvalidMarker` and `RecursionError`."""
    if has_long_number(text):
        raise InvalidMarker(_reason(text))
    return Marker(text)


def read_requirement(text: str) -> Requirement:
    """The requirement that `text` is (PEP 508). Raises `InvalidRequirement` and `RecursionError`."""
    if has_long_number(text):
        raise InvalidRequirement(_reason(text))
    return Requirement(text)


def _reason(text: str) -> str:
    return f"{text[:40]!r}… holds a number of more than {MOST_DIGITS} digits"
