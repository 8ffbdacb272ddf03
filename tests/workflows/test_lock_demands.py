"""Demands about builds (`--refuse-malware`, `--require-sandbox`), where `peep lock` would run a backend."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from peep.cli.main import run
from peep.system.sandbox import FoundIsolation, Isolation
from support.fake_index import FakeIndex
from support.osv import record, write_zip
from support.wheels import ASKING_PYPROJECT, IN_TREE_BACKEND, sdist_bytes, sdist_filename, wheel_bytes, wheel_filename

pytestmark = pytest.mark.process
NOW = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
SDIST = sdist_bytes(
    "lib",
    "1.0",
    pyproject=ASKING_PYPROJECT,
    files={
        "PKG-INFO": "Metadata-Version: 2.1\nName: lib\nVersion: 1.0\n",
        "in_tree_backend.py": IN_TREE_BACKEND.format(name="lib", version="1.0", folder="lib"),
    },
)
DIGEST = hashlib.sha256(SDIST).hexdigest()


class Place:
    def __init__(self, folder: Path, index: FakeIndex) -> None:
        self.folder, self.index = folder, index

    def knows(self, *records, modified: str = NOW) -> None:
        write_zip(self.folder / "PyPI.zip", [{**one, "modified": modified} for one in records])

    def demand(self, where: str) -> None:
        line = "# peep: --refuse-malware\n"
        (self.folder / "requirements.in").write_text(f"{line if where == 'source' else ''}lib\n")
        if where == "list":
            (self.folder / "requirements.txt").write_text(line)
        if where == "setting":
            (self.folder / "peep.toml").write_text("[audit]\nrefuse-malware = true\n")

    def lock(self, *words: str) -> int:
        return run(["lock", "-q", "-i", self.index.simple_url, "--target", "here", "--allow-build", "lib", *words])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PEEP_ADVISORIES", str(tmp_path / "PyPI.zip"))
    monkeypatch.chdir(tmp_path)
    files = {
        "lib": {sdist_filename("lib", "1.0"): SDIST},
        "saw": {wheel_filename("saw", "1.0"): wheel_bytes("saw", "1.0")},
    }
    with FakeIndex(files) as index:
        yield Place(tmp_path, index)


@pytest.mark.parametrize("where", ["source", "list", "setting"])
def test_a_tool_that_is_malware_is_not_run(place: Place, where: str, capsys):
    place.demand(where)
    place.knows(record("MAL-1", "saw", versions=["1.0"]))
    assert place.lock("--format", "json") == 1
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["kind"], problem["requirement"]["name"], problem["id"]) == ("known-malware", "saw", "MAL-1")
    assert not (place.folder / "build-constraints.txt").exists()


def test_an_archive_that_is_malware_by_its_bytes_does_not_say_what_it_requires(place: Place, capsys):
    place.demand("source")
    place.knows(record("MAL-2", "other", files={"other-1.tar.gz": DIGEST}))
    assert place.lock("--format", "json") == 1
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["requirement"]["name"], problem["certainty"]) == ("lib", "hash")


def test_what_could_not_be_judged_is_not_run(place: Place, capsys):
    place.demand("source")
    place.knows(record("MAL-1", "other", versions=["1.0"]), modified="2020-01-01T00:00:00Z")
    assert place.lock() == 4
    assert "run: peep advisories fetch" in capsys.readouterr().err
    assert not (place.folder / "requirements.txt").exists()


def test_what_nobody_lists_and_what_nobody_demands_is_run(place: Place):
    place.demand("source")
    place.knows(record("MAL-1", "other", versions=["1.0"]))
    assert place.lock() == 0
    place.demand("nowhere")
    place.knows(record("MAL-1", "saw", versions=["1.0"]))
    (place.folder / "requirements.txt").unlink()
    assert place.lock() == 0


@pytest.mark.parametrize("where", ["source", "list"])
def test_a_sandbox_that_is_demanded_and_cannot_be_had(place: Place, where: str, monkeypatch, capsys):
    none = FoundIsolation(Isolation.NONE, "there is no kernel")
    monkeypatch.setattr("peep.pipeline.locking.build_hooks.find_isolation", lambda: none)
    line = "# peep: --require-sandbox\n"
    (place.folder / "requirements.in").write_text(f"{line if where == 'source' else ''}lib\n")
    (place.folder / "requirements.txt").write_text(line if where == "list" else "")
    assert place.lock() == 1
    assert "--require-sandbox: there is no kernel" in capsys.readouterr().err
    assert not (place.folder / "build-constraints.txt").exists()
