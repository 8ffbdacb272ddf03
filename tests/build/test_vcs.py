"""Commits as pins (issue 4, point 8; THREATS R16), with repositories on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from peep.build.source_pins import is_source_tree
from peep.build.source_trees import commit_tree, local_tree
from peep.errors import BuildError
from peep.system.git import check_out, parse_commit_url
from peep.system.processes import CompletedRun
from support.pins import pinned

COMMIT = "0123456789abcdef0123456789abcdef01234567"
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
ENVIRON = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "")}


@pytest.mark.parametrize("scheme", ["https", "ssh", "HTTPS"])
def test_a_full_commit_is_a_pin(scheme):
    parsed = parse_commit_url(f"git+{scheme}://git@code.example/group/demo.git@{COMMIT}")
    assert (parsed.repository, parsed.commit) == (f"{scheme.lower()}://git@code.example/group/demo.git", COMMIT)


def test_credentials_are_not_shown():
    assert "secret" not in parse_commit_url(f"git+https://user:secret@code.example/demo.git@{COMMIT}").shown


@pytest.mark.parametrize(
    "url",
    [
        "git+https://code.example/demo.git",
        "git+https://code.example/demo.git@main",
        "git+https://code.example/demo.git@v1.0",
        "git+https://code.example/demo.git@0123456",
        f"git+https://code.example/demo.git@{COMMIT.upper()}",
        f"git+https://code.example/demo.git@{COMMIT}x",
        "git+https://code.example/demo.git@--upload-pack=touch",
        f"git+https://code.example/demo.git@-{COMMIT}",
        f"git+https://code.example/demo.git@v1\u2028{COMMIT}",
        f"git+https://code.example/de mo.git@{COMMIT}",
        f"git+https://code.example/demo.git\n@{COMMIT}",
        f"git+ssh://-oProxyCommand=touch/demo.git@{COMMIT}",
        f"git+ssh://-x@code.example/demo.git@{COMMIT}",
        f"git+ext::sh -c touch@{COMMIT}",
        f"git+http://code.example/demo.git@{COMMIT}",
        f"git+git://code.example/demo.git@{COMMIT}",
        f"git+https://code.example/demo.git?x=1@{COMMIT}",
        f"git+https://code.example/@{COMMIT}",
        f"hg+https://code.example/demo@--config={COMMIT}",
        f"svn+https://code.example/demo@{COMMIT}",
        f"https://code.example/demo.git@{COMMIT}",
    ],
)
def test_r16_everything_else_is_refused(url):
    with pytest.raises(BuildError):
        parse_commit_url(url)


def git(folder, *arguments):
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@mail.example"]
    isolated = {**ENVIRON, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ALLOW_PROTOCOL": "file"}
    command = ["git", *identity, "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, cwd=folder, env=isolated, check=True, capture_output=True).stdout.decode().strip()


def commit_all(folder, message="change"):
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "demo.git"
    folder.mkdir()
    git(folder, "init", "--quiet", "-b", "main")
    (folder / "file").write_text("one")
    return folder


@needs_git
def test_the_tree_of_the_commit_not_that_of_the_branch(repository, tmp_path):
    wanted = commit_all(repository)
    git(repository, "tag", "v1.0")
    (repository / "file").write_text("two")
    commit_all(repository)
    tree = commit_tree(pinned(f"demo @ git+{repository.as_uri()}@{wanted}"), str(tmp_path / "work"), ENVIRON)
    assert tree.read(["file", "nothing"]) == (b"one", None)
    assert tree.key == f"git:{wanted}"
    assert git(tree.folder, "describe", "--tags") == "v1.0"


@needs_git
def test_hooks_filters_and_configuration_of_anybody_do_not_run(repository, tmp_path, home):
    mark = tmp_path / "mark"
    template = home / "template" / "hooks"
    template.mkdir(parents=True)
    (template / "post-checkout").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (template / "post-checkout").chmod(0o755)
    (home / ".gitconfig").write_text(
        f'[init]\n\ttemplateDir = {home}/template\n[filter "evil"]\n\tsmudge = touch {mark}; cat\n'
    )
    (repository / ".gitattributes").write_text("* filter=evil\n")
    wanted = commit_all(repository)
    environ = {**ENVIRON, "HOME": str(home)}
    tree = commit_tree(pinned(f"demo @ git+{repository.as_uri()}@{wanted}"), str(tmp_path / "work"), environ)
    assert tree.read(["file"]) == (b"one",)
    assert not mark.exists()


@needs_git
def test_a_commit_that_is_not_there(repository, tmp_path):
    commit_all(repository)
    with pytest.raises(BuildError, match="git fetch failed"):
        commit_tree(pinned(f"demo @ git+{repository.as_uri()}@{COMMIT}"), str(tmp_path / "work"), ENVIRON)


@needs_git
def test_a_tag_that_looks_like_the_commit_is_not_taken_for_it(repository, tmp_path):
    commit_all(repository)
    git(repository, "update-ref", f"refs/tags/{COMMIT}", "HEAD")
    with pytest.raises(BuildError):
        commit_tree(pinned(f"demo @ git+{repository.as_uri()}@{COMMIT}"), str(tmp_path / "work"), ENVIRON)


@needs_git
def test_submodules_are_at_the_commits_that_the_tree_names(repository, tmp_path):
    inner = tmp_path / "inner.git"
    inner.mkdir()
    git(inner, "init", "--quiet", "-b", "main")
    (inner / "deep").write_text("first")
    commit_all(inner)
    git(repository, "submodule", "--quiet", "add", inner.as_uri(), "inner")
    wanted = commit_all(repository)
    (inner / "deep").write_text("second")
    commit_all(inner)
    tree = commit_tree(pinned(f"demo @ git+{repository.as_uri()}@{wanted}"), str(tmp_path / "work"), ENVIRON)
    assert tree.read(["inner/deep"]) == (b"first",)


@needs_git
def test_a_submodule_is_not_fetched_by_a_program_that_it_names(repository, tmp_path):
    mark = tmp_path / "mark"
    (repository / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {mark}"\n')
    git(repository, "add", "-A")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{COMMIT},x")
    git(repository, "commit", "--quiet", "-m", "x")
    wanted = git(repository, "rev-parse", "HEAD")
    with pytest.raises(BuildError, match="git submodule failed"):
        commit_tree(pinned(f"demo @ git+{repository.as_uri()}@{wanted}"), str(tmp_path / "work"), ENVIRON)
    assert not mark.exists()


def test_what_git_says_is_checked_and_options_end_before_the_url(tmp_path):
    """A git that checks out something else: the run ends."""
    calls = []

    def lying(arguments, *, env, cwd=None, timeout=60.0, input_bytes=b""):
        del env, cwd, timeout, input_bytes
        calls.append(arguments)
        return CompletedRun(0, b"f" * 40 if "rev-parse" in arguments else b"", b"")

    with pytest.raises(BuildError, match="checked out"):
        check_out(parse_commit_url(f"git+https://code.example/demo@{COMMIT}"), str(tmp_path), {}, lying)
    fetch = next(call for call in calls if call[1] == "fetch")
    assert fetch.index("--") < fetch.index("https://code.example/demo")


def test_git_that_is_not_installed_is_said(tmp_path):
    def missing(arguments, *, env, cwd=None, timeout=60.0, input_bytes=b""):
        del arguments, env, cwd, timeout, input_bytes
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(BuildError, match="git cannot be started"):
        check_out(parse_commit_url(f"git+https://code.example/demo@{COMMIT}"), str(tmp_path), {}, missing)


def test_which_pins_name_trees(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"")
    assert is_source_tree(pinned(f"a @ git+https://code.example/a@{COMMIT}"))
    assert is_source_tree(pinned(f"a @ {tmp_path.as_uri()}"))
    assert not is_source_tree(pinned(f"a @ {(tmp_path / 'a.zip').as_uri()}"))
    assert not is_source_tree(pinned("a @ https://files.example/a.zip"))
    assert not is_source_tree(pinned("a==1.0"))


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_t16_links_of_a_tree_lead_nowhere(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "pyproject.toml").write_text("[build-system]\nrequires = []\n")
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").symlink_to(tmp_path / "secret" / "pyproject.toml")
    (project / "folder").symlink_to(tmp_path / "secret")
    tree = local_tree(pinned(f"a @ {project.as_uri()}"))
    assert not tree.has_folder("folder")
    for path in ("pyproject.toml", "folder/pyproject.toml"):
        with pytest.raises(BuildError, match="cannot be read"):
            tree.read([path])
