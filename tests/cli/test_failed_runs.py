"""Runs that end with an error under `--format json`: one document of everything that is wrong, and words beside it."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from peep.cli.main import run
from support.mirror_verbs import begun

BROKEN = "demo-1.0-py3-none-any.whl"


def ended(words: list[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(words)
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror, and beside it files that are nothing of what their names say."""
    folder = tmp_path_factory.mktemp("failed")
    begun(folder / "mirror")
    for name in (BROKEN, "billing-1.0-py3-none-any.whl", "broken.tar", "broken.zip"):
        (folder / name).write_bytes(b"nothing")
    (folder / "broken.txt").write_text("demo==1.0 --hash=sha256:short\n?\n")
    return folder


RUNS = {
    "advisories info": "advisories info {0}/broken.zip",
    "advisories show": "advisories show CVE-1 --advisories {0}/broken.zip",
    "bundle apply": "bundle apply {0}/broken.tar {0}/nowhere",
    "bundle check": "bundle check {0}/nowhere",
    "bundle create": "bundle create {0}/new -r {0}/missing.txt",
    "bundle diff": "bundle diff {0}/nowhere {0}/broken.tar",
    "bundle pack": "bundle pack {0}/nowhere -o {0}/new.tar",
    "bundle unpack": "bundle unpack {0}/broken.tar {0}/new",
    "check": "check -r {0}/missing.txt",
    "convert": "convert {0}/missing.txt -o {0}/new.txt",
    "diff": "diff {0}/missing-1.0.tar.gz {0}/missing-1.1.tar.gz",
    "examine": "examine -r {0}/missing.txt",
    "install": "install -r {0}/broken.txt",
    "lock": "lock {0}/missing.in",
    "mirror add": "mirror add {0}/mirror {0}/billing-1.0-py3-none-any.whl --source ours",
    "mirror check": "mirror check {0}/nowhere",
    "mirror init": "mirror init {0}/mirror",
    "mirror prune": "mirror prune {0}/mirror -r {0}/missing.txt",
    "mirror publish": "mirror publish {0}/nowhere {0}/public",
    "mirror status": "mirror status {0}/mirror billing archived",
    "mirror sync": "mirror sync {0}/mirror -r {0}/broken.txt",
    "mirror write": "mirror write {0}/nowhere",
    "mirror yank": "mirror yank {0}/mirror billing==1.0 --undo",
}


@pytest.mark.parametrize("verb", sorted(RUNS))
def test_a_failed_run_prints_one_document(verb: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    status, out, err = ended([*RUNS[verb].format(folder).split(), "--format", "json"])
    told = json.loads(out)

    assert status in {1, 4}
    assert told["problems"]
    assert all(problem["kind"] for problem in told["problems"])
    assert err


@pytest.mark.parametrize("words", ["mirror write", "bundle check", "lock --no-such-option"])
def test_a_command_line_that_cannot_be_prints_none(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    status, out, err = ended([*words.split(), "--format", "json"])

    assert (status, out) == (2, "")
    assert err


def failed(words: str, folder: Path) -> dict[str, Any]:
    status, out, _ = ended([*words.format(folder).split(), "--format", "json"])
    assert status == 1
    value: dict[str, Any] = json.loads(out)
    return value


def test_every_broken_archive_is_told_with_what_the_verb_always_tells(folder: Path):
    words = f"mirror add {{0}}/mirror {{0}}/{BROKEN} {{0}}/billing-1.0-py3-none-any.whl {{0}}/missing.whl --source ours"
    told = failed(words, folder)

    assert (told["serial"], told["projects"], told["pages"], told["files"]["added"]) == (None, [], 0, [])
    kinds = [(one["kind"], one.get("filename"), one.get("requirement")) for one in told["problems"]]
    assert kinds[:2] == [("bad-archive", BROKEN, None), ("bad-archive", "billing-1.0-py3-none-any.whl", None)]
    assert "missing.whl" in told["problems"][2]["reason"]


def test_every_bad_line_is_told_with_its_place(folder: Path):
    told = failed("install -r {0}/broken.txt", folder)

    places = [(place["line"], one["kind"]) for one in told["problems"] for place in one["locations"]]
    assert (2, "failure") in places
