"""The hooks for pre-commit: each definition as pre-commit reads it, each entry run as pre-commit runs it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from peep.cli.main import run
from support.small_project import index, programs, project

yaml = pytest.importorskip("yaml")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="programs are scripts of a POSIX shell here")

ROOT = Path(__file__).parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
LOCAL = yaml.safe_load((ROOT / "examples" / "pre-commit" / ".pre-commit-config.yaml").read_text("utf-8"))
KEYS = {"id", "name", "description", "entry", "args", "language", "pass_filenames", "files", "stages"}
"""Those of https://pre-commit.com (Creating new hooks) that are used here; a misspelt one would be passed over."""


def local_hooks() -> list[dict[str, Any]]:
    (repo,) = LOCAL["repos"]
    assert repo["repo"] == "local"
    hooks: list[dict[str, Any]] = repo["hooks"]
    return hooks


@pytest.mark.parametrize("hook", [*HOOKS, *local_hooks()], ids=lambda hook: f"{hook['id']} {hook['entry'].split()[0]}")
def test_a_definition_is_one_that_pre_commit_takes(hook: dict[str, Any]) -> None:
    assert {"id", "name", "entry", "language"} <= set(hook) <= KEYS
    assert hook["language"] == "system"
    assert hook["pass_filenames"] is False
    assert set(hook.get("stages", ())) <= {"pre-commit", "pre-push", "manual"}
    assert re.compile(hook["files"])


@pytest.mark.parametrize(
    ("hook", "path", "is_meant"),
    [
        ("peep-lock-check", "requirements.in", True),
        ("peep-lock-check", "service/pyproject.toml", True),
        ("peep-lock-check", "src/requirements.py", False),
        ("peep-check", "requirements-dev.txt", True),
        ("peep-check", "pylock.dev.toml", True),
        ("peep-vetting-fmt", "vetting/imports/partner.toml", True),
        ("peep-vetting-fmt", "vetting/notes.md", False),
        ("peep-examine", "vetting/audits.toml", True),
        ("peep-audit", "requirements.in", False),
    ],
)
def test_the_files_that_wake_a_hook(hook: str, path: str, is_meant: bool) -> None:
    (files,) = [one["files"] for one in HOOKS if one["id"] == hook]
    assert (re.search(files, path) is not None) == is_meant


def words(hook: dict[str, Any]) -> list[str]:
    """The command line of a hook."""
    return [*shlex.split(hook["entry"]), *hook.get("args", ())]


@pytest.mark.parametrize("hook", local_hooks(), ids=lambda hook: hook["id"])
def test_a_hook_over_the_one_file_does_what_the_same_hook_of_this_repository_does(hook: dict[str, Any]) -> None:
    (same,) = [one for one in HOOKS if one["id"] == hook["id"]]
    one_file = ["python3", "tools/peep.pyz"]

    assert words(hook)[:2] == one_file
    assert words(same) == ["peep", *words(hook)[2:]]
    assert hook["name"] == same["name"]


def test_each_entry_passes_on_a_project_in_order_and_fails_on_one_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with index() as running:
        project(folder, running)
        monkeypatch.setenv("PIP_INDEX_URL", running.simple_url)
        environ = programs(tmp_path / "bin")
        in_order = {
            hook["id"]: subprocess.run(
                words(hook), env=environ, capture_output=True, check=False, timeout=60
            ).returncode
            for hook in HOOKS
        }
        (folder / "requirements.in").write_text("alpha\nbeta<2\n")
        listed = [line for line in Path("requirements.txt").read_text().splitlines() if "beta" not in line]
        (folder / "requirements.txt").write_text("\n".join(listed) + f"\ngamma==1 --hash=sha256:{'0' * 64}\n")
        excused = folder / "vetting" / "excused.toml"
        excused.write_text(excused.read_text() + "\n\n")
        spoilt = {hook["id"]: run(words(hook)[1:]) for hook in HOOKS}

    # Without advisories nothing can be judged, and that is no success.
    assert in_order == {one: 4 if one == "peep-audit" else 0 for one in in_order}
    assert spoilt == {one: 4 if one == "peep-audit" else 1 for one in in_order}
