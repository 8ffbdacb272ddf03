"""Compilers below the home folder: hidden ones are told from missing ones, and are seen when the user says so."""

from __future__ import annotations

import os

import pytest

from peep.build.diagnosis import Surroundings, likely_cause
from peep.build.requirements import downloads_only
from peep.build.toolchains import SYSTEM_PATH, Toolchains
from peep.build.variables import is_passed_on
from peep.errors import UsageError
from peep.model import Location
from peep.pipeline.build_wishes import visible_folders
from peep.requirements.pinned_set import Directive

pytestmark = pytest.mark.skipif(os.name == "nt", reason="builds have no sandbox there that could hide programs")


def program(path, text="#!/bin/sh\necho it runs\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def home(tmp_path):
    """A home folder with toolchains as their managers lay them out; PATH names them all."""
    program(tmp_path / ".nvm" / "versions" / "node" / "v22" / "bin" / "node-of-test")
    program(tmp_path / ".asdf" / "shims" / "go-of-test")
    program(tmp_path / ".local" / "bin" / "cmake-of-test")
    program(tmp_path / ".cargo" / "bin" / "rustup")
    (tmp_path / ".cargo" / "bin" / "cargo-of-test").symlink_to("rustup")
    (tmp_path / ".rustup" / "toolchains").mkdir(parents=True)
    return tmp_path


PLACES = (".nvm/versions/node/v22/bin", ".asdf/shims", ".local/bin", ".cargo/bin")


def toolchains(home, *folders, **more):
    path = os.pathsep.join([*(str(home / place) for place in PLACES), SYSTEM_PATH])
    return Toolchains(path, tuple(str(home / folder) for folder in folders), str(home), **more)


@pytest.mark.parametrize(
    ("name", "folders"),
    [
        ("node-of-test", [".nvm/versions/node/v22"]),
        ("go-of-test", [".asdf"]),
        ("cmake-of-test", [".local/bin"]),
        ("cargo-of-test", [".cargo/bin", ".rustup"]),
        ("nowhere-of-test", []),
        ("sh", []),
    ],
)
def test_what_is_hidden_is_told_from_what_is_missing(home, name, folders):
    """Never the whole home folder, nor ~/.cargo, which holds credentials."""
    assert toolchains(home).hiding(name) == tuple(str(home / folder) for folder in folders)
    assert toolchains(home, sees_everything=True).hiding(name) == ()
    seeing = toolchains(home, *folders)
    assert seeing.hiding(name) == ()
    assert (seeing.explain(name), bool(toolchains(home).explain(name))) == ("", bool(folders))


def test_programs_of_the_folders_named_come_before_the_systems(home):
    found = toolchains(home, ".asdf", ".rustup", ".nvm").search_path().split(os.pathsep)
    assert found[: -len(SYSTEM_PATH.split(os.pathsep))] == [
        str(home / ".asdf" / "shims"),
        str(home / ".asdf"),
        str(home / ".rustup"),
        str(home / ".nvm" / "versions" / "node" / "v22" / "bin"),
        str(home / ".nvm"),
    ]
    assert toolchains(home).search_path() == SYSTEM_PATH


def test_a_toolchain_that_is_seen_is_told_where_it_is(home):
    assert toolchains(home).variables({"RUSTUP_HOME": "/elsewhere", "RUSTUP_TOOLCHAIN": "stable"}) == {}
    assert toolchains(home, ".rustup").variables({"RUSTUP_TOOLCHAIN": "stable", "JAVA_HOME": "/x"}) == {
        "RUSTUP_HOME": str(home / ".rustup"),
        "RUSTUP_TOOLCHAIN": "stable",
    }
    assert toolchains(home, "opt").variables({"GOROOT": str(home / "opt" / "go")}) == {
        "GOROOT": str(home / "opt" / "go")
    }


@pytest.mark.parametrize(
    "line",
    [
        "error: can't find Rust compiler",
        "Caused by: rustc, the rust compiler, is not installed or not in PATH.",
        "FileNotFoundError: [Errno 2] No such file or directory: 'cargo'",
        "/bin/sh: 1: cargo: not found",
        "make: cargo: No such file or directory",
        'exec: "cargo": executable file not found in $PATH',
        "ERROR: Program 'cargo' not found or not executable",
    ],
)
def test_a_hidden_compiler_is_not_called_missing(line):
    hidden = Surroundings(explain_hidden=lambda name: f"{name} is hidden" if name in {"cargo", "rustc"} else "")
    assert likely_cause([line], 1, surroundings=hidden).endswith("is hidden")
    assert likely_cause([line], 1).endswith("is missing")


def test_rustup_without_its_toolchains():
    line = "error: rustup could not choose a version of cargo to run, because one wasn't specified explicitly"
    assert "--build-path /home/jo/.rustup" in likely_cause(
        [line], 1, surroundings=Surroundings(rustup_home="/home/jo/.rustup")
    )
    assert likely_cause([line], 1) == "rustup finds no toolchain"


def test_a_file_that_is_missing_is_no_program():
    assert likely_cause(["FileNotFoundError: [Errno 2] No such file or directory: 'README.md'"], 1) == ""


def test_variables_that_the_output_advises():
    """setuptools-scm 8 and 9 print the second line; what the user has set and was withheld comes first."""
    lines = [
        "LookupError: setuptools-scm was unable to detect version for /build/source/scmarch-1.0.",
        "alternatively set the version with the environment variable SETUPTOOLS_SCM_PRETEND_VERSION_FOR_${DIST_NAME}",
    ]
    cause = likely_cause(lines, 1, surroundings=Surroundings(given=is_passed_on))
    assert cause.startswith("it wants a version from the history of a repository")
    assert "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_${DIST_NAME}: builds get that variable as soon as it is set" in cause
    line = "Please set the environment variable BOOST_ROOT_DIR."
    withheld = Surroundings(withheld={"BOOST_ROOT_DIR", "BOOST"})
    assert "PEEP_BUILD_VARIABLES=BOOST_ROOT_DIR does that" in likely_cause([line], 1, surroundings=withheld)
    assert likely_cause(["see BOOST_ROOT_DIR"], 1, surroundings=withheld) == ""


def test_helpers_that_only_download_a_compiler_are_known():
    assert "Rust" in downloads_only("puccinialin")
    assert downloads_only("cmake") == downloads_only("ziglang") == ""


def test_folders_are_meant_from_the_file_that_names_them(tmp_path):
    (tmp_path / "go").mkdir()
    directive = Directive("--build-path", "../go", Location(str(tmp_path / "project" / "r.txt"), 3))
    assert visible_folders([str(tmp_path)], [directive], "/home/jo") == (str(tmp_path), str(tmp_path / "go"))
    with pytest.raises(UsageError, match=r"r\.txt:3: --build-path: .* is no folder"):
        visible_folders([], [Directive("--build-path", "nowhere", directive.location)], "/home/jo")


@pytest.mark.parametrize("folder", ["/", "~", "~/..", "link"])
def test_the_whole_home_folder_is_never_shown(tmp_path, monkeypatch, folder):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "link").symlink_to(home)
    monkeypatch.setenv("HOME", str(home))
    named = str(tmp_path / "link") if folder == "link" else folder
    with pytest.raises(UsageError, match="holds the whole home folder"):
        visible_folders([named], [], str(home))
