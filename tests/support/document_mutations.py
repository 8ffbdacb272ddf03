"""JSON and TOML documents in which one value is wrong: of another type, out of bounds, hostile text, or gone."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

Place = tuple[str | int, ...]
_WRONG: tuple[Any, ...] = (
    *(True, False, -1, 0, 1 << 63, 10**30, 1.5, float("inf"), "", " ", "0", [], {}, [[]], [0], [""], [{}], {"": 1}),
    *("x\x1b[31m\x07", "a\u202eb", "a\nb", "a\0b", "../../etc/passwd", "C:\\x", "--hash", "${HOME}", "http://[::1"),
    *(
        "https://user:CANARY@h.example/x",
        "http://h:99999999/",
        "A" * 9000,
        "caf\u0065\u0301",
        ["a", "a"],
        {"x": {"y": []}},
    ),
)


def mutants(document: Any, random: Random, count: int, *, is_toml: bool) -> Iterator[tuple[str, bytes]]:
    """`count` documents that differ from `document` in one place, each with what was done."""
    places = list(_places(document))
    for _ in range(count):
        place = random.choice(places)
        value: Any = random.choice(
            (*_WRONG, date(1, 1, 1) if is_toml else None, _DELETED, *_near(_at(document, place)))
        )
        changed = _with(document, place, value)
        text = toml_text(changed) if is_toml else json.dumps(changed)
        yield f"{place}: {value!r}"[:200], text.encode("utf-8", "surrogatepass")


def toml_text(document: Any) -> str:
    """A document whose tables are written on one line each."""
    return "".join(f"{json.dumps(key)} = {_toml_value(value)}\n" for key, value in document.items())


_DELETED = object()


def _near(value: Any) -> tuple[Any, ...]:
    """Values that look like the right one."""
    if isinstance(value, str):
        return (value.upper(), f"{value} ", f" {value}", value[:-1], value * 2, f"{value}\0", [value], {"a": value})
    if isinstance(value, dict):
        return {**value, "unknown": 1}, [value], {key.upper(): one for key, one in value.items()}
    return (
        (value * 2, value[::-1], dict(enumerate(map(str, value)))) if isinstance(value, list) else (str(value), [value])
    )


def _places(value: Any, here: Place = ()) -> Iterator[Place]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*here, key)
        yield from _places(one, (*here, key))


def _at(document: Any, place: Place) -> Any:
    for key in place:
        document = document[key]
    return document


def _with(document: Any, place: Place, value: Any) -> Any:
    changed = copy.deepcopy(document)
    holder = _at(changed, place[:-1])
    if value is _DELETED:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return changed


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {_toml_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f").replace("Infinity", "inf")
