"""What was read before: steps between contents, the moment at which they run, and the record in the user's folder."""

import json
import os
import stat
import sys
from itertools import product
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.examine.read_before import ReadStep, parsed_steps, read_before, steps_of, steps_text
from peep.examine.types import MOMENTS, Change
from peep.pipeline.vetting.reading_record import FILE, ReadingRecord, data_folder
from support.releases import HARMLESS, TextRelease

A, B, C = "a" * 64, "b" * 64, "c" * 64


def change(sha256, since="", moment="import"):
    return Change("x.py", "", "changed", moment, (), True, 1, 1, 1, "", sha256, since, False)  # noqa: FBT003


def is_covered(one, *steps):
    return bool(read_before([one], steps))


@pytest.mark.parametrize(
    ("one", "steps"),
    [
        (change(B, A), [ReadStep(B, A, "import")]),
        (change(B, A), [ReadStep(B, "", "import")]),
        (change(B, A, "test"), [ReadStep(B, A, "startup")]),
        (change(C, A), [ReadStep(B, A, "import"), ReadStep(C, B, "build")]),
        (change(C), [ReadStep(A, "", "import"), ReadStep(C, A, "import")]),
        (change(A, A, "startup"), [ReadStep(A, A, "startup")]),
    ],
)
def test_steps_cover_a_change(one, steps):
    assert is_covered(one, *steps)


@pytest.mark.parametrize(
    ("one", "steps"),
    [
        (change(B, A), []),
        (change(B, A), [ReadStep(A, "", "import")]),
        (change(B, A), [ReadStep(B, C, "import")]),  # what was compared with then was never read
        (change(B), [ReadStep(B, A, "import")]),  # all of it is new here
        (change(B, A, "startup"), [ReadStep(B, A, "test")]),
        (change(A, A, "startup"), [ReadStep(A, "", "test")]),  # a test that became what runs at every start
        (change(C, A), [ReadStep(B, A, "test"), ReadStep(C, B, "import")]),
        (change("", A), [ReadStep(B, A, "import")]),
    ],
)
def test_what_was_not_read_like_that_is_not_covered(one, steps):
    assert not is_covered(one, *steps)


def test_steps_are_those_of_the_files_that_were_read():
    changes = [change(B, A), change(C, A, "test")]
    assert steps_of(changes, {("x.py", B), ("y.py", C)}) == (ReadStep(B, A, "import"),)


def test_lines_give_their_steps_back():
    steps = tuple(ReadStep(*one) for one in product((A, B, C), ("", A, B), MOMENTS))
    assert parsed_steps(steps_text(steps)) == (steps, 0)


def test_lines_that_mean_nothing_are_counted():
    assert parsed_steps(f"{A} - import\n\n{A} import\n{A} - lunch\n{B} {A} te") == ((ReadStep(A, "", "import"),), 3)


class Heard:
    def __init__(self):
        self.warnings = []

    def warning(self, text):
        self.warnings.append(text)


def test_a_record_that_was_cut_off_goes_on_in_a_line_of_its_own(tmp_path):
    heard = Heard()
    (tmp_path / FILE).write_text(f"{A} - import\n{B} - imp")
    record = ReadingRecord(str(tmp_path), heard)
    record.add([ReadStep(C, "", "code"), ReadStep(A, "", "import")])
    assert heard.warnings == [f"{tmp_path / FILE}: 1 lines mean nothing, and count for nothing"]
    assert (tmp_path / FILE).read_text() == f"{A} - import\n{B} - imp\n{C} - code\n"
    assert ReadingRecord(str(tmp_path), heard).steps == (ReadStep(A, "", "import"), ReadStep(C, "", "code"))


@pytest.mark.skipif(sys.platform == "win32", reason="access lists say who may write there")
def test_a_record_that_others_may_write_counts_for_nothing(tmp_path):
    heard = Heard()
    ReadingRecord(str(tmp_path), heard).add([ReadStep(A, "", "import")])
    assert stat.S_IMODE(os.stat(tmp_path / FILE).st_mode) == 0o600
    tmp_path.chmod(0o777)
    assert ReadingRecord(str(tmp_path), heard).steps == ()
    assert "any user may change it" in heard.warnings[0]


def test_a_record_that_cannot_be_written_is_told(tmp_path):
    heard = Heard()
    (tmp_path / "file").write_text("")
    record = ReadingRecord(str(tmp_path / "file" / "peep"), heard)
    record.add([ReadStep(A, "", "import")])
    assert "cannot be remembered" in heard.warnings[-1]


CHANGED = TextRelease("1.1", both={"inert/core.py": "x = 1\n", "inert/tests/hook.py": "y = 1\n"})
STARTING = TextRelease("1.2", both={"inert/core.py": "x = 1\n"}, wheel={"sitecustomize.py": "y = 1\n"})


def diffed(capsys, old, new, *words):
    assert run(["diff", "-q", "--format", "json", str(old), str(new), *words]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return json.loads(said.out)


def test_what_a_reading_says_is_read_before_in_the_next_comparison(tmp_path, capsys):
    folders = []
    for one in (HARMLESS, CHANGED, STARTING):
        folder = tmp_path / one.version
        folder.mkdir()
        one.write(folder)
        folders.append(folder)
    found = diffed(capsys, *folders[:2])
    assert not any(one["read_before"] for one in found["changes"])
    read = [
        {"path": one["path"], "sha256": one["sha256"] or "", "since": one["since"] or ""} for one in found["changes"]
    ]
    release = {"version": "1", "archives": []}
    reading = {
        "format": "peep reading 1",
        "project": "inert",
        "old": release,
        "new": release,
        "read": read,
        "unread": [],
    }
    (tmp_path / "r.json").write_text(json.dumps(reading))
    diffed(capsys, *folders[:2], "--read", str(tmp_path / "r.json"))
    assert Path(data_folder(), FILE).is_file()

    again = diffed(capsys, *folders[:2])
    assert all(one["read_before"] for one in again["changes"])
    later = {one["path"]: one for one in diffed(capsys, folders[0], folders[2])["changes"]}
    assert later["inert/core.py"]["read_before"]
    assert not later["sitecustomize.py"]["read_before"]  # it was read as a test
