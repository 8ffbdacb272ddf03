"""`peep` alone in a project: where it stands, and what comes next."""

from __future__ import annotations

import hashlib
import json
import os
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


EVERYTHING_ANEW = "python3 -m venv --clear --without-pip .venv && peep install --python .venv -r 'a list.txt'"
"""Where there is an environment that is broken."""


@pytest.mark.parametrize(
    ("found", "command"),
    [
        (ProjectStatus(), "peep help"),
        (ProjectStatus(source="requirements.in"), "peep lock --target here"),
        (
            replace(LISTED, environment=None),
            "python3 -m venv --without-pip .venv && peep install --python .venv -r requirements.txt",
        ),
        (ProjectStatus(foreign_lock="uv.lock", source="pyproject.toml"), "peep convert uv.lock -o pylock.toml"),
        (ProjectStatus(above="../.."), "cd ../.. && peep"),
        (ProjectStatus(is_bundle=True), "peep bundle check ."),
        (replace(LISTED, is_readable=False), "peep examine -r requirements.txt"),
        (replace(DONE, unusable=1), "peep lock --target here"),
        (replace(DONE, unusable=1, source=None), "peep lock --target here requirements.txt -o pylock.toml"),
        (replace(DONE, unfulfilled=("flask>=3",), targets=("cp312-win_amd64",)), "peep lock"),
        (replace(DONE, unfulfilled=("flask>=3",), listing="pylock.toml"), "peep lock --target here -o pylock.toml"),
        (replace(LISTED, has_records=None), "peep examine -r requirements.txt"),
        (replace(DONE, environment=None, examined=Examined(2, 1, 0)), "peep examine -r requirements.txt"),
        (replace(DONE, examined=Examined(2, 1, 0)), "peep examine -r requirements.txt"),
        (replace(DONE, listing="a list.txt", installed=None), EVERYTHING_ANEW),
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
        assert told()["installed"] == {
            "path": ".venv", "as_listed": 0, "to_change": 1, "unlisted": 0, "proven": None
        }  # fmt: skip
        assert run(["install", "--python", ".venv", "-r", "requirements.txt"]) == 0
        assert told()["next"] == "peep verify --python .venv -r requirements.txt"
        assert run(["verify", "--python", ".venv", "-r", "requirements.txt"]) == 0
        assert told()["next"] == "peep advisories fetch"
        Path("requirements.txt").write_text("alpha ==\n")
        assert told()["problems"]


DIGEST = "0" * 64
LOCK = f"""\
lock-version = "1.0"
created-by = "test"
[[packages]]
name = "alpha"
version = "1.0"
wheels = [{{name = "alpha-1.0-py3-none-any.whl", url = "https://files.example/alpha-1.0-py3-none-any.whl", hashes = {{sha256 = "{DIGEST}"}}}}]
"""  # noqa: E501
PIN = f"alpha==1.0 --hash=sha256:{DIGEST}\n"
PROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = ["alpha>=2", "beta; python_version < \'3\'"]\n'

Files = dict[str, "str | bytes | None"]


@pytest.mark.parametrize(
    ("files", "expected", "command"),
    [
        ({}, ["no list of pins here"], "peep help"),
        ({"requirements.in": "alpha\n"}, ["not made yet; its source is requirements.in"], "peep lock"),
        ({"pyproject.toml": PROJECT}, ["not made yet; its source is pyproject.toml"], "peep lock"),
        ({"pyproject.toml": "[tool.x]\n"}, ["no list of pins here"], "peep help"),
        ({"poetry.lock": "", "pyproject.toml": PROJECT}, ["poetry.lock is another tool's"], "peep convert poetry.lock"),
        ({"requirements.txt": None, "pylock.toml": None}, ["no list of pins here"], "peep help"),
        ({"requirements.txt": ""}, ["requirements.txt: 0 pins"], "peep help add"),
        ({"requirements.txt": "alpha==1.0\nbeta\n"}, ["0 pins; 2 lines without a pin or a hash"], "peep lock"),
        ({"requirements.txt": PIN, "requirements.in": "alpha>=2\n"}, ["not listed: alpha>=2"], "peep lock"),
        ({"requirements.txt": PIN, "requirements.in": "alpha<2\n"}, ["requirements.txt: 1 pin\n"], "python3 -m venv"),
        ({"requirements.txt": PIN, "pyproject.toml": PROJECT}, ["not listed: alpha>=2\n"], "peep lock"),
        ({"requirements.txt": PIN, "pyproject.toml": "[project]\nx=["}, ["fault"], "peep examine"),
        ({"pylock.toml": LOCK}, ["pylock.toml: 1 pin"], "python3 -m venv"),
        ({"pylock.toml": LOCK, "requirements.txt": PIN}, ["not looked at: requirements.txt"], "python3 -m venv"),
        ({"pylock.toml": "x = ["}, ["pylock.toml: cannot be read", "fault"], "peep examine -r pylock.toml"),
        ({"requirements/base.txt": PIN, "requirements/a b.txt": PIN}, ["requirements/a b.txt"], "python3 -m venv"),
        ({"requirements/base.txt": PIN, "requirements.txt": "-r requirements/base.txt\n"}, ["txt: 1 pin\n"], "python3"),
        ({"requirements.txt": "-r gone.txt\n"}, ["gone.txt cannot be read"], "peep examine"),
        ({"requirements.txt": "-r requirements.txt\n"}, ["includes itself"], "peep examine"),
        ({"requirements.txt": b"\xf1\xff\x00"}, ["is not valid utf-8"], "peep examine"),
        ({"requirements.txt": PIN, "vetting/notes.md": ""}, ["0 of 1 archive"], "peep examine"),
        ({"requirements.txt": PIN, "vetting/audits.toml": "x=["}, ["not known", "fault"], "peep examine"),
        ({"requirements.txt": PIN, "peep.toml": "x=["}, ["not known", "peep.toml:1"], "peep examine"),
        ({"requirements.txt": f"# peep: --vetting gone\n{PIN}"}, ["there is no folder gone"], "peep examine"),
        ({"requirements.txt": PIN, ".venv/pyvenv.cfg": ""}, ["could not be compared"], "python3 -m venv --clear"),
        ({"bundle.json": "{}"}, ["is a bundle"], "peep bundle check ."),
        ({"../requirements.txt": PIN, "../.git/HEAD": ""}, ["the project is above: .."], "cd .. && peep"),
        ({"../requirements.txt": PIN}, ["no list of pins here"], "peep help"),
        ({"../requirements.txt": PIN, ".git": ""}, ["no list of pins here"], "peep help"),
    ],
)
def test_whatever_lies_there_is_told_in_a_few_lines(
    files: Files, expected: list[str], command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """None: a folder of that name."""
    here = tmp_path / "project"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    for name, content in files.items():
        path = here / name
        path.parent.mkdir(exist_ok=True)
        if content is None:
            path.mkdir()
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    assert run(["status"]) == 0
    told, errors = capsys.readouterr()
    assert errors == ""
    assert [one for one in expected if one not in told.replace("\n            ", " ")] == [], told
    assert told.splitlines()[-1].startswith(f"next: {command}")
    assert all(len(line) <= 80 for line in told.splitlines()[:-1])
    assert len(told.splitlines()) <= 10


def test_no_server_is_asked_not_even_for_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with FakeIndex({}) as index:
        Path("requirements.txt").write_text(f"-i {index.simple_url}\n-r {index.url}/list.txt\n{PIN}")
        assert run(["status"]) == 0
        assert index.requests == ()
    assert "no server is asked here" in capsys.readouterr().out.replace("\n            ", " ")


def test_what_is_installed_beside_the_list_is_told_and_keeps_nobody_from_going_on() -> None:
    done = replace(DONE, installed=Installed(".venv", 2, 0, NOW, unlisted=3))
    assert "installed   .venv: 2 projects as listed, 3 not listed" in status_lines(done, "x", NOW)
    assert next_command(done, NOW) == "peep audit -r requirements.txt"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user who may not read everything")
def test_a_list_that_nobody_may_read_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").touch(mode=0)
    assert run(["status"]) == 0
    assert "cannot be read" in capsys.readouterr().out


def test_it_loads_little(tmp_path: Path) -> None:
    """People look often: neither what examines and locks, nor a network, is loaded; half of its time went there."""
    (tmp_path / "requirements.txt").write_text(PIN)
    (tmp_path / "requirements.in").write_text("alpha\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    counting = "import sys; from peep.cli.main import main; main(); print(*sys.modules)"
    asked = [sys.executable, "-c", counting, "status"]
    loaded = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()

    assert "peep.workflows.status" in loaded
    heavy = ("peep.examine", "peep.locking", "urllib3", "ssl", "nab_resolver")
    assert [name for name in loaded if name.startswith(heavy)] == []
