"""Every known hostile input has a test that says which row of the threat list it covers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.corpus import CORPUS

TESTS = Path(__file__).resolve().parents[1]
THREATS = CORPUS.parent / "THREATS.md"


NAMED = re.compile(r"(?<![A-Za-z0-9])[ZWTNRzwtnr]\d{1,2}(?![A-Za-z0-9])")


def rows() -> list[str]:
    if not THREATS.is_file():
        return []
    return re.findall(r"^\| ([ZWTNR]\d+) \|", THREATS.read_text("utf-8"), re.MULTILINE)


@pytest.mark.skipif(not THREATS.is_file(), reason="the threat list is not beside the project")
def test_every_row_is_named_by_a_test() -> None:
    texts = [
        path.read_text("utf-8")
        for path in TESTS.rglob("*")
        if path.suffix in {".py", ".txt"} and path.name != Path(__file__).name
    ]
    named = {found.upper() for text in texts for found in NAMED.findall(text)}
    known = rows()

    assert len(known) > 80
    assert [row for row in known if row not in named] == []
