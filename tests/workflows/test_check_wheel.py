"""`peep check-wheel`: one report for each path, whatever is there."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from peep.cli.verbs.check_wheel import report_lines
from peep.workflows.check_wheel import WheelReport, check_wheels
from support.wheels import record_row, wheel_bytes, wheel_members

NAME = "demo-1.0-py3-none-any.whl"


def test_every_path_has_its_report_in_order(tmp_path: Path) -> None:
    fine, cut, missing = tmp_path / NAME, tmp_path / "other-1.0-py3-none-any.whl", tmp_path / "none.whl"
    fine.write_bytes(wheel_bytes("demo", "1.0", files={"demo.pth": "import demo\n", "demo.py": ""}))
    cut.write_bytes(b"PK\3\4")

    assert check_wheels([str(fine), str(cut), str(missing), str(tmp_path)]) == (
        WheelReport(str(fine), (), startup_files=("demo.pth",), file_count=5, unpacked_size=size_of_files(fine)),
        WheelReport(str(cut), ("is not a ZIP file: it has no end-of-central-directory record",)),
        WheelReport(str(missing), ("cannot be read: No such file or directory",)),
        WheelReport(str(tmp_path), ("cannot be read: Is a directory",)),
    )


def size_of_files(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def test_all_wrong_contents_are_found_not_only_the_first(tmp_path: Path) -> None:
    files = {"demo/a.py": b"a", "demo/b.py": b"b"}
    rows = [
        record_row(path, b"c" if path in files else content)
        for path, content in wheel_members("demo", "1.0", files=files).items()
        if not path.endswith("RECORD")
    ]
    record = "\n".join([*rows, "demo-1.0.dist-info/RECORD,,"])
    path = tmp_path / NAME
    path.write_bytes(wheel_bytes("demo", "1.0", files=files, record=record))

    assert check_wheels([str(path)])[0].problems == (
        "demo/a.py: its content does not have the sha256 that RECORD states",
        "demo/b.py: its content does not have the sha256 that RECORD states",
    )


def test_the_text_says_the_verdict_first() -> None:
    report = WheelReport("a.whl", ("x: is bad",), ("odd",), ("a.pth",), 3, 10)

    assert report_lines(report) == [
        "a.whl: 1 problem",
        "  problem: x: is bad",
        "  warning: odd",
        "  runs at every start of the interpreter: a.pth",
    ]
    assert report_lines(WheelReport("b.whl", (), (), (), 1, 10)) == ["b.whl: fine (1 file, 10 bytes)"]


REAL_WHEELS = os.environ.get("PEEP_REAL_WHEELS", "")


@pytest.mark.slow
@pytest.mark.skipif(not REAL_WHEELS, reason="PEEP_REAL_WHEELS names no folder of wheels to check")
def test_real_wheels_are_acceptable() -> None:
    """Fill the folder with `pip download --only-binary :all: -d FOLDER …`; whatever truly lies must be looked at."""
    paths = sorted(str(path) for path in Path(REAL_WHEELS).glob("*.whl"))
    refused = [report for report in check_wheels(paths) if not report.is_acceptable]

    assert paths
    assert refused == []
