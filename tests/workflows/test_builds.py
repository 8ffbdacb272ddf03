"""Installs that have to build: what runs when, what is asked for, what is kept (issue 4)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from peep.errors import BackendFailed, HashMismatch, InstallRefused, MissingBuildRequirement, OmittedDependency
from peep.reporting import SilentReporter
from peep.workflows.install import install
from peep.workflows.options import (
    BuildOptions,
    GivenIndexes,
    InstallOptions,
    SourceOptions,
    StoreOptions,
    TargetOptions,
)
from peep.workflows.surroundings import Surroundings
from support.fake_index import FakeIndex
from support.misbehaviour import SlowLoris
from support.wheels import sdist_bytes, wheel_bytes

MARKING = "import os\nopen({mark!r}, 'a').write('ran ')\nfrom in_tree_backend import *\n"
PYPROJECT = '[build-system]\nrequires = {requires!r}\nbuild-backend = "marking"\nbackend-path = ["."]\n'


class Told(SilentReporter):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


class Machine:
    """One index, one store, one target folder."""

    def __init__(self, folder, index):
        self.folder, self.index = folder, index
        self.mark = folder / "mark"
        self.told = Told()
        self.lines = []

    def sdist(self, name="good", *, requires=(), right=True, failing=False):
        """Publish an sdist whose backend leaves a mark when it is imported, and list it."""
        marking = MARKING.format(mark=str(self.mark)) + ("raise SystemExit(5)\n" if failing else "")
        content = sdist_bytes(
            name, "1.0", files={"marking.py": marking}, pyproject=PYPROJECT.format(requires=list(requires))
        )
        self.publish(name, f"{name}-1.0.tar.gz", content, right=right)

    def publish(self, name, filename, content, *, right=True):
        self.index.content.projects.setdefault(name, {})[filename] = content
        self.lines.append(self.line(name, content if right else content + b"!"))

    @staticmethod
    def line(name, content):
        return f"{name}==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}"

    def install(self, *head, **build):
        requirements = self.folder / "requirements.txt"
        requirements.write_text("\n".join([*head, *self.lines]))
        options = InstallOptions(
            sources=SourceOptions(requirement_files=(str(requirements),)),
            indexes=GivenIndexes(index_url=self.index.simple_url),
            target=TargetOptions(target=str(self.folder / "target")),
            # Without a sandbox a mark outside of the build area is possible, and shows that a backend ran.
            build=BuildOptions(**{"use_sandbox": False, **build}),
            store=StoreOptions(folder=str(self.folder / "store")),
        )
        return install(options, Surroundings(dict(os.environ), self.told))

    def builds(self):
        return [note for note in self.told.notes if note.startswith("building ")]

    def installed(self):
        target = self.folder / "target"
        return sorted(path.name for path in target.iterdir()) if target.exists() else []


@pytest.fixture
def machine(tmp_path):
    with FakeIndex({}) as index:
        yield Machine(tmp_path, index)


def test_t13_no_backend_runs_before_the_last_archive_is_verified(machine):
    """A slow, bad archive behind a fast, good sdist: the good one's side effect must not exist."""
    machine.sdist("good")
    machine.publish("bad", "bad-1.0-py3-none-any.whl", wheel_bytes("bad", "1.0", files={}), right=False)
    machine.index.misbehave(machine.index.file_path("bad", "bad-1.0-py3-none-any.whl"), SlowLoris(0.001))
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    assert [type(problem) for problem in caught.value.problems] == [HashMismatch]
    assert not machine.mark.exists()
    assert machine.installed() == []
    del machine.lines[1]
    machine.install()
    assert machine.mark.exists()


def test_a_missing_build_requirement_is_told_together_with_everything_else(machine):
    machine.sdist("good", requires=["saw>=0.5"])
    machine.publish("bad", "bad-1.0-py3-none-any.whl", wheel_bytes("bad", "1.0"), right=False)
    saw = wheel_bytes("saw", "1.0")
    machine.index.content.projects["saw"] = {"saw-1.0-py3-none-any.whl": saw}
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    problems = {type(problem): problem for problem in caught.value.problems}
    assert problems.keys() == {HashMismatch, MissingBuildRequirement}
    missing = problems[MissingBuildRequirement]
    assert (missing.sdist, missing.requirement, missing.chain) == ("good-1.0.tar.gz", "saw>=0.5", ("good", "saw"))
    assert missing.suggestion == ("saw==1.0 \\", f"    --hash=sha256:{hashlib.sha256(saw).hexdigest()}")
    assert not machine.mark.exists()


def test_an_omitted_dependency_is_told_before_anything_is_built_where_metadata_says_so(machine):
    machine.publish("good", "good-1.0.tar.gz", sdist_bytes("good", "1.0", requires=["absent>=2"]))
    machine.sdist("other", requires=["saw"])
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    assert {type(problem) for problem in caught.value.problems} == {OmittedDependency, MissingBuildRequirement}
    assert machine.builds() == []


@pytest.mark.parametrize("where", ["option", "directive", "pins"])
def test_build_requirements_are_pinned_in_either_of_three_places(machine, where):
    machine.sdist("good", requires=["saw"])
    saw = wheel_bytes("saw", "1.0")
    machine.index.content.projects["saw"] = {"saw-1.0-py3-none-any.whl": saw}
    line = machine.line("saw", saw)
    (machine.folder / "build.txt").write_text(line)
    if where == "option":
        machine.install(constraint_files=(str(machine.folder / "build.txt"),))
    elif where == "directive":
        machine.install("# peep: --build-constraint build.txt")
    else:
        machine.install(line)
    assert machine.mark.exists()
    assert "good" in machine.installed()
    assert ("saw" in machine.installed()) == (where == "pins")


def test_a_second_install_builds_nothing(machine):
    machine.sdist("good")
    machine.install()
    (machine.folder / "target").rename(machine.folder / "elsewhere")
    machine.install()
    assert machine.builds() == ["building good-1.0.tar.gz"]
    assert machine.mark.read_text().split() == ["ran"] * 2  # both hooks of the one build
    assert "good" in machine.installed()


def test_a_failing_backend_leaves_the_target_as_it_was(machine):
    machine.sdist("good", failing=True)
    with pytest.raises(BackendFailed):
        machine.install()
    assert machine.installed() == []


def test_building_without_a_sandbox_is_said(machine):
    machine.sdist("good")
    machine.install()
    assert "builds run without a sandbox (--no-sandbox)" in machine.told.notes


def git(folder, *arguments):
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@mail.example"]
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, env=environ)
    return done.stdout.decode().strip()


def project(folder):
    """A project with an in-tree backend, as a folder."""
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(sdist_bytes("good", "1.0"))) as archive:
        for member in archive.getmembers():
            (folder / member.name.partition("/")[2]).write_bytes(archive.extractfile(member).read())
    return folder


def recorded_origin(machine):
    path = machine.folder / "target" / "good-1.0.dist-info" / "direct_url.json"
    return json.loads(path.read_text())


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_commit_is_installed_and_recorded(machine):
    folder = project(machine.folder / "good.git")
    git(folder, "init", "--quiet", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "one")
    commit = git(folder, "rev-parse", "HEAD")
    machine.lines.append(f"good @ git+{folder.as_uri()}@{commit}")
    machine.install()
    assert recorded_origin(machine) == {
        "url": folder.as_uri(),
        "vcs_info": {"vcs": "git", "commit_id": commit},
    }


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_branch_and_a_commit_that_is_not_there_are_problems(machine):
    folder = project(machine.folder / "good.git")
    git(folder, "init", "--quiet", "-b", "main")
    machine.lines.append(f"good @ git+{folder.as_uri()}@main")
    with pytest.raises(InstallRefused, match="not proceeding") as caught:
        machine.install()
    assert "can move" in caught.value.problems[0].reason
    machine.lines[0] = f"good @ git+{folder.as_uri()}@{'1' * 40}"
    with pytest.raises(InstallRefused) as caught:
        machine.install()
    assert "git fetch failed" in caught.value.problems[0].reason


def test_a_folder_is_refused_until_it_is_trusted(machine):
    folder = project(machine.folder / "good")
    machine.lines.append(f"good @ {folder.as_uri()}")
    with pytest.raises(InstallRefused):
        machine.install()
    machine.install(trust_local=True)
    assert recorded_origin(machine) == {"url": folder.as_uri(), "dir_info": {}}


def test_an_editable_project(machine):
    folder = project(machine.folder / "good")
    with open(folder / "in_tree_backend.py", "a", encoding="utf-8") as file:
        file.write("\nbuild_editable = build_wheel\n")
    machine.lines.append(f"-e {folder.as_uri()}#egg=good")
    machine.install(trust_local=True)
    assert recorded_origin(machine) == {"url": folder.as_uri(), "dir_info": {"editable": True}}
