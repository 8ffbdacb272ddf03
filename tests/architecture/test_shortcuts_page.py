"""docs/shortcuts.md tells what invalidates a short cut, and all of it."""

import re
from pathlib import Path

from peep.shortcuts.fingerprint import COUNTED, COUNTED_STARTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "shortcuts.md").read_text("utf-8")
ROWS = re.search(r"\| variables \|.*?\n\n", PAGE, re.DOTALL)[0]


def test_every_variable_of_the_fingerprint_is_listed():
    assert set(re.findall(r"`([A-Z0-9_]+)`", ROWS)) - {"PEEP_BUILD_VARIABLES"} == {*COUNTED, *COUNTED_STARTS}


def test_every_module_that_the_page_names_is_there():
    named = re.findall(r"`((?:shortcuts|system)/\w+\.py)`", PAGE)
    sources = Path(__file__).resolve().parents[2] / "src" / "peep"

    assert named
    assert [name for name in named if not (sources / name).is_file()] == []
