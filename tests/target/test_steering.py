"""THREATS V7: no interpreter is started that a file of its environment leads to a foreign standard library."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from peep.errors import EnvironmentChangeError
from peep.target.steering import refuse_steered
from support.command import peep
from support.environment_tree import make_environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="starters of Windows do not go by these files")


def installation(folder: Path, landmark: str = "os.py") -> Path:
    """A folder with an interpreter in `bin` and its library; gives back `bin`."""
    library = folder / "lib" / "python3.11"
    library.mkdir(parents=True)
    (library / landmark).touch()
    (folder / "bin").mkdir()
    (folder / "bin" / "python3.11").write_bytes(b"the interpreter")
    return folder / "bin"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return installation(tmp_path / "base")


@pytest.fixture
def python(tmp_path: Path, base: Path) -> Path:
    scripts = tmp_path / "env" / "bin"
    scripts.mkdir(parents=True)
    (scripts / "python").symlink_to(base / "python3.11")
    settings(scripts / "python", base)
    return scripts / "python"


def settings(python: Path, home: Path | str, before: str = "") -> None:
    (python.parent.parent / "pyvenv.cfg").write_text(f"{before}home = {home}\nversion = 3.11.7\n")


def test_what_makers_write_is_fine(python: Path, base: Path, tmp_path: Path):
    refuse_steered(str(python))

    (tmp_path / "other").symlink_to(tmp_path / "base")
    settings(python, tmp_path / "other" / "bin")
    refuse_steered(str(python))

    python.unlink()
    shutil.copy(base / "python3.11", python)
    refuse_steered(str(python))


def test_a_home_that_only_links_to_the_interpreter_and_has_no_library_is_fine(python: Path, base: Path, tmp_path: Path):
    links = tmp_path / "local" / "bin"
    links.mkdir(parents=True)
    (links / "python3").symlink_to(base / "python3.11")
    (tmp_path / "local" / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    settings(python, links)
    refuse_steered(str(python))


def test_an_interpreter_outside_of_environments_is_fine(base: Path):
    refuse_steered(str(base / "python3.11"))


@pytest.mark.parametrize("landmark", ["os.py", "os.pyc", "lib-dynload"])
@pytest.mark.parametrize("deeper", ["", "/deeper/still"])
@pytest.mark.parametrize("is_copy", [True, False])
def test_a_home_beside_another_library_is_refused(
    python: Path, base: Path, tmp_path: Path, landmark: str, deeper: str, *, is_copy: bool
):
    planted = installation(tmp_path / "planted", landmark)
    (planted / "python3.11").unlink()
    home = Path(f"{planted}{deeper}")
    home.mkdir(parents=True, exist_ok=True)
    (home / "python3.11").symlink_to(base / "python3.11")
    (home / "python").symlink_to(base / "python3.11")
    if is_copy:
        python.unlink()
        shutil.copy(base / "python3.11", python)
    settings(python, home)
    with pytest.raises(EnvironmentChangeError, match="not the standard library"):
        refuse_steered(str(python))


@pytest.mark.parametrize("before", ["Home = {}\n", "  HOME={}\n", "home = {}\n"])
def test_each_home_counts(python: Path, base: Path, tmp_path: Path, before: str):
    settings(python, base, before.format(installation(tmp_path / "planted")))
    with pytest.raises(EnvironmentChangeError, match="not the standard library"):
        refuse_steered(str(python))


def test_settings_beside_the_interpreter_count(python: Path, tmp_path: Path):
    (python.parent / "pyvenv.cfg").write_text(f"home = {installation(tmp_path / 'planted')}\n")
    with pytest.raises(EnvironmentChangeError, match="not the standard library"):
        refuse_steered(str(python))


def test_a_file_that_names_the_whole_path_is_refused(python: Path):
    Path(f"{python}._pth").write_text("/srv/planted\n")
    with pytest.raises(EnvironmentChangeError, match="was not started"):
        refuse_steered(str(python))


def test_nothing_that_was_planted_runs(tmp_path: Path):
    """With a real interpreter: its library is a copy whose first module leaves a trace."""
    make_environment(tmp_path / "env")
    trace = tmp_path / "trace"
    library = tmp_path / "planted" / Path(os.__file__).parent.relative_to(sys.base_prefix)
    (library / "encodings").mkdir(parents=True)
    (library / "os.py").touch()
    (library / "encodings" / "__init__.py").write_text(
        f"import posix\nposix.close(posix.open({str(trace)!r}, {os.O_CREAT | os.O_WRONLY}))\n"
    )
    (tmp_path / "env" / "bin" / "python._pth").write_text(f"{library}\n")
    for verb in ("verify", "digest", "inventory"):
        done = peep(verb, "--python", tmp_path / "env")
        assert done.returncode == 1
        assert "was not started" in done.stderr
    assert not trace.exists()


@pytest.mark.parametrize("mark", ["pybuilddir.txt", "Modules/Setup.local"])
def test_a_home_that_says_python_is_built_in_it_is_refused_unless_it_is(
    python: Path, base: Path, tmp_path: Path, mark: str
):
    home = tmp_path / "planted"
    (home / mark).parent.mkdir(parents=True)
    (home / mark).write_text("x\n")
    (home / "python3.11").symlink_to(base / "python3.11")
    settings(python, home)
    with pytest.raises(EnvironmentChangeError, match=mark):
        refuse_steered(str(python))

    (home / "python3.11").unlink()
    shutil.copy(base / "python3.11", home)
    python.unlink()
    python.symlink_to(home / "python3.11")
    refuse_steered(str(python))


@pytest.mark.parametrize("inside", ["bin", "link/bin"])
def test_a_zipped_library_above_home_comes_first(python: Path, tmp_path: Path, inside: str):
    planted = tmp_path / "planted"
    (planted / "lib").mkdir(parents=True)
    (planted / "lib" / "python311.zip").touch()
    (planted / "bin").mkdir()
    (planted / "link").symlink_to(tmp_path / "base")
    settings(python, planted / inside)
    with pytest.raises(EnvironmentChangeError, match=r"python311\.zip is not the standard library"):
        refuse_steered(str(python))


def test_an_installation_may_have_a_zipped_library(python: Path, base: Path):
    (base.parent / "lib" / "python311.zip").touch()
    refuse_steered(str(python))


def test_a_path_named_beside_what_home_holds_is_refused_for_a_copy(python: Path, base: Path, tmp_path: Path):
    home = tmp_path / "planted"
    home.mkdir()
    shutil.copy(base / "python3.11", home / "python")
    (home / "python._pth").write_text("/srv/planted\n")
    python.unlink()
    shutil.copy(base / "python3.11", python)
    settings(python, home)
    with pytest.raises(EnvironmentChangeError, match="was not started"):
        refuse_steered(str(python))


def test_a_mark_of_a_build_beside_a_copy_without_home_is_refused(python: Path, base: Path):
    python.unlink()
    shutil.copy(base / "python3.11", python)
    (python.parent.parent / "pyvenv.cfg").write_text("version = 3.11.7\n")
    refuse_steered(str(python))

    (python.parent / "pybuilddir.txt").write_text("x\n")
    with pytest.raises(EnvironmentChangeError, match="was not started"):
        refuse_steered(str(python))


@pytest.mark.process
def test_verbs_of_pip_are_refused_too(tmp_path: Path):
    make_environment(tmp_path / "env")
    (tmp_path / "env" / "bin" / "python._pth").write_text("/srv/planted\n")
    done = peep("--python", tmp_path / "env", "list")
    assert done.returncode == 1
    assert "was not started" in done.stderr
