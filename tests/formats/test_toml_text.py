"""Canonical TOML: what is written reads back the same, and there is one way to write it."""

import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats import toml_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
LISTS = st.lists(TEXTS)
SIMPLE = st.one_of(TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.dates(), LISTS)
TABLES = st.dictionaries(
    TEXTS, st.one_of(SIMPLE, st.dictionaries(TEXTS, SIMPLE), st.lists(st.dictionaries(TEXTS, TEXTS)))
)


def normal(value):
    """What a value means: lists of texts sorted, each once, and nothing that is empty."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return sorted(set(value))
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items() if item or isinstance(item, bool | int | date)}
    return value


@given(TABLES)
def test_what_is_written_reads_back_the_same(values):
    text = toml_text.document("x 1", [toml_text.table("[[entry]]", values)])

    assert tomllib.loads(text) == {"format": "x 1", "entry": [normal(values)]}


@given(TABLES)
def test_it_is_printable_lines_that_end_in_line_feeds(values):
    text = toml_text.table("[entry]", values)

    assert text.endswith("\n")
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", '"plain"'),
        ('say "x" \\ y', '"say \\"x\\" \\\\ y"'),
        ("a\nb\tc", '"a\\nb\\tc"'),
        ("\r\x00\x7f", '"\\U0000000D\\U00000000\\U0000007F"'),
        ("right\u202eleft", '"right\\U0000202Eleft"'),
        ("\u00a0\u2028\ufeff", '"\\U000000A0\\U00002028\\U0000FEFF"'),
        ("Zoë 你", '"Zoë 你"'),
        ("\U000e0001", '"\\U000E0001"'),
        ("\ud800", '"\ufffd"'),
    ],
)
def test_what_does_not_print_is_escaped(text, written):
    assert toml_text.quoted(text) == written


def test_a_list_stands_on_one_line_while_its_items_have_under_90_characters():
    short = toml_text.table("[x]", {"list": ["b" * 42, "a" * 43]})  # 44 + 45 with their quotes
    long = toml_text.table("[x]", {"list": ["b" * 43, "a" * 43]})

    assert short == f'[x]\nlist = ["{"a" * 43}", "{"b" * 42}"]\n'
    assert long == f'[x]\nlist = [\n    "{"a" * 43}",\n    "{"b" * 43}",\n]\n'


def test_tables_in_lists_stand_one_a_line():
    text = toml_text.table("[[audit]]", {"answers": [{"rule": "a", "sha256": "", "why": "b"}], "on": date(2026, 1, 2)})

    assert text == '[[audit]]\nanswers = [\n    {rule = "a", why = "b"},\n]\non = 2026-01-02\n'


def test_keys_are_bare_where_they_can_be():
    assert (
        toml_text.table("[x]", {"a-b_1": True, "a b": False, "ä": 1}) == '[x]\na-b_1 = true\n"a b" = false\n"ä" = 1\n'
    )
