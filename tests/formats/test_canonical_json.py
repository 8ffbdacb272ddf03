import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats.canonical_json import NotCanonical, canonical_json, parse_canonical_json

WHOLE = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_what_is_written_is_read_and_means_the_same_to_any_reader(value, indented):
    content = canonical_json(value, indented=indented)
    assert content.endswith(b"\n")
    assert json.loads(content) == value
    assert parse_canonical_json(content, indented=indented) == value


@given(st.dictionaries(TEXT, WHOLE, max_size=6))
def test_the_order_of_keys_changes_nothing(value):
    backwards = dict(reversed(value.items()))
    assert canonical_json(backwards) == canonical_json(value)


def test_the_bytes():
    value = {"b": [1, "ü\u2028"], "a": {"x": None}}
    assert canonical_json(value) == '{"a":{"x":null},"b":[1,"ü\u2028"]}\n'.encode()
    lines = ["{", ' "a": {', '  "x": null', " },", ' "b": [', "  1,", '  "ü\u2028"', " ]", "}", ""]
    assert canonical_json(value, indented=True) == "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a":1,"a":1}\n', "'a' twice"),
        (b'{"a":1.0}\n', "no whole number"),
        (b'{"a":1e3}\n', "no whole number"),
        (b'{"a":NaN}\n', "no canonical form"),
        (b'{"b":1,"a":1}\n', "not in canonical form"),
        (b'{"a": 1}\n', "not in canonical form"),
        (b'{"a":1}', "not in canonical form"),
        (b'{"a":1}\n\n', "not in canonical form"),
        (b'{"a":1}\r\n', "not in canonical form"),
        (b'\xef\xbb\xbf{"a":1}\n', "no JSON"),
        (b'{"a":"\\u0041"}\n', "not in canonical form"),
        (b'{"a":"\\ud800"}\n', "surrogate"),
        (b'{"a":-0}\n', "not in canonical form"),
        (b'{"a":"\xff"}\n', "not UTF-8"),
        (b"", "no JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":9007199254740992}\n', "beyond"),
        (b'{"a":' + b"9" * 5000 + b"}\n", ""),
    ],
)
def test_everything_else_is_refused_and_says_why(content, reason):
    with pytest.raises(NotCanonical) as refused:
        parse_canonical_json(content)
    assert reason in str(refused.value)


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"a": {1}}, b"x", float("nan"), "\ud800", 2**53])
def test_what_has_no_canonical_form_cannot_be_written(value):
    with pytest.raises(NotCanonical):
        canonical_json(value)
