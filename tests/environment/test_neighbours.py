"""pip, uv and importlib.metadata accept what peep installed, for every Python that is at hand."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from peep.environment.installed import installed_projects
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.transaction.apply import apply_plan
from support.environment_tree import make_environment, plan_for, tree_of
from support.memory_wheel import MemoryWheel
from support.neighbours import uv
from support.wheels import wheel_bytes

pytestmark = pytest.mark.slow


def interpreters() -> list[str]:
    """The oldest and the newest of pyenv, where it is used, and the one that runs this."""
    versions = Path(os.environ.get("PYENV_ROOT", Path("~/.pyenv").expanduser()), "versions").glob("3.*")
    usable = sorted((int(path.name.split(".")[1]), str(path / "bin" / "python")) for path in versions)
    supported = [path for minor, path in usable if minor >= 8 and os.path.exists(path)]
    return list(dict.fromkeys([*supported[:1], sys.executable, *supported[-1:]]))


def files_in(folder) -> set[str]:
    """uv leaves empty folders of the data scheme, so only files count; bytecode and locks come from the programs."""
    found = tree_of(folder).items()
    return {path for path, kind in found if kind != "folder" and not path.endswith((".pyc", ".lock"))}


@pytest.fixture(params=interpreters(), ids=lambda path: path.split(os.sep)[-3])
def target(request, tmp_path):
    return make_environment(tmp_path / "env", request.param)


@pytest.fixture
def installed(target, tmp_path):
    """Two projects, one with a program, in `target`."""
    store = Store(str(tmp_path / "store"), SilentReporter())
    alpha = MemoryWheel(
        "alpha",
        "1.0",
        files={"alpha/__init__.py": "def main(): print('runs')\n", "alpha-1.0.data/data/share/alpha/x": "x"},
        requires=["beta>=1", 'gamma; python_version < "3"'],
        entry_points={"console_scripts": {"alpha": "alpha:main"}},
    )
    wheels = [store.add(alpha), store.add(MemoryWheel("beta", "1.5"))]
    before = files_in(target.prefix)
    apply_plan(plan_for(wheels, target), target)
    return before


def output(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True, env=quiet()).stdout


def quiet() -> dict[str, str]:
    return {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def pip_of_tests() -> str:
    """The folder that `--python` has the other interpreter run."""
    found = importlib.util.find_spec("pip")
    assert found
    assert found.origin
    return os.path.dirname(found.origin)


def pip(target, *arguments: str) -> str:
    if subprocess.run([target.python, "-I", pip_of_tests(), "--version"], capture_output=True, check=False).returncode:
        pytest.skip("the pip of these tests does not run on so old a Python")
    return output(sys.executable, "-m", "pip", "--python", target.python, *arguments)


def test_pip_lists_checks_shows_and_uninstalls(target, installed):
    listed = json.loads(pip(target, "list", "--format", "json"))
    assert {one["name"]: one["version"] for one in listed} == {"alpha": "1.0", "beta": "1.5"}
    assert "No broken requirements found" in pip(target, "check")
    shown = pip(target, "show", "-v", "-f", "alpha")
    assert "Installer: peep" in shown
    assert "../../../bin/alpha" in shown
    pip(target, "uninstall", "-y", "alpha", "beta")

    assert files_in(target.prefix) == installed


def test_importlib_metadata_finds_files_with_the_right_hashes(target, installed):
    assert installed
    code = """
import hashlib, base64, json
from importlib.metadata import distribution
alpha = distribution("alpha")
wrong = [str(f) for f in alpha.files if f.hash and base64.urlsafe_b64encode(
    hashlib.sha256(f.read_binary()).digest()).rstrip(b"=").decode() != f.hash.value]
missing = [str(f) for f in alpha.files if not f.locate().exists()]
print(json.dumps([alpha.version, alpha.read_text("INSTALLER"), len(alpha.files), wrong, missing]))
"""
    version, installer, count, wrong, missing = json.loads(output(target.python, "-I", "-c", code))

    assert (version, installer, wrong, missing) == ("1.0", "peep\n", [], [])
    assert count == 10
    assert output(os.path.join(target.paths["scripts"], "alpha")) == "runs\n"


def test_uv_lists_checks_and_uninstalls(target, installed, tmp_path):
    common = ["--python", target.python, "--no-config", "--cache-dir", str(tmp_path / "uv")]
    listed = json.loads(output(uv(), "pip", "list", "--format", "json", *common))
    assert {one["name"]: one["version"] for one in listed} == {"alpha": "1.0", "beta": "1.5"}
    output(uv(), "pip", "check", *common)
    output(uv(), "pip", "uninstall", "alpha", "beta", *common)

    assert files_in(target.prefix) == installed


def test_peep_replaces_what_pip_installed(target, tmp_path):
    archive = tmp_path / "alpha-1.0-py3-none-any.whl"
    archive.write_bytes(wheel_bytes("alpha", "1.0"))
    pip(target, "install", "--no-index", "--no-deps", str(archive))
    store = Store(str(tmp_path / "store"), SilentReporter())
    plan = plan_for([store.add(MemoryWheel("alpha", "1.0"))], target)

    assert len(plan.notes) == 1
    apply_plan(plan, target)
    assert installed_projects(target)["alpha"].provenance.url.startswith("https://index.example/")
    assert "Installer: peep" in pip(target, "show", "-v", "alpha")
