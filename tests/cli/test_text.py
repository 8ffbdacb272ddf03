from __future__ import annotations

import io

import pytest

from peep.cli.text import fold_width, folded, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä 漢 text", "plain ä 漢 text"),
        ("two\nlines", "two\nlines"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("a\rb\x07\x7f\x9b", r"a\rb\x07\x7f\x9b"),
        ("abc\u202etxt.exe", r"abc\u202etxt.exe"),
        ("zero\u200bwidth\u2028line", r"zero\u200bwidth\u2028line"),
        ("\ud800", r"\ud800"),
        ("no\xa0break", r"no\xa0break"),
    ],
)
def test_no_character_is_left_that_a_terminal_obeys(text: str, shown: str):
    assert printable(text) == shown


def test_folding_breaks_between_words_only():
    text = "some words and --hash=sha256:" + "a" * 64 + " and more"
    lines = folded(text, 30, "  ").split("\n")
    assert lines == ["  some words and", "  --hash=sha256:" + "a" * 64, "  and more"]
    assert " ".join(line.strip() for line in lines) == text


def test_what_fits_stays_as_it_is():
    assert folded("two  spaces", 80, "> ") == "> two  spaces"
    assert folded("x " * 100, None) == "x " * 100


def test_only_terminals_are_folded_for():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert fold_width(Terminal()) == 80
    assert fold_width(io.StringIO()) is None
    closed = io.StringIO()
    closed.close()
    assert fold_width(closed) is None
