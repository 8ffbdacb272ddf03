"""Every real file gives the requirements, lines and hashes that pip's parser and the original's rule give.

`ORACLE-*.jsonl` beside the corpus records those. The differences are deliberate; `docs/requirements-differences.md`
holds them and says why, and this test fails for any other, as it does for one that is no longer there.
"""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from peep.errors import RequirementsError, RequirementsErrors
from peep.model import Location
from peep.requirements.file_parser import RequirementLine
from peep.requirements.files import in_reading_order, is_url, parse_requirements_files
from support.corpus import CORPUS, needs_corpus

pytestmark = needs_corpus

TABLE = Path(__file__).parents[2] / "docs" / "requirements-differences.md"
ROW = re.compile(r"\| `(?P<file>[^`]+)` \| (?P<code>[a-z-]+) \|")

CODES = {
    "hash-without-requirement": "--hash stands on a line without a requirement",
    "malformed-hash": "the sha256 hash ",
    "words-among-options": "stands among the options but is none",
    "no-requirement": r"this is no requirement|is no version specifier|is no name of an extra|white space before its #",
    "removed-option": "pip has removed the option",
    "comment-hash-beside-option": "",
}
"""What our own message says when a file differs for this reason; '' where the hashes differ."""


def oracle_rows() -> list[dict]:
    rows = []
    for name in ("peep", "hash", "odd", "port-pairs"):
        path = CORPUS / f"ORACLE-{name}.jsonl"
        if path.is_file():
            rows += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return rows


def documented() -> dict[str, str]:
    return {found["file"]: found["code"] for found in ROW.finditer(TABLE.read_text(encoding="utf-8"))}


def read(path: str) -> bytes:
    if is_url(path):
        raise RequirementsError(Location(path, 0), "not fetched")
    return (CORPUS / path).read_bytes()


def expected_lines(row: Mapping) -> dict[tuple[str, int], tuple]:
    return {
        (item["from"], item["line"]): (
            item["req"],
            frozenset(_oracle_hashes(item)),
            bool(item.get("constraint")),
            bool(item.get("editable")),
        )
        for item in row["items"]
    }


def _oracle_hashes(item: Mapping) -> set[str]:
    hashes = {f"{algorithm}:{value}" for algorithm, values in item.get("hashes", {}).items() for value in values}
    for text in item.get("peep", ()):
        is_digest = re.fullmatch(r"[A-Za-z0-9_-]{43}", text)
        hashes.add("sha256:" + base64.urlsafe_b64decode(text + "=").hex() if is_digest else f"no digest: {text}")
    return hashes


def our_lines(path: str) -> tuple[dict[tuple[str, int], tuple], str]:
    """What we make of a file, and what we warn of."""
    files = parse_requirements_files([path], read, {})
    lines = {
        (line.location.path, line.location.line): (
            line.written.removeprefix("-e "),
            frozenset({*map(str, line.hashes), *(f"no digest: {wrong.text}" for wrong in line.malformed_hashes)}),
            line.is_constraint,
            line.is_editable,
        )
        for line in in_reading_order(files)
        if isinstance(line, RequirementLine)
    }
    return lines, "\n".join(warning for file in files for warning in file.warnings)


def difference(row: Mapping) -> str | None:
    """None when we agree with the oracle, else what we say to it."""
    try:
        lines, warnings = our_lines(row["file"])
    except RequirementsErrors as errors:
        return None if "error" in row else str(errors)
    if "error" in row:
        return warnings
    return None if lines == expected_lines(row) else "other requirements, lines or hashes"


def test_there_is_an_oracle():
    assert len(oracle_rows()) > 400


@pytest.mark.parametrize("row", oracle_rows(), ids=lambda row: row["file"])
def test_agrees_with_the_oracle_or_differs_as_documented(row):
    code = documented().get(row["file"])
    found = difference(row)

    if code is None:
        assert found is None
    else:
        assert found is not None, "the documented difference is gone; take its row out"
        assert re.search(CODES[code], found)
        if not CODES[code]:
            assert found == "other requirements, lines or hashes"


def test_every_documented_difference_is_of_a_file_with_an_oracle():
    assert set(documented()) <= {row["file"] for row in oracle_rows()}
