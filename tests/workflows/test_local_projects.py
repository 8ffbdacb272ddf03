"""Local projects: refused until a folder is trusted, built each time, recorded as what they are (issue 4, item 8)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from peep.errors import InstallRefused, RequirementsErrors
from peep.model import Location, PinnedRequirement
from peep.pipeline.options import SourceOptions
from peep.shortcuts.record import is_unvouched
from support.build_machine import BuildMachine, committed, project_folder
from support.fake_index import FakeIndex
from support.pins import source_for
from support.wheels import wheel_bytes


@pytest.fixture
def machine(tmp_path):
    with FakeIndex({}) as index:
        yield BuildMachine(tmp_path, index)


def refusal_of(machine, *head, **build):
    with pytest.raises(InstallRefused) as caught:
        machine.install(*head, **build)
    (problem,) = caught.value.problems
    assert machine.installed() == []
    return problem.reason


def test_a_folder_is_refused_until_it_is_trusted(machine):
    folder = project_folder(machine.folder / "good")
    machine.lines.append(f"good @ {folder.as_uri()}")
    assert "--trust-local FOLDER" in refusal_of(machine)
    machine.install(trust_local=(str(folder),))
    assert machine.recorded_origin() == {"url": folder.as_uri(), "dir_info": {}}


def test_only_what_is_in_or_below_a_trusted_folder_is_built(machine):
    folder = project_folder(machine.folder / "good")
    (machine.folder / "trusted").mkdir()
    (machine.folder / "trusted" / "link").symlink_to(folder)
    machine.lines.append(f"good @ {folder.as_uri()}")
    trusted = (str(machine.folder / "trusted"), str(machine.folder / "goo"))
    assert f"{folder} is not in or below" in refusal_of(machine, trust_local=trusted)
    machine.lines[0] = f"good @ {(machine.folder / 'trusted' / 'link').as_uri()}"
    assert f"{folder} is not in or below" in refusal_of(machine, trust_local=trusted)
    machine.install(trust_local=(*trusted, str(folder)))
    assert "good" in machine.installed()


def test_a_directive_trusts_a_folder_meant_from_its_own_file(machine):
    """`-e` and paths are meant from the working directory, as in pip; the directive's folder from the file's."""
    folder = project_folder(machine.folder / "below" / "good", stated_name="Good")
    machine.lines.append(str(folder))
    assert "a folder has no hash" in refusal_of(machine, "# peep: --trust-local elsewhere")
    machine.install("# peep: --trust-local below")
    assert machine.recorded_origin() == {"url": folder.as_uri(), "dir_info": {}}


@pytest.mark.parametrize(
    "word", ["-e ./src/good", "-e src/good", "-e .", "-e .[extra]", "-e .#egg=good", "-e bare", "./src/good", "."]
)
def test_places_are_written_as_pip_has_them(machine, monkeypatch, word):
    folder = project_folder(machine.folder / "src" / "good", stated_name="good")
    in_folder = "." in word.removeprefix("-e ")[:1] and "/" not in word
    (machine.folder / "src" / "bare").symlink_to(folder)
    monkeypatch.chdir(folder if in_folder else machine.folder / "src" if word == "-e bare" else machine.folder)
    machine.install_from(SourceOptions(requirements=(word,)), trust_local=(str(machine.folder),))
    is_editable = word.startswith("-e")
    assert machine.recorded_origin()["dir_info"] == ({"editable": True} if is_editable else {})
    assert ("editable_of_good.pth" in machine.installed()) == is_editable


def test_a_folder_that_does_not_state_its_name_needs_one_on_the_line(machine):
    folder = project_folder(machine.folder / "good")
    machine.lines.append(str(folder))
    assert "add #egg=NAME" in refusal_of(machine, trust_local=(str(folder),))
    machine.lines[0] += "#egg=good"
    machine.install(trust_local=(str(folder),))
    assert "good" in machine.installed()


def test_an_editable_project_is_imported_from_its_folder(machine):
    folder = project_folder(machine.folder / "good", stated_name="good")
    machine.lines.append(f"-e {folder}")
    machine.install(trust_local=(str(folder),))
    assert machine.recorded_origin() == {"url": folder.as_uri(), "dir_info": {"editable": True}}
    (folder / "good.py").write_text("print('as it stands')")
    program = f"import site; site.addsitedir({str(machine.folder / 'target')!r}); import good"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "as it stands"


def test_a_trusted_folder_is_built_each_time(machine):
    """Whatever is installed from it makes way: nothing tells whether the folder has changed."""
    folder = project_folder(machine.folder / "good", stated_name="good")
    machine.lines.append(f"-e {folder}")
    machine.install(trust_local=(str(folder),))
    machine.lines[0] = str(folder)
    text = (folder / "in_tree_backend.py").read_text()
    (folder / "in_tree_backend.py").write_text(text.replace("VERSION = {VERSION", "NEW = {VERSION"))
    again = machine.install(trust_local=(str(folder),))
    assert [one.name for one in again.plan.replace] == ["good"]
    assert (machine.folder / "target" / "good" / "__init__.py").read_text() == "NEW = '1.0'\n"
    assert len(machine.builds()) == 2
    assert "editable_of_good.pth" not in machine.installed()


def test_an_index_project_makes_way_for_a_folder_and_back(machine):
    machine.publish("good", "good-1.0-py3-none-any.whl", wheel_bytes("good", "1.0"))
    machine.install()
    listed, folder = machine.lines.pop(), project_folder(machine.folder / "good", stated_name="good")
    machine.lines.append(str(folder))
    machine.install(trust_local=(str(folder),))
    assert machine.recorded_origin()["dir_info"] == {}
    machine.lines[:] = [listed]
    machine.install()
    assert not os.path.exists(machine.folder / "target" / "good-1.0.dist-info" / "direct_url.json")


LOCK = 'lock-version = "1.0"\ncreated-by = "hand"\n[[packages]]\nname = "good"\n'


@pytest.mark.parametrize("is_editable", [False, True])
def test_a_directory_of_a_lock_file(machine, is_editable):
    folder = project_folder(machine.folder / "lib" / "good")
    lock = machine.folder / "pylock.toml"
    lock.write_text(f"{LOCK}[packages.directory]\npath = 'lib/good'\neditable = {str(is_editable).lower()}\n")
    sources = SourceOptions((str(lock),))
    with pytest.raises(InstallRefused) as caught:
        machine.install_from(sources)
    assert "--trust-local" in caught.value.problems[0].reason
    machine.install_from(sources, trust_local=(str(machine.folder / "lib"),))
    assert machine.recorded_origin() == {"url": folder.as_uri(), "dir_info": {"editable": True} if is_editable else {}}


def test_a_directive_counts_for_a_lock_file_beside_it(machine):
    project_folder(machine.folder / "good")
    (machine.folder / "pylock.toml").write_text(f"{LOCK}directory = {{ path = 'good' }}\n")
    (machine.folder / "trust.txt").write_text("# peep: --trust-local .\n")
    machine.install_from(SourceOptions((str(machine.folder / "pylock.toml"), str(machine.folder / "trust.txt"))))
    assert machine.recorded_origin()["dir_info"] == {}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_commit_of_a_lock_file(machine):
    folder = project_folder(machine.folder / "good.git")
    commit = committed(folder)
    lock = machine.folder / "pylock.toml"
    vcs = f"[packages.vcs]\ntype = 'git'\nurl = '{folder.as_uri()}'\ncommit-id = '{commit}'\n"
    lock.write_text(LOCK + vcs)
    sources = SourceOptions((str(lock),))
    machine.install_from(sources)
    assert machine.recorded_origin() == {"url": folder.as_uri(), "vcs_info": {"vcs": "git", "commit_id": commit}}
    assert machine.install_from(sources).plan.is_empty
    lock.write_text(LOCK + vcs.replace(commit, commit[:12]))
    with pytest.raises(InstallRefused) as caught:
        machine.install_from(sources)
    assert "full 40-digit commit" in caught.value.problems[0].reason


def test_a_file_that_came_by_url_trusts_nothing(machine):
    listing = machine.folder / "listing.txt"
    listing.write_text("# peep: --trust-local .\n")
    with pytest.raises(RequirementsErrors, match="may not tell which local folders"):
        machine.install_from(SourceOptions((listing.as_uri(),)))


def test_a_folder_that_is_not_there(machine):
    missing = machine.folder / "missing"
    machine.lines.append(f"good @ {missing.as_uri()}")
    assert "there is no such folder" in refusal_of(machine, trust_local=(str(machine.folder),))


@pytest.mark.parametrize(
    ("url", "expected"), [("file:///src/good", True), ("git+file:///src/good@" + "1" * 40, False), (None, False)]
)
def test_a_run_with_a_folder_is_never_repeated_from_memory(url, expected):
    assert (
        is_unvouched(PinnedRequirement("good", "good", None, (Location("r.txt", 1),), source=source_for(url, {})))
        is expected
    )
