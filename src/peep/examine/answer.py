"""Reading of the child's answer, every value checked: a hostile release may have written it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from peep.examine.rules import RULES
from peep.examine.types import (
    MOMENTS,
    ArchiveFiles,
    Blob,
    Capability,
    Change,
    Comparison,
    Habit,
    Hit,
    NotAnalysed,
    Origins,
    Row,
)

ANSWER = "\npeep examined: "
"""What stands before the answer, which is the child's last line."""
T = TypeVar("T")
Check = Callable[[Any], Any]
_LONGEST_TEXT = 8_192
_LARGEST_COUNT = 1 << 53


class BadAnswer(Exception):
    """The child did not answer as it should; the text says in what."""


def decoded_answer(text: bytes) -> dict[str, Any]:
    """The one line of JSON, as a dictionary of one of `comparison`, `refused`, `failed`. Raises `BadAnswer`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise BadAnswer("it is no JSON") from None
    if not isinstance(value, dict) or len(value) != 1:
        raise BadAnswer("it is no answer")
    return value


def decoded_refusal(value: Any) -> tuple[str, list[str]]:
    """File name and problems of an archive that could not be opened. Raises `BadAnswer`."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - name and problems
        raise BadAnswer("its refusal is none")
    return _text(value[0]), list(_many(_text)(value[1]))


def decoded_comparison(value: Any) -> Comparison:
    """Check and take over a whole comparison. Raises `BadAnswer`."""
    if not isinstance(value, dict):
        raise BadAnswer("its comparison is none")
    return Comparison(
        identity=_field(value, "identity", _optional(_made(Origins, *[_count] * 8))),
        changes=_field(value, "changes", _many(_change)),
        signals=_field(value, "signals", _many(_hit)),
        folded=_field(value, "folded", _many(_hit)),
        capabilities=_field(value, "capabilities", _many(_capability)),
        made=_field(value, "made", _many(_made(Habit, _one_of("wheel", "sdist"), _text, _text, _text))),
        not_analysed=_field(value, "not_analysed", _many(_made(NotAnalysed, _text, _text))),
        warnings=_field(value, "warnings", _many(_pair)),
        blobs=_field(value, "blobs", _many(_made(Blob, _text, _moment, _text, _text, _text, _text, _flag))),
        origins=_field(value, "origins", _many(_pair)),
        inventory=_field(value, "inventory", _many(_archive_files)),
    )


def _field(value: dict[str, Any], name: str, check: Callable[[Any], T]) -> T:
    if name not in value:
        raise BadAnswer(f"{name} is missing")
    return check(value[name])


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise BadAnswer("a text is none, or too long")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST_COUNT:
        raise BadAnswer("a number is none")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadAnswer("a yes or no is neither")
    return value


def _digest(value: Any) -> str:
    text = _text(value)
    if text and (len(text) != 64 or not set(text) <= set("0123456789abcdef")):  # noqa: PLR2004 - sha256
        raise BadAnswer("a digest is none")
    return text


def _one_of(*allowed: str) -> Check:
    def check(value: Any) -> str:
        if value not in allowed:
            raise BadAnswer("a word is none of those that there are")
        return cast("str", value)

    return check


def _many(check: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    def checked(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise BadAnswer("a list is none")
        return tuple(check(item) for item in value)

    return checked


def _optional(check: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else check(value)


def _made(kind: Callable[..., T], *checks: Check) -> Callable[[Any], T]:
    return partial(_construct, kind, checks)


def _construct(kind: Callable[..., T], checks: Sequence[Check], value: Any) -> T:
    if not isinstance(value, list) or len(value) != len(checks):
        raise BadAnswer("an entry has another shape")
    return kind(*(check(item) for check, item in zip(checks, value, strict=True)))


def _pair(value: Any) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a pair
        raise BadAnswer("a pair is none")
    return _text(value[0]), _text(value[1])


def _row_of_file(value: Any) -> tuple[str, str, str]:
    if not isinstance(value, list) or len(value) != 3:  # noqa: PLR2004 - path, digest, origin
        raise BadAnswer("a file is none")
    return _text(value[0]), _digest(value[1]), _text(value[2])


def _span(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - start and end
        raise BadAnswer("a range is none")
    return _count(value[0]), _count(value[1])


_moment = _one_of(*MOMENTS)
_row = _made(Row, _one_of(" ", "-", "+", "@"), _count, _count, _text, _many(_span))
_capability = _made(Capability, _text, _one_of("import", "call"), _text, _count, _text)
_hit = _made(Hit, _one_of(*RULES), _text, _count, _text, _moment)
_archive_files = _made(ArchiveFiles, _one_of("old", "new"), _text, _many(_row_of_file))
_change = _made(
    Change,
    _text,
    _text,
    _one_of("added", "changed", "moved", "removed"),
    _moment,
    _many(_text),
    _flag,
    _count,
    _count,
    _count,
    _text,
    _digest,
    _digest,
    _flag,
    _many(_row),
    _count,
)
