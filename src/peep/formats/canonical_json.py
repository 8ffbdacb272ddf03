"""Canonical JSON: one sequence of bytes for each value, so that a file's sha256 names what it says.

Source: RFC 8259 for the grammar. Of the texts that it allows for a value one is canonical: UTF-8, keys sorted by code
point, nothing escaped that need not be, no floating point numbers, one line feed at the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Union

from peep.errors import PeepError

JsonValue = Union[None, bool, int, str, Sequence["JsonValue"], Mapping[str, "JsonValue"]]  # noqa: UP007 - refers to itself
"""What canonical JSON can hold."""

_LARGEST_INTEGER = (1 << 53) - 1
"""RFC 8259, section 6: beyond it readers of other languages disagree about a number."""
_ROUNDED = "holds a whole number beyond 2**53, which some readers round"
_TEXT = frozenset({str})
_PLAIN = frozenset({str, bool, type(None)})
"""Types of values that have a canonical form whatever they are."""


class NotCanonical(PeepError):
    """Bytes that are no canonical JSON; the message says why, without the name of the file."""


def canonical_json(value: JsonValue, *, indented: bool = False) -> bytes:
    """Write `value`; `indented`: one key or element a line (by one blank a level), for files that people compare.

    Raises `NotCanonical` for what has no canonical form: floating point numbers, integers beyond 2**53, keys that are
    no text, surrogates.
    """
    _check(value)
    return _written(value, indented=indented)


def _written(value: JsonValue, *, indented: bool) -> bytes:
    layout = {"indent": 1} if indented else {"separators": (",", ":")}
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, **layout)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        raise NotCanonical("holds half of a surrogate pair, which is no character") from None


def parse_canonical_json(content: bytes, *, indented: bool = False) -> JsonValue:
    """Read bytes that `canonical_json` wrote.

    Raises `NotCanonical` for all others, also for JSON that means the same and is written in another way: two readers
    could disagree about it (keys given twice, numbers that are rounded), and its digest names something else.
    """
    value = parse_exact_json(content)
    if _written(value, indented=indented) != content:
        raise NotCanonical("is JSON, but not in canonical form: something else than peep wrote it")
    return value


def parse_exact_json(content: bytes) -> JsonValue:
    """Read JSON that has a canonical form, in whatever form: for who compares the bytes with those of what it means.

    Raises `NotCanonical` for what is no JSON, and for keys given twice and numbers that some reader rounds.
    """
    try:
        value: JsonValue = json.loads(
            content.decode(),
            object_pairs_hook=_unique,
            parse_int=_whole_number,
            parse_float=_refuse_float,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError:
        raise NotCanonical("is not UTF-8") from None
    except RecursionError:
        raise NotCanonical("is nested too deeply") from None
    except ValueError as error:
        raise NotCanonical(f"is no JSON: {error}") from None
    return value


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise NotCanonical(f"states {repeated!a} twice")
    return members


def _refuse_float(text: str) -> JsonValue:
    raise NotCanonical(f"holds {text[:40]}, which is no whole number")


def _refuse_constant(text: str) -> JsonValue:
    raise NotCanonical(f"holds {text}, which has no canonical form")


def _whole_number(text: str) -> int:
    number = int(text)
    if abs(number) > _LARGEST_INTEGER:
        raise NotCanonical(_ROUNDED)
    return number


def _check(value: object) -> None:
    """Raise `NotCanonical` for a value that JSON would round, or write under another name. Depth costs no stack."""
    pending = [value]
    while pending:
        one = pending.pop()
        if type(one) in _PLAIN:
            continue
        if isinstance(one, Mapping):
            if not _TEXT.issuperset(map(type, one)):
                raise NotCanonical("has a key that is no text")
            pending += [member for member in one.values() if type(member) not in _PLAIN]
        elif isinstance(one, list | tuple):
            pending += one
        elif not isinstance(one, int):
            raise NotCanonical(f"holds a {type(one).__name__}, which has no canonical form")
        elif abs(one) > _LARGEST_INTEGER:
            raise NotCanonical(_ROUNDED)
