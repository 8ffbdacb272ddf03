"""The container file of the examples: its instructions carried out in folders, by the programs of this machine."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from support.container_file import build, instructions
from support.small_project import index, programs, project

pytestmark = pytest.mark.skipif(os.name == "nt", reason="images of a POSIX system")
FILE = Path(__file__).parents[2] / "examples" / "container" / "Containerfile"


def test_what_it_builds_runs_as_vetted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, scratch = tmp_path / "context", tmp_path / "scratch"
    context.mkdir()
    scratch.mkdir()
    monkeypatch.chdir(context)
    with index() as running:
        project(context, running)
        environ = {**programs(tmp_path / "bin"), "PIP_INDEX_URL": running.simple_url}
        carry, install, image = build(FILE.read_text("utf-8"), context, scratch, environ)

    assert [flags.get("network") for flags, _ in carry.ran] == [None]
    assert {flags.get("network") for flags, _ in install.ran} == {"none"}
    assert sorted(path.name for path in image.root.iterdir()) == ["app", "environment-digest", "venv"]
    assert re.fullmatch(r"(sha256:)?[0-9a-f]{64}.*\n", image.place("/environment-digest").read_text())
    assert image.user == "65532:65532"
    python, *words = image.command
    done = subprocess.run(
        [image.place(python), *words], cwd=image.place("."), capture_output=True, text=True, check=False
    )
    assert done.stdout == "alpha is here\n", done.stderr


def test_each_stage_begins_from_the_one_base_that_can_be_pinned() -> None:
    words = list(instructions(FILE.read_text("utf-8")))

    assert words[0] == ("ARG", "BASE=python:3.13-slim")
    assert {rest.split()[0] for word, rest in words if word == "FROM"} == {"${BASE}"}
    assert not [rest for word, rest in words if word == "RUN" and re.search(r"\b(pip3? install|curl|wget)\b", rest)]
