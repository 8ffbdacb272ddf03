"""What start-up files bring in runs at start-up: every module that a line names, and what is called."""

import pytest

from support.comparing import compared, compared_releases
from support.releases import HARMLESS, TextRelease

LATE = "def go():\n    import inert.later\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.pth", "import os, inert.late\n"),
        ("a.pth", "import os; from inert.late import go\n"),
        ("a.pth", "import sys; exec('import inert.late')\n"),
        ("A.PTH", "# a comment\rimport inert.late\r"),
        ("a.start", "# a comment\ninert.late:go\n"),
    ],
)
def test_modules_that_a_startup_file_names(tmp_path, name, text):
    new = TextRelease("1.1", both={"inert/late.py": LATE, "inert/later.py": "A = 1\n"}, wheel={name: text})
    found = compared_releases(tmp_path, HARMLESS, new)
    moments = {change.path: change.moment for change in found.changes}
    assert (moments[name], moments["inert/late.py"]) == ("startup", "startup")
    assert moments["inert/later.py"] == ("startup" if name.endswith(".start") else "code")
    assert {hit.rule for hit in found.signals} == {"startup-code", "wheel-only"}


def test_another_wheel_of_the_release_starts_by_its_own_files(tmp_path):
    folder = TextRelease("1.1").write(tmp_path / "new")
    other = TextRelease(
        "1.1", both={"inert/late.py": LATE}, wheel={"a.pth": "import inert.late\n"}, tag="py3-none-win32"
    )
    (folder / "inert-1.1-py3-none-win32.whl").write_bytes(other.wheel_bytes())
    found = compared(HARMLESS.write(tmp_path / "old"), folder)
    assert {change.path: change.moment for change in found.changes}["inert/late.py"] == "startup"
