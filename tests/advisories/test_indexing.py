"""The index of a snapshot: killed while it is made, made twice at once; the answers are right all the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from peep.advisories.lookup import LookupOptions, WantedAdvisories, look_up
from support.audit_run import NOW, AuditRun, ids_of
from support.listener import Listener
from support.osv import contents, record

RECORDS = 4000


@pytest.fixture
def large(audit: AuditRun) -> AuditRun:
    """A snapshot that is large enough to be indexed, in which `web` is affected."""
    filler = [record(f"PYSEC-9-{n}", f"p{n}", versions=["1"], details="x" * 900) for n in range(RECORDS)]
    with zipfile.ZipFile(audit.snapshot, "w") as archive:
        for name, content in contents([*filler, record("PYSEC-1", versions=["1"])]).items():
            archive.writestr(name, content)
    audit.pins("web==1", "p77==1")
    return audit


def started(audit: AuditRun) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "peep", "audit", "--offline", "--at", NOW, "--format", "json"]
    words = ["--advisories", str(audit.snapshot), "-r", "requirements.txt"]
    return subprocess.Popen(
        [*command, *words], cwd=audit.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def answered(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (1, "")
    report = json.loads(out)
    assert report["advisories"][0]["records"] == RECORDS + 1
    return ids_of(report["findings"])


def indexes() -> list[Path]:
    return sorted(Path.home().glob(".cache/peep/advisories/*.sqlite*"))


def test_two_at_once_are_right(large: AuditRun):
    both = [started(large), started(large)]
    assert [answered(one) for one in both] == [["PYSEC-9-77", "PYSEC-1"]] * 2
    assert [path.suffix for path in indexes()] == [".sqlite"]
    assert answered(started(large)) == ["PYSEC-9-77", "PYSEC-1"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed_while_indexing_the_next_run_is_right(large: AuditRun):
    process = started(large)
    deadline = time.monotonic() + 60
    while not indexes() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    was_indexing = bool(indexes()) and all(path.suffix != ".sqlite" for path in indexes())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert was_indexing
    assert answered(started(large)) == ["PYSEC-9-77", "PYSEC-1"]
    assert ".sqlite" in {path.suffix for path in indexes()}


def test_without_sqlite_the_answers_are_the_same(large: AuditRun):
    _, by_index = large.report("-r", "requirements.txt")
    code = "import sys; sys.modules['sqlite3'] = sys.modules['_sqlite3'] = None; from peep.cli.main import run; "
    words = [
        "audit",
        *large.arguments,
        "--format",
        "json",
        "--advisories",
        str(large.snapshot),
        "-r",
        "requirements.txt",
    ]
    command = [sys.executable, "-c", f"{code}sys.exit(run({words!r}))"]
    for index in indexes():
        index.unlink()
    done = subprocess.run(command, cwd=large.folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout) == by_index
    assert indexes() == []


def test_who_waits_for_an_index_is_told_how_far_it_is(large: AuditRun, tmp_path: Path):
    first, second = Listener(), Listener()
    for told in (first, second):
        options = LookupOptions(datetime.now(timezone.utc), "1", str(tmp_path / "indexes"), told)
        assert [*look_up([str(large.snapshot)], WantedAdvisories(frozenset({"web"})), options).advisories] == [
            "PYSEC-1"
        ]

    assert first.work == {"advisories read": RECORDS + 1}
    assert second.work == {}, "the index is there"
