"""docs/glossary.md holds words that the code uses, each once, in order."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "glossary.md").read_text("utf-8")
ROWS = re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", PAGE, re.MULTILINE)
WORDS = [*(word for word, _ in ROWS), *re.findall(r"\*\*(.+?)\*\*", " ".join(text for _, text in ROWS))]
SOURCES = [*(ROOT / "src" / "peep").rglob("*.py"), ROOT / "pyproject.toml"]  # which lists the deciding modules


def is_used(word, code):
    """Whether code names it: as words, as an identifier in either spelling, in singular or plural."""
    parts = re.split(r"[ -]", re.sub(r" \(.*\)", "", word.lower()))
    return re.search("[ _-]?".join(map(re.escape, parts)), code) is not None


def test_the_page_is_a_table_in_order():
    heads = [word.lower() for word, _ in ROWS]

    assert len(heads) > 90
    assert heads == sorted(set(heads))
    assert len(ROWS) == PAGE.count("\n| **")


def test_the_words_of_the_page_are_those_of_the_code():
    code = "\n".join(path.read_text("utf-8") for path in SOURCES).lower()

    assert [word for word in WORDS if not is_used(word, code)] == []


def test_words_that_the_code_does_not_use_are_recognised():
    assert is_used("joint group", "class jointgroup:")
    assert is_used("no-op", "noop_record")
    assert not is_used("likely story", "class jointgroup:")
