from __future__ import annotations

import io

import pytest

from peep.cli.output.text import counted, escape_controls, fold_width, size_text, wrap


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
    assert escape_controls(text) == shown


def test_folding_breaks_between_words_only():
    text = "some words and --hash=sha256:" + "a" * 64 + " and more"
    lines = wrap(text, 30, "  ").split("\n")
    assert lines == ["  some words and", "  --hash=sha256:" + "a" * 64, "  and more"]
    assert " ".join(line.strip() for line in lines) == text


def test_what_fits_stays_as_it_is():
    assert wrap("two  spaces", 80, "> ") == "> two  spaces"
    assert wrap("x " * 100, None) == "x " * 100


def test_only_terminals_are_folded_for():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert fold_width(Terminal()) == 80
    assert fold_width(io.StringIO()) is None
    closed = io.StringIO()
    closed.close()
    assert fold_width(closed) is None


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"),
     (1_500_000_000, "1.5 GB"), (2 * 10**12, "2.0 TB"), (2 * 10**15, "2000.0 TB")],
)  # fmt: skip
def test_sizes_as_people_read_them(count: int, text: str):
    assert size_text(count) == text


def test_one_is_no_plural():
    assert [counted(count, "file") for count in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
