"""TOML and JSON that is nested beyond measure is refused before it costs anything (THREATS R17)."""

from __future__ import annotations

import json
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats.documents import DEEPEST, MOST_SEGMENTS, TooDeeplyNested, parse_json, parse_toml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOTTED = {
    "plain": ".".join(["a"] * 50_000) + " = 1",
    "with blanks": " . ".join(["a"] * 50_000) + " = 1",
    "quoted": ".".join(['"a.b"'] * 50_000) + " = 1",
    "quoted with escapes": ".".join(['"\\""'] * 50_000) + " = 1",
    "literal": ".".join(["'\"'"] * 50_000) + " = 1",
    "a table": "[" + ".".join(["a"] * 50_000) + "]",
    "an array of tables": "x = 1\n[[" + ".".join(["a"] * 50_000) + "]]",
    "in an inline table": "x = {" + ".".join(["a"] * 50_000) + " = 1}",
    "behind a text": 'x = """\n"a""" # "\n' + ".".join(["a"] * 50_000) + " = 1",
}
NESTED = {"arrays": "a = " + "[" * 100_000, "tables": "a = " + "{b = " * 50_000, "both": "a = " + "[{b = " * 50_000}


@pytest.mark.parametrize("text", DOTTED.values(), ids=DOTTED)
def test_a_key_of_very_many_segments(text: str):
    start = time.process_time()
    with pytest.raises(TooDeeplyNested, match=f"a key has more than {MOST_SEGMENTS} segments"):
        parse_toml(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_very_deep_toml(text: str):
    with pytest.raises(TooDeeplyNested, match=f"nested more than {DEEPEST} deep"):
        parse_toml(text)


@pytest.mark.parametrize(
    "text",
    [
        'a = """' + "x" * 3_000_000,
        '"' * 3_000_001,
        "'" * 3_000_001,
        '\\"' * 1_000_000,
        '"""\\' * 1_000_000,
        "a \t" * 999_999,
    ],
    ids=["no end", "quotes", "apostrophes", "escapes", "both", "blanks"],
)
def test_strings_without_end_take_linear_time(text: str):
    start = time.process_time()
    with pytest.raises(ValueError, match=r"line|document"):
        parse_toml(text)
    assert time.process_time() - start < 5


def test_the_place_of_a_long_key_is_told():
    with pytest.raises(TooDeeplyNested, match="at line 3,"):
        parse_toml("a = 1\n\n" + ".".join(["b"] * 40) + " = 1")


def test_what_people_write_is_read():
    text = 'a.b."c.d".e = [[1, {x = 2}], "[[[[" , \'{{{\']\n# ' + "[" * 500 + '\nt = """' + "[" * 500 + '"""\n'
    text += "v = '" + ".".join(["x"] * 500) + "'\n"
    assert parse_toml(text) == tomllib.loads(text)
    assert parse_toml("a = " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)) == tomllib.loads("a = " + "[" * 99 + "]" * 99)


values = st.recursive(
    st.text(max_size=8) | st.integers(-9, 9) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(min_size=1, max_size=5), values, max_size=4))
def test_what_is_not_deep_is_read_as_the_standard_library_does(document: dict[str, object]):
    assert parse_json(json.dumps(document)) == document
    text = "".join(f"{toml(key)} = {toml(value)}\n" for key, value in document.items())
    assert parse_toml(text) == tomllib.loads(text) == document


def toml(value: object) -> str:
    """A value as TOML has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@pytest.mark.parametrize("is_checked", [True, False])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_very_deep_json(opening: str, *, is_checked: bool):
    with pytest.raises(ValueError, match=r"nested more than 100 deep|Expecting"):
        parse_json(opening * 200_000, is_checked=is_checked)


def test_deep_json_is_refused_and_brackets_in_texts_do_not_count():
    assert parse_json(json.dumps(["[" * 500, '"' + "{" * 500])) == ["[" * 500, '"' + "{" * 500]
    assert parse_json(b"[[1]]" + b" " * 10) == [[1]]
    with pytest.raises(TooDeeplyNested):
        parse_json("[" * 101 + "]" * 101)
    start = time.process_time()
    with pytest.raises(ValueError, match=r"deep|Unterminated"):
        parse_json("[" * 200 + '"' + '\\"' * 1_000_000)
    assert time.process_time() - start < 5
