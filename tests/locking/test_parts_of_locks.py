"""Parts of other tools' locks that nothing of a project leads to, and places that peep does not fetch from."""

from __future__ import annotations

import json

import pytest

from peep.locking.conversion import convert, read_foreign_lock
from peep.locking.readers.locked import ReadLock, Selection

A = "sha256:" + "a" * 64
COMMIT = "c" * 40


def registry(name: str, version: str = "1.0") -> str:
    return f"""
[[package]]
name = "{name}"
version = "{version}"
source = {{ registry = "https://index.example/simple" }}
sdist = {{ url = "https://index.example/{name}-{version}.tar.gz", hash = "{A}" }}
"""


WORKSPACE = f"""
version = 1
[manifest]
members = ["one", "two"]
overrides = [{{ name = "lib", specifier = "==1.0" }}]
[manifest.dependency-groups]
dev = [{{ name = "tool", marker = "sys_platform == 'win32'" }}]
[[package]]
name = "one"
source = {{ editable = "packages/one" }}
dependencies = [{{ name = "lib" }}]
[[package]]
name = "two"
source = {{ editable = "packages/two" }}
dependencies = [{{ name = "other" }}]
{registry("lib")}{registry("other")}{registry("tool")}
"""
PROJECT = WORKSPACE.replace('members = ["one", "two"]', 'members = ["own", "one", "two"]').replace(
    '[[package]]\nname = "one"',
    '[[package]]\nname = "own"\nsource = { virtual = "." }\ndependencies = [{ name = "one" }]\n'
    '[[package]]\nname = "one"',
)


def read(name: str, text: str, **selection: tuple[str, ...]) -> ReadLock:
    return read_foreign_lock(text, name, Selection(**selection))


def told(found: ReadLock) -> list[str]:
    return [f"{loss.name}: {loss.what}" for loss in found.losses]


def test_groups_of_a_workspace_without_a_project_are_left_out_by_name_or_taken():
    plain = read("uv.lock", WORKSPACE)
    assert [one.name for one in plain.packages] == ["lib", "other"]
    assert plain.left_out == ("dev",)
    asked = read("uv.lock", WORKSPACE, groups=("dev",))
    assert [(one.name, one.marker) for one in asked.packages][-1] == ("tool", 'sys_platform == "win32"')
    assert asked.left_out == ()


def test_a_member_that_the_project_does_not_require_is_named():
    found = read("uv.lock", PROJECT)
    assert [one.name for one in found.packages] == ["lib"]
    assert "two: it is a member of the workspace that the project does not require: left out" in told(found)
    assert "one: it comes from packages/one (editable), which is no place that others have" in told(found)
    assert not any(line.startswith("two") for line in told(read("uv.lock", WORKSPACE)))


def test_a_key_of_the_manifest_that_is_not_known_is_told():
    found = read("uv.lock", WORKSPACE.replace("overrides =", "promises ="))
    assert ": its promises, which is not known here" in told(found)


PDM = f"""
[metadata]
groups = ["default"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
[[package]]
name = "app"
version = "1.0"
groups = ["default"]
{{place}}
files = [{{{{file = "app-1.0.tar.gz", hash = "{A}"}}}}]
"""


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (
            f'git = "http://a.example/r.git"\nrevision = "{COMMIT}"',
            "peep fetches repositories by https, ssh, file only",
        ),
        (f'git = "git://a.example/r.git"\nrevision = "{COMMIT}"', "peep fetches repositories by https, ssh, file only"),
        ('hg = "https://a.example/r"\nrevision = "tip"', "of version control systems peep knows git only"),
        (f'git = "https://a.example/r.git"\nrevision = "{COMMIT}"', ""),
        (f'git = "ssh://git@a.example/r.git"\nrevision = "{COMMIT}"', ""),
    ],
)
@pytest.mark.parametrize("output", ["requirements.txt", "pylock.toml", "Pipfile.lock"])
def test_a_commit_that_peep_does_not_fetch_is_a_loss_in_every_format(place, reason, output):
    written = convert(read("pdm.lock", PDM.format(place=place)), output)
    found = [loss.what for loss in written.refusals if "no install of peep takes it" in loss.what]
    assert bool(found) is bool(reason)
    assert all(what.endswith(reason) for what in found)
    assert "a.example/r" in written.text or place.startswith("hg")  # pip may take it


@pytest.mark.parametrize("kind", ["hg", "svn", "bzr"])
def test_a_repository_that_git_does_not_know_is_one_in_a_pipfile_lock_too(kind):
    entry = {kind: "https://a.example/r", "ref": "tip", "editable": True}
    found = read("Pipfile.lock", json.dumps({"_meta": {"pipfile-spec": 6}, "default": {"app": entry}}))
    assert [one.url for one in found.packages] == [f"{kind}+https://a.example/r@tip"]
    assert [loss.is_final for loss in convert(found, "requirements.txt").refusals] == [False]


def test_a_branch_is_told_as_what_it_is():
    entry = {"git": "ssh://git@a.example/r.git", "ref": "v1"}
    found = read("Pipfile.lock", json.dumps({"_meta": {"pipfile-spec": 6}, "default": {"app": entry}}))
    assert "app: it comes from ssh://****@a.example/r.git (git) at 'v1', which is no full commit" in told(found)


def test_entries_of_one_version_for_several_places_are_needed_in_all_of_them():
    one = PDM.format(place="marker = \"sys_platform == 'win32'\"")
    other = one.partition("[[package]]")[2].replace("win32", "darwin")
    extra = other.replace('groups = ["default"]', 'groups = ["default"]\nextras = ["fast"]').replace("darwin", "aix")
    found = read("pdm.lock", f"{one}[[package]]{other}[[package]]{extra}").packages
    assert [(package.marker, package.extras) for package in found] == [
        ('sys_platform == "win32" or sys_platform == "darwin"', ("fast",))
    ]
