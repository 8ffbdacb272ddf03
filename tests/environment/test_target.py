"""The target is found without running anything of it, and its tags are those that its own interpreter would give."""

from __future__ import annotations

import json
import os
import sys
import venv
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.tags import sys_tags

from peep.errors import EnvironmentChangeError, UsageError
from peep.system.processes import CompletedRun, run
from peep.target.cross_target import python_numbers
from peep.target.discovery import TargetRequest, discover_target, named_interpreter, require_changeable
from peep.target.probe import facts
from support.environment_tree import make_environment


class Memory:
    def __init__(self) -> None:
        self.notes: dict[tuple[str, str], bytes] = {}

    def get_value(self, kind: str, key: str) -> bytes | None:
        return self.notes.get((kind, key))

    def put_value(self, kind: str, key: str, value: bytes) -> None:
        self.notes[kind, key] = value


def no_program(arguments, **_):
    raise AssertionError(f"{arguments} was started")


def test_the_running_interpreter_needs_no_process():
    target = discover_target(TargetRequest(), run_program=no_program)

    assert list(target.tags) == [str(tag) for tag in sys_tags()]
    assert target.markers == default_environment()
    assert target.version == sys.version_info[:3]
    assert target.prefix == sys.prefix


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("target") / "env with space"
    make_environment(folder)
    return folder


@pytest.mark.parametrize("inside", ["", "bin/python", "bin/python3"])
@pytest.mark.skipif(os.name != "posix", reason="paths of POSIX")
def test_another_environment_by_folder_or_interpreter(environment, inside):
    target = discover_target(TargetRequest(python=str(environment / inside)))
    site = f"lib/python{target.version[0]}.{target.version[1]}/site-packages"

    assert target.is_virtual
    assert target.prefix == str(environment)
    assert target.python == str(environment / (inside or "bin/python"))
    assert target.paths == {
        "purelib": str(environment / site),
        "platlib": str(environment / site),
        "scripts": str(environment / "bin"),
        "data": str(environment),
        "headers": str(environment / f"include/site/python{target.version[0]}.{target.version[1]}"),
    }
    assert list(target.tags) == [str(tag) for tag in sys_tags()]


def test_nothing_of_the_other_environment_runs_w15(environment):
    site = Path(discover_target(TargetRequest(python=str(environment))).paths["purelib"])
    witness = environment / "witness"
    (site / "evil.pth").write_text(f"import pathlib; pathlib.Path({str(witness)!r}).touch()\n")
    (site / "sitecustomize.py").write_text(f"import pathlib; pathlib.Path({str(witness)!r}).touch()\n")
    (site / "json.py").write_text("raise SystemExit(9)\n")
    try:
        assert discover_target(TargetRequest(python=str(environment))).prefix == str(environment)
        assert not witness.exists()
    finally:
        for name in ("evil.pth", "sitecustomize.py", "json.py"):
            (site / name).unlink()


def test_a_remembered_answer_saves_the_process_until_pyvenv_cfg_changes(environment):
    memory = Memory()
    first = discover_target(TargetRequest(python=str(environment)), memory)

    assert discover_target(TargetRequest(python=str(environment)), memory, no_program) == first
    for key in memory.notes:
        memory.notes[key] = b"{damaged"
    assert discover_target(TargetRequest(python=str(environment)), memory) == first
    configuration = environment / "pyvenv.cfg"
    configuration.write_text(configuration.read_text() + "extra = 1\n")
    with pytest.raises(AssertionError, match="was started"):
        discover_target(TargetRequest(python=str(environment)), memory, no_program)


def test_target_prefix_user_and_root_change_the_paths(environment, tmp_path):
    python = str(environment)
    target = discover_target(TargetRequest(python=python, target=str(tmp_path / "t")))
    assert target.paths == {
        "purelib": str(tmp_path / "t"),
        "platlib": str(tmp_path / "t"),
        "data": str(tmp_path / "t"),
        "scripts": str(tmp_path / "t/bin"),
        "headers": str(tmp_path / "t/include/python"),
    }
    prefix = discover_target(TargetRequest(python=python, prefix=str(tmp_path / "p")))
    assert all(path.startswith(str(tmp_path / "p")) for path in prefix.paths.values())
    assert discover_target(TargetRequest(python=python, root=str(tmp_path / "r"))).root == str(tmp_path / "r")


@pytest.mark.parametrize(
    "request_",
    [
        TargetRequest(target="t", prefix="p"),
        TargetRequest(target="t", user=True),
        TargetRequest(prefix="p", user=True),
        TargetRequest(target="t", root="r"),
        TargetRequest(platforms=("win_amd64",)),
        TargetRequest(python_version="3.12"),
        TargetRequest(python="no-such-program-anywhere"),
        TargetRequest(python=os.path.dirname(__file__)),
    ],
)
def test_contradictions_are_usage_errors(request_):
    with pytest.raises(UsageError):
        discover_target(request_)


def test_user_needs_a_visible_user_site(environment):
    with pytest.raises(UsageError, match="does not see"):
        discover_target(TargetRequest(python=str(environment), user=True))


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b"hello", b"\xff"])
def test_a_program_that_is_no_python(environment, answer):
    def program(arguments, **_):
        assert arguments
        return CompletedRun(1, answer, b"Segfault \x1b[31m\n")

    with pytest.raises(EnvironmentChangeError, match=r"Segfault \[31m"):
        discover_target(TargetRequest(python=str(environment)), run_program=program)


def test_files_for_another_platform(tmp_path):
    wanted = TargetRequest(
        target=str(tmp_path), platforms=("manylinux2014_aarch64",), python_version="312", implementation="cp"
    )
    target = discover_target(wanted)

    assert target.tags[0] == "cp312-cp312-manylinux_2_17_aarch64"
    assert "cp312-abi3-manylinux2014_aarch64" in target.tags
    assert "cp38-abi3-manylinux2014_aarch64" in target.tags
    assert "py3-none-any" in target.tags
    assert not any("x86_64" in tag for tag in target.tags)
    assert target.version == (3, 12, 0)
    assert target.markers["python_version"] == "3.12"
    assert target.markers["platform_machine"] == "aarch64"


@pytest.mark.parametrize(
    ("platform", "markers"),
    [
        ("win_amd64", ("win32", "nt", "Windows", "AMD64")),
        ("win32", ("win32", "nt", "Windows", "x86")),
        ("macosx_12_0_arm64", ("darwin", "posix", "Darwin", "arm64")),
        ("musllinux_1_2_x86_64", ("linux", "posix", "Linux", "x86_64")),
    ],
)
def test_markers_follow_the_platform(tmp_path, platform, markers):
    target = discover_target(TargetRequest(target=str(tmp_path), platforms=(platform,)))
    names = ("sys_platform", "os_name", "platform_system", "platform_machine")

    assert tuple(target.markers[name] for name in names) == markers
    assert any(tag.endswith(platform) for tag in target.tags)


@pytest.mark.parametrize(
    ("text", "numbers"), [("3", (3,)), ("311", (3, 11)), ("3.11", (3, 11)), ("3.11.4", (3, 11, 4)), ("", ())]
)
def test_python_version_forms(text, numbers):
    assert python_numbers(text) == numbers


@pytest.mark.parametrize("text", ["x", "3.x", "3.11.4.1", "-3", "3.", "٣"])
def test_bad_python_versions(text):
    with pytest.raises(UsageError):
        python_numbers(text)


def facts_of(**changes):
    """A target outside of any virtual environment whose standard library folder is `stdlib`."""

    def program(arguments, *, env, cwd=None, timeout=60.0):
        assert run(arguments, env=env, cwd=cwd, timeout=timeout).status == 0
        return CompletedRun(0, json.dumps({**facts(), **changes}).encode(), b"")

    return program


def test_externally_managed_pep_668(environment, tmp_path):
    (tmp_path / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=Use apt.\n  It is\x1b[0m better.\n")
    program = facts_of(base_prefix=sys.prefix, prefix=sys.prefix, stdlib=str(tmp_path))
    target = discover_target(TargetRequest(python=str(environment)), run_program=program)

    assert target.is_externally_managed == "Use apt.\nIt is[0m better."
    with pytest.raises(EnvironmentChangeError, match="externally managed"):
        require_changeable(target)
    require_changeable(target, break_system_packages=True)
    for elsewhere in (TargetRequest(target="t"), TargetRequest(prefix="p"), TargetRequest(root="r")):
        there = discover_target(
            TargetRequest(str(environment), elsewhere.target, elsewhere.prefix, elsewhere.root), run_program=program
        )
        require_changeable(there)
    (tmp_path / "EXTERNALLY-MANAGED").write_text("\xff not an ini file")
    damaged = discover_target(TargetRequest(python=str(environment)), run_program=program)
    assert "operating system" in (damaged.is_externally_managed or "")


def test_require_virtualenv(environment):
    require_changeable(discover_target(TargetRequest(python=str(environment))), require_virtualenv=True)
    program = facts_of(base_prefix=sys.prefix, prefix=sys.prefix)
    outside = discover_target(TargetRequest(python=str(environment)), run_program=program)
    with pytest.raises(EnvironmentChangeError, match="no virtual environment"):
        require_changeable(outside, require_virtualenv=True)


def test_a_python_that_is_too_old(environment):
    with pytest.raises(EnvironmentChangeError, match=r"3\.7\.1; peep installs into Python 3\.8"):
        discover_target(TargetRequest(python=str(environment)), run_program=facts_of(version=[3, 7, 1]))


def test_interpreters_are_files_environments_or_names_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "env"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    found = named_interpreter(str(folder))
    assert Path(found).parent.parent == folder
    assert named_interpreter(found) == found
    monkeypatch.setenv("PATH", str(Path(found).parent))
    assert named_interpreter("python") == found
    with pytest.raises(UsageError, match="no such file, folder or program"):
        named_interpreter(str(tmp_path / "nowhere"))


def test_a_program_that_is_no_python_does_not_stand_in_for_a_missing_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "env"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(UsageError, match="no such file, folder or program"):
        named_interpreter("env")


@pytest.mark.skipif(os.name == "nt", reason="environments on Windows hold no links")
@pytest.mark.parametrize("named", ["env", "env/bin/python"])
def test_an_environment_whose_python_is_gone_says_so(tmp_path, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python3").symlink_to(tmp_path / "gone")
    (tmp_path / "env" / "bin" / "python").symlink_to("python3")
    with pytest.raises(UsageError, match=r"bin/python is a link to .*gone, which does not exist") as caught:
        named_interpreter(named)
    assert "make the environment anew" in caught.value.hint


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15"])
def test_a_python_too_old_for_the_probe_is_told_by_its_version(tmp_path, version):
    """Python 2 does not even know -X; Python 3.6 does not know the annotations of the probe."""
    python = tmp_path / "python"
    python.write_bytes(b"\x7fELF")

    def answer(arguments, **_):
        if "-X" in arguments:
            return CompletedRun(1, b"", b"SyntaxError: future feature annotations is not defined")
        return CompletedRun(0, version.encode(), b"")

    with pytest.raises(EnvironmentChangeError, match=f"is Python {version}; peep installs into Python 3.8 and newer"):
        discover_target(TargetRequest(python=str(python)), run_program=answer)
