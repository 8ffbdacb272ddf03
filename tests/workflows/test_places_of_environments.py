"""One environment is the same by whatever path it is reached, and one that was moved is told as that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path

import pytest

from peep.proof.spellings import real_folder
from support.command import peep
from support.fake_index import FakeIndex
from support.proving_ground import usual_projects

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights there")


@pytest.fixture
def index():
    with FakeIndex(usual_projects()) as running:
        yield running


@pytest.fixture
def releases(tmp_path: Path, index: FakeIndex) -> Path:
    """`current` leads to `releases/1`, an environment that alpha was installed into through the link."""
    venv.create(tmp_path / "releases" / "1", with_pip=False, symlinks=True)
    (tmp_path / "current").symlink_to("releases/1")
    (tmp_path / "other").symlink_to(tmp_path / "current")
    install(tmp_path, "current", index)
    return tmp_path


def install(folder: Path, place: str, index: FakeIndex) -> None:
    (wheel,) = (name for name in usual_projects()["alpha"] if name.endswith(".whl"))

    (folder / "r.txt").write_text(f"alpha==1.0 --hash=sha256:{sha256(usual_projects()['alpha'][wheel]).hexdigest()}\n")
    ended = peep("install", "-r", "r.txt", "--python", place, "-i", index.simple_url, cwd=folder)
    assert ended.returncode == 0, ended


def verify(folder: Path, place: str | Path, *more: str) -> tuple[int, list[str]]:
    ended = peep("verify", "--python", place, *more, cwd=folder)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout.splitlines()


SPELLINGS = ("current", "releases/1", "other", "current/bin/python3", "./releases/../current", "other/../1")


@pytest.mark.parametrize("place", SPELLINGS)
def test_every_spelling_is_the_same_environment(releases: Path, place: str):
    assert (releases / "current/bin/alpha").read_text().startswith(f"#!{releases}/current/bin/python")
    for spelled in (place, releases / place):
        status, lines = verify(releases, spelled)
        assert (status, lines[-1].split(":")[0]) == (0, "proven"), lines
    digests = {peep("digest", "--python", one, cwd=releases).stdout for one in (place, "releases/1")}
    assert len(digests) == 1


def test_installing_again_through_another_path_has_nothing_to_do(releases: Path, index: FakeIndex):
    before = (releases / "current/bin/alpha").read_bytes()
    install(releases, "releases/1", index)
    assert (releases / "current/bin/alpha").read_bytes() == before


@pytest.mark.parametrize("folder", ["bin", "lib"])
def test_a_folder_that_is_a_link_is_told_once_and_nothing_behind_it(tmp_path: Path, index: FakeIndex, folder: str):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    (tmp_path / "env" / folder).rename(tmp_path / "elsewhere")
    (tmp_path / "env" / folder).symlink_to(tmp_path / "elsewhere")
    install(tmp_path, "env", index)
    status, lines = verify(tmp_path, "env")
    assert status == 1
    assert [line.partition(": a link to")[0] for line in lines[:-1]] == [f"added-elsewhere: {folder}"], lines


@pytest.mark.parametrize("leaves_the_link", [True, False])
def test_a_moved_environment_is_told_as_that_once(releases: Path, *, leaves_the_link: bool):
    (releases / "releases/1").rename(releases / "moved")
    if not leaves_the_link:
        (releases / "current").unlink()
        (releases / "current").symlink_to("moved")
    status, lines = verify(releases, "moved")
    assert status == 1
    assert [line.partition(":")[0] for line in lines] == ["moved", "not proven"], lines
    assert f"it was made as {releases}/releases/1" in lines[0]
    assert "move it back" in lines[0]


def test_what_else_was_changed_in_a_moved_environment_is_told_as_well(releases: Path):
    (releases / "releases/1").rename(releases / "moved")
    program = releases / "moved/bin/alpha"
    program.write_text(program.read_text().replace(str(releases), "/elsewhere"))
    *found, last = verify(releases, "moved")[1]
    kinds = {line.partition(":")[0] for line in found}
    assert kinds == {"moved", "altered-launcher", "edited-record", "not proven"}
    assert last == "the same command with --fix puts back what is listed"


def test_pip_that_came_with_an_environment_is_told_once_with_it(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "link" / "env"], check=True)
    assert (tmp_path / "real/env/bin/pip").read_text().startswith(f"#!{tmp_path}/link/env/bin/python")
    assert verify(tmp_path, "real/env")[0] == 0
    (tmp_path / "real/env").rename(tmp_path / "moved")
    assert [line.partition(":")[0] for line in verify(tmp_path, "moved")[1]] == ["moved", "not proven"]


def test_a_copy_is_told_as_that(releases: Path):
    shutil.copytree(releases / "releases/1", releases / "copy", symlinks=True)
    assert [line.partition(":")[0] for line in verify(releases, "copy")[1]] == ["moved", "not proven"]


@pytest.mark.parametrize(
    "line", ["/elsewhere/bin/python", "{here}/releases/1/bin/alpha", "{here}/elsewhere/bin/python"]
)
def test_a_program_for_another_interpreter_is_none_of_these_spellings(releases: Path, line: str):
    (releases / "elsewhere").symlink_to("/usr")
    program = releases / "current/bin/alpha"
    rest = program.read_bytes().partition(b"\n")[2]
    program.write_bytes(b"#!" + line.format(here=releases).encode() + b"\n" + rest)
    assert "altered-launcher" in {text.partition(":")[0] for text in verify(releases, "current")[1]}


def test_a_link_that_others_may_change_is_no_way_to_the_environment(releases: Path):
    """V6: whoever can write to its folder may lead it elsewhere after the proof."""
    shared = releases / "shared"
    shared.mkdir()
    (shared / "link").symlink_to(releases / "releases/1")
    program = releases / "current/bin/alpha"
    program.write_bytes(program.read_bytes().replace(b"current/bin", b"shared/link/bin"))
    assert real_folder(f"{shared}/link/bin") == f"{releases}/releases/1/bin"
    shared.chmod(0o777)
    assert real_folder(f"{shared}/link/bin") == f"{shared}/link/bin"
    assert "altered-launcher" in {text.partition(":")[0] for text in verify(releases, "current")[1]}
    assert real_folder("/nowhere/at/all") == "/nowhere/at/all"
