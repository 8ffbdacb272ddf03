"""No finding in an environment that nobody touched, whoever made it, whatever it is called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest

from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions, SourceOptions, StoreOptions, TargetOptions
from peep.reporting import SilentReporter
from peep.workflows.verify import VerifyOptions, verify
from support.neighbours import uv
from support.wheels import wheel_bytes, wheel_filename

pytestmark = pytest.mark.skipif(os.name != "posix", reason="scripts and permissions of POSIX")

Make = Callable[[str, Path], None]


def _run(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def by_venv(*options: str) -> Make:
    return lambda python, folder: _run(python, "-I", "-m", "venv", *options, folder)


def by_uv(*options: str) -> Make:
    return lambda python, folder: _run(
        uv(), "venv", "--no-config", "--no-python-downloads", "--offline", "--python", python, *options, folder
    )


def by_virtualenv(*options: str) -> Make:
    program = shutil.which("virtualenv")

    def make(python: str, folder: Path) -> None:
        if program is None:
            pytest.skip("virtualenv is not at hand")
        _run(program, "--no-download", "--python", python, *options, folder)

    return make


ALL: dict[str, Make] = {
    "venv": by_venv("--without-pip"),
    "venv, copies": by_venv("--without-pip", "--copies"),
    "venv, prompt": by_venv("--without-pip", "--prompt", "two words, isn't it"),
    "venv, system's packages": by_venv("--without-pip", "--system-site-packages"),
    "uv": by_uv(),
    "uv, prompt": by_uv("--prompt", "two words (dev)"),
    "uv, relocatable": by_uv("--relocatable"),
    "uv, system's packages": by_uv("--system-site-packages"),
    "virtualenv": by_virtualenv("--no-seed"),
    "virtualenv, seeded": by_virtualenv(),
    "virtualenv, prompt": by_virtualenv("--no-seed", "--prompt", "日本 isn't it!"),
    "virtualenv, copies": by_virtualenv("--no-seed", "--copies"),
}


_OF_OTHERS = [*ALL, "venv, pip"] if "PEEP_BIG_TESTS" in os.environ else ["venv", "uv", "virtualenv"]
"""Makers tried with every interpreter; with PEEP_BIG_TESTS all of them."""


def alarms(folder: Path, but: Collection[str] = ()) -> list[str]:
    """All findings but that nobody recorded an origin of what was there from the start, and those of some projects."""
    run = InstallOptions(
        sources=SourceOptions(), target=TargetOptions(python=str(folder)), store=StoreOptions(is_kept=False)
    )
    verification = verify(VerifyOptions(run, bytecode=True), RunContext(dict(os.environ), SilentReporter()))
    seeds = {"pip", "setuptools", "wheel"}
    return [
        f"{one.rule}: {one.path}: {one.message}"
        for one in verification.findings
        if one.project not in but and not (one.rule == "unknown-origin" and one.project in seeds)
    ]


def pythons() -> list[str]:
    """Every CPython >= 3.8 that pyenv has."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(versions.glob("3.*/bin/python"), key=lambda path: [int(one) for one in path.parts[-3].split(".")])
    return [str(path) for path in found if [int(one) for one in path.parts[-3].split(".")][:2] >= [3, 8]]


def use(folder: Path) -> None:
    """Run it, as people do: bytecode, a project by pip, and one that went again."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-c", "import json, email.message"], check=True, env=environ)
    subprocess.run([python, "-O", "-c", "pass"], check=True, env=environ)


@pytest.mark.parametrize("maker", ALL)
def test_no_alarm_in_an_untouched_environment(tmp_path: Path, maker: str):
    folder = tmp_path / "env"
    ALL[maker](sys.executable, folder)

    assert alarms(folder) == []
    use(folder)
    assert alarms(folder) == []


@pytest.mark.parametrize("maker", ["venv", "uv", "virtualenv"])
@pytest.mark.parametrize("name", [".venv", "with space", "日本", "it's"])
def test_no_alarm_whatever_it_is_called(tmp_path: Path, maker: str, name: str):
    ALL[maker](sys.executable, tmp_path / name)

    assert alarms(tmp_path / name) == []


@pytest.mark.slow
@pytest.mark.parametrize("maker", _OF_OTHERS)
@pytest.mark.parametrize("python", pythons(), ids=lambda path: Path(path).parts[-3])
def test_no_alarm_for_any_interpreter(tmp_path: Path, maker: str, python: str):
    folder = tmp_path / "env"
    try:
        {**ALL, "venv, pip": by_venv()}[maker](python, folder)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{maker} makes none for it: {error.stderr.decode(errors='replace')[-200:]}")

    use(folder)
    assert alarms(folder) == []


def test_no_alarm_when_it_was_made_and_looked_at_by_way_of_a_link(tmp_path: Path):
    (tmp_path / "releases").mkdir()
    (tmp_path / "current").symlink_to("releases")
    ALL["venv"](sys.executable, tmp_path / "current" / "env")

    assert alarms(tmp_path / "current" / "env") == []
    assert alarms(tmp_path / "releases" / "env") == []


def test_no_alarm_under_a_umask_that_lets_the_group_write(tmp_path: Path):
    def make(umask: int) -> list[str]:
        folder = tmp_path / f"{umask:o}"
        before = os.umask(umask)
        try:
            by_venv()(sys.executable, folder)
            use(folder)
        finally:
            os.umask(before)
        return alarms(folder)

    assert make(0o002) == []
    assert make(0o077) == []


def test_pip_leaves_nothing_that_alarms(tmp_path: Path):
    folder = tmp_path / "env"
    by_venv()(sys.executable, folder)
    wheel = tmp_path / wheel_filename("demo", "1.0")
    files = {"demo/__init__.py": "", "demo-1.0.data/data/share/demo/deep/x.txt": "x"}
    wheel.write_bytes(wheel_bytes("demo", "1.0", files=files))
    pip: Sequence[str | Path] = (folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check")

    _run(*pip, "install", "--no-index", wheel)
    assert alarms(folder, but={"demo"}) == []
    _run(*pip, "uninstall", "--yes", "demo")
    assert [one for one in alarms(folder) if "share" not in one] == []
