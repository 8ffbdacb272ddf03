"""docs/threats.md lists every known hostile input; each has a test that names its row, and the code names no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"(?<![A-Za-z0-9])[ZWTNREzwtnre]\d{1,2}(?![A-Za-z0-9])")
IN_CODE = re.compile(r"THREATS ((?:[ZWTNRE]\d+(?:, | and | to )?)+)")


def rows() -> list[str]:
    text = (ROOT / "docs" / "threats.md").read_text("utf-8")
    return re.findall(r"^\| ([ZWTNRE]\d+) \|", text, re.MULTILINE)


def texts(folder: str) -> Iterator[str]:
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in {".py", ".txt"} and path.name != Path(__file__).name:
            yield path.read_text("utf-8")


def test_every_row_is_named_by_a_test() -> None:
    named = {found.upper() for text in texts("tests") for found in NAMED.findall(text)}

    assert len(rows()) > 80
    assert [row for row in rows() if row not in named] == []


def test_every_row_stands_once_and_the_code_names_no_other() -> None:
    in_code = [row for text in texts("src") for found in IN_CODE.findall(text) for row in NAMED.findall(found)]

    assert len(rows()) == len(set(rows()))
    assert len(in_code) > 50
    assert set(in_code) <= set(rows())
