"""Roots that name where their project comes from: commits of repositories, and archives at URLs."""

from __future__ import annotations

import hashlib
import shutil
import subprocess

import pytest

from support.command import peep
from support.fake_index import FakeIndex
from support.wheels import IN_TREE_BACKEND, wheel_bytes

pytestmark = [pytest.mark.process, pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")]
FILES = {"pyproject": "pyproject.toml", "backend": "in_tree_backend.py", "information": "PKG-INFO", "remark": "README"}
TARGET = ("--target", "cp312-win_amd64")
PYPROJECT = """\
[build-system]
requires = ["saw"]
build-backend = "in_tree_backend"
backend-path = ["."]

[project]
name = "Demo"
version = "1.0"
dependencies = ["lib"]
"""
INFORMATION = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: lib\n"


class Place:
    """A folder with a repository, an index, and a source to lock."""

    def __init__(self, folder, index: FakeIndex) -> None:
        self.folder = folder
        self.index = index
        self.repository = folder / "demo"
        self.repository.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.url = self.repository.as_uri()

    def git(self, *words: str) -> str:
        author = ["-c", "user.name=A", "-c", "user.email=a@mail.example"]
        done = subprocess.run(["git", *author, *words], cwd=self.repository, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, content in files.items():
            (self.repository / FILES[name]).write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")
        return self.git("rev-parse", "HEAD")

    def lock(self, *words: str, source: str | None = None):
        if source is not None:
            (self.folder / "requirements.in").write_text(source)
        options = ("--store", self.folder / "store", "--index-url", self.index.simple_url)
        return peep("lock", *words, *TARGET, *options, cwd=self.folder, environ={"PIP_CONFIG_FILE": "/dev/null"})

    def text(self, name: str = "requirements.txt") -> str:
        return (self.folder / name).read_text()


@pytest.fixture
def place(tmp_path):
    projects = {
        name: {f"{name}-1.0-py3-none-any.whl": wheel_bytes(name, "1.0", requires=requires)}
        for name, requires in {"lib": [], "saw": [], "app": ["lib"]}.items()
    }
    with FakeIndex(projects) as index:
        yield Place(tmp_path, index)


def test_a_branch_becomes_its_commit_which_is_kept_until_it_is_upgraded(place):
    first = place.commit(pyproject=PYPROJECT)
    done = place.lock(source=f"demo @ git+{place.url}@main\n")
    assert done.returncode == 0, done.stderr
    assert f"demo @ git+{place.url}@{first}\n    # via -r requirements.in (at main)\n" in place.text()
    assert "lib==1.0" in place.text()
    assert "hash mode refuses" in done.stderr
    assert "saw==1.0" in place.text("build-constraints.txt")
    second = place.commit(remark="# changed")
    again = place.lock("--check")
    assert (again.returncode, place.text().count(first)) == (0, 1), again.stdout + again.stderr
    assert place.lock("--upgrade-package", "demo").returncode == 0
    assert f"demo @ git+{place.url}@{second}" in place.text()
    place.git("tag", "v1", first)
    assert place.lock(source=f"demo @ git+{place.url}@v1\n").returncode == 0
    assert f"@{first}\n    # via -r requirements.in (at v1)" in place.text()


def test_a_lock_file_names_commit_and_revision(place):
    commit = place.commit(pyproject=PYPROJECT)
    done = place.lock("-o", "pylock.toml", source=f"demo @ git+{place.url}@main\n")
    assert done.returncode == 0, done.stderr
    assert f'requested-revision = "main", commit-id = "{commit}"' in place.text("pylock.toml")
    place.commit(remark="# changed")
    again = place.lock("--check", "-o", "pylock.toml", "requirements.in")
    assert again.returncode == 0, again.stdout + again.stderr


def test_what_only_a_backend_knows_is_asked_for_by_name(place):
    backend = IN_TREE_BACKEND.format(name="demo", version="1.0", folder="demo")
    dynamic = PYPROJECT.replace('dependencies = ["lib"]', 'dynamic = ["dependencies"]')
    place.commit(pyproject=dynamic, backend=backend, information=INFORMATION)
    refused = place.lock(source=f"demo @ git+{place.url}\n")
    assert refused.returncode == 1
    assert "--allow-build demo" in refused.stderr
    allowed = place.lock("--allow-build", "demo")
    assert allowed.returncode == 0, allowed.stderr
    assert f"demo @ git+{place.url}@" in place.text()


def test_what_is_no_branch_and_what_is_another_project(place):
    place.commit(pyproject=PYPROJECT)
    done = place.lock(source=f"demo @ git+{place.url}@nowhere\nother @ git+{place.url}@main\n")
    assert done.returncode == 1
    assert "requirements.in:1" in done.stderr
    assert "has no branch or tag nowhere" in done.stderr
    assert "requirements.in:2" in done.stderr
    assert "that of demo, not of other" in done.stderr
    assert not (place.folder / "requirements.txt").exists()
    assert place.lock(source=f"demo @ git+{place.url}@main\n").returncode == 0
    known = place.lock(source=f"other @ git+{place.url}@main\n")  # its facts are kept by now
    assert known.returncode == 1
    assert "that of demo, not of other" in known.stderr


def test_an_archive_is_downloaded_and_hashed(place):
    url = place.index.file_url("app", "app-1.0-py3-none-any.whl")
    content = place.index.content.projects["app"]["app-1.0-py3-none-any.whl"]
    done = place.lock(source=f"app @ {url}\n")
    assert done.returncode == 0, done.stderr
    digest = hashlib.sha256(content).hexdigest()
    assert f"app @ {url} \\\n    --hash=sha256:{digest}\n" in place.text()
    assert "lib==1.0" in place.text()
    assert place.lock("--check").returncode == 0
    wrong = place.lock("--upgrade", source=f"app @ {url}#sha256={'0' * 64}\n")
    assert wrong.returncode == 1
    assert "#sha256=" in wrong.stderr
