"""Scanned imports against those of the syntax tree, however a file is laid out; long contents that are not slow."""

import time

import pytest

from peep.examine.facts import IMPORT, facts_of
from peep.examine.import_scan import is_scan_certain, scanned_imports
from support.comparing import compared_releases
from support.releases import HARMLESS, TextRelease

LAYOUTS = (
    b"from.near import one\n",
    b"from .import one\n",
    b"from .. far . away import one as other, two\n",
    b"from . import(one,\n    two)\n",
    b"from near import (\n    one,  # a bracket (\n    two)\n",
    b"import one;import two; from three import four\n",
    b"if True:\n    import one; import two\n",
    b"try:import one\nexcept ImportError:import two\n",
    b"from \\\n    one import two\n",
    b"# a comment\rimport one\rfrom two import three\r",
    b"\x0cimport one\n",
    b"def go():\n    pass\n  \x0c\nimport one\n",
    b"\xef\xbb\xbfimport one\n",
    b"import one . two\n",
)


@pytest.mark.parametrize("content", LAYOUTS)
def test_what_module_level_imports(content):
    exact = {(one.module, one.level) for one in facts_of(content).imports if one.when == IMPORT}
    assert exact
    assert exact <= {(one.module.replace(" ", ""), one.level) for one in scanned_imports(content).imports}


@pytest.mark.parametrize(
    "content", [b"def go(): import one\n", b"class A:\n    async def go(self): from one import two; import three\n"]
)
def test_what_a_function_of_one_line_imports(content):
    exact = {one.module for one in facts_of(content).imports}
    scan = scanned_imports(content)
    assert exact <= {one.module for one in (*scan.imports, *scan.local)}
    assert "one" not in {one.module for one in scan.imports}


@pytest.mark.parametrize(
    ("content", "is_certain"),
    [
        (b"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\n", True),
        (b"import typing as t\nif t.TYPE_CHECKING :\n    import a\n", True),
        (b"if not TYPE_CHECKING:\n    import a\n", False),
        (b"if TYPE_CHECKING or TYPE_CHECKING:\n    import a\n", False),
        (b"MY_TYPE_CHECKING = 1\n", False),
    ],
)
def test_guards_for_type_checkers(content, is_certain):
    assert is_scan_certain(content) is is_certain


@pytest.mark.parametrize(
    ("path", "piece"),
    [
        ("inert/core.py", " "),
        ("inert/page.js", " "),
        ("inert/core.py", "import("),
        ("inert/core.py", "\\\n"),
        ("inert/core.py", "import TYPE_CHECKED "),
        ("inert/core.py", "; from a a "),
        ("setup.cfg", "from "),
        ("setup.py", "root "),
        ("setup.py", "a.py/"),
    ],
)
def test_long_files_that_repeat_what_a_pattern_begins_with(tmp_path, path, piece):
    """The processor's time: of patterns that go over the rest of a file again for each piece it was minutes."""
    text = "TYPE_CHECKING\n" + piece * (100_000 // len(piece))
    both, sdist = ({path: text}, {}) if path.startswith("inert/") else ({}, {path: text})
    old = TextRelease("1.0", both=dict.fromkeys(both, f"{text}#"), sdist=dict.fromkeys(sdist, f"{text}#"))
    started = time.process_time()
    compared_releases(
        tmp_path, old if piece in ("import(", "\\\n") else HARMLESS, TextRelease("1.1", both=both, sdist=sdist)
    )
    assert time.process_time() - started < 8


def test_many_gaps_of_lines_that_are_all_alike(tmp_path):
    """`difflib` takes what grows with the pairs of equal lines: half a minute for these."""
    before = "".join(f"mark {number}\n" + "x\ny\n" * 150 for number in range(300))
    now = "".join(f"mark {number}\n" + "y\nx\nz\n" * 110 for number in range(300))
    old, new = (TextRelease(one, both={"inert/a.txt": text}) for one, text in (("1.0", before), ("1.1", now)))
    started = time.process_time()
    found = compared_releases(tmp_path, old, new)
    assert time.process_time() - started < 8
    assert next(change.plus for change in found.changes if change.path == "inert/a.txt") > 0
