"""Foreign text made visible, for terminals and pages."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.formats.visible_text import is_visible, pieces, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, äöü 漢字 🎉", "plain text, äöü 漢字 🎉"),
        ("a\x1b[31mb", "a<U+001B>[31mb"),
        ("admin\u202e\u2066", "admin<U+202E><U+2066>"),
        ("a\u200bb\ufeff", "a<U+200B>b<U+FEFF>"),
        ("a\0b\x7f\x9b", "a<U+0000>b<U+007F><U+009B>"),
        ("\ta", "→   a"),
        ("a\rb", "a<U+000D>b"),
        ("a\u3164b\u2800", "a<U+3164>b<U+2800>"),
        ("\U000e0041\ufe0f", "<U+E0041><U+FE0F>"),
        ("\ud800", "<U+D800>"),
        ("a\u00a0b\u2028", "a<U+00A0>b<U+2028>"),
        ("", ""),
    ],
)
def test_one_line(text, shown):
    assert visible(text) == shown


def test_line_feeds_stay_where_they_are_wanted():
    assert visible("a\nb\x1b\n", keeps="\n") == "a\nb<U+001B>\n"
    assert visible("a\nb") == "a<U+000A>b"


@given(st.text())
def test_nothing_shown_is_obeyed_or_hidden(text):
    shown = visible(text)
    assert is_visible(shown)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in shown)


@given(st.text())
def test_pieces_lose_nothing(text):
    back = "".join(
        chr(int(piece.removeprefix("U+"), base=16)) if is_code_point else piece for piece, is_code_point in pieces(text)
    )
    assert back == text
