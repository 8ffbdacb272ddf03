"""`peep` alone in a project: where it stands, and what comes next."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.cli.verbs.status import status_lines
from peep.dataclass import replace
from peep.workflows.status import Examined, Installed, ProjectStatus, next_command
from support.fake_index import FakeIndex
from support.wheels import wheel_bytes, wheel_filename

NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)
LISTED = ProjectStatus(source="requirements.in", listing="requirements.txt", pins=2, environment=".venv")
DONE = replace(
    LISTED,
    installed=Installed(".venv", 2, 0, NOW - timedelta(hours=3)),
    examined=Examined(2, 2, 1),
    advisories=NOW - timedelta(days=3),
)


@pytest.mark.parametrize(
    ("found", "command"),
    [
        (ProjectStatus(), "peep help"),
        (ProjectStatus(source="requirements.in"), "peep lock --target here"),
        (
            replace(LISTED, environment=None),
            "python3 -m venv --without-pip .venv && peep install --python .venv -r requirements.txt",
        ),
        (replace(DONE, examined=Examined(2, 1, 0)), "peep examine -r requirements.txt"),
        (replace(DONE, installed=Installed(".venv", 1, 1)), "peep install --python .venv -r requirements.txt"),
        (replace(DONE, installed=Installed(".venv", 2, 0)), "peep verify --python .venv -r requirements.txt"),
        (replace(DONE, advisories=None), "peep advisories fetch"),
        (replace(DONE, advisories=NOW - timedelta(days=8)), "peep advisories fetch"),
        (DONE, "peep audit -r requirements.txt"),
    ],
)
def test_the_next_command_is_one_step_further_round(found: ProjectStatus, command: str) -> None:
    assert next_command(found, NOW) == command


def test_each_place_in_the_circle_has_a_line() -> None:
    assert status_lines(DONE, "x", NOW) == [
        "list        requirements.txt: 2 pins",
        "examined    2 of 2 archives, 1 of them excused",
        "installed   .venv: 2 projects as listed",
        "proven      3 hours ago (2026-11-26 09:00 UTC)",
        "advisories  3 days ago (2026-11-23 12:00 UTC)",
        "",
        "next: x",
    ]


def test_outside_of_a_project_peep_alone_is_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run([]) == 0
    assert "Make the list:" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="names the environment's folders as POSIX has them")
def test_a_project_is_followed_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> dict[str, object]:
        capsys.readouterr()
        assert run(["status", "--format", "json"]) == 0
        value: dict[str, object] = json.loads(capsys.readouterr().out)
        return value

    monkeypatch.chdir(tmp_path)
    wheel = wheel_bytes("alpha", "1.0")
    digest = hashlib.sha256(wheel).hexdigest()
    with FakeIndex({"alpha": {wheel_filename("alpha", "1.0"): wheel}}) as index:
        listed = f"--index-url {index.simple_url}\nalpha==1.0 --hash=sha256:{digest}\n"
        Path("requirements.txt").write_text(listed)
        assert told()["installed"] is None
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], check=True)
        assert told()["installed"] == {"path": ".venv", "as_listed": 0, "to_change": 1, "proven": None}
        assert run(["install", "--python", ".venv", "-r", "requirements.txt"]) == 0
        assert told()["next"] == "peep verify --python .venv -r requirements.txt"
        assert run(["verify", "--python", ".venv", "-r", "requirements.txt"]) == 0
        assert told()["next"] == "peep advisories fetch"
        Path("requirements.txt").write_text("alpha ==\n")
        assert told()["problems"]
