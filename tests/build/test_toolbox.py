"""The environment of build tools, where another Python has to make it."""

from __future__ import annotations

import sys

import pytest

from peep.build.build_environment import have_made
from peep.errors import BuildError
from peep.system.processes import CompletedRun


def test_the_named_interpreter_makes_it_without_pip_around_the_folders_that_are_there(tmp_path):
    """Its own `venv` does: that of the Python that runs peep would place an interpreter of another version."""
    folder = tmp_path / "env"
    tool = folder / "share" / "tool"
    tool.mkdir(parents=True)
    have_made(str(folder), sys.executable)

    assert (folder / "pyvenv.cfg").is_file()
    assert any(path.stem == "python" for path in folder.glob("*/python*"))
    assert not list(folder.glob("**/site-packages/pip"))
    assert tool.is_dir()


def test_an_interpreter_that_makes_none_is_told_with_what_it_said():
    def refuse(arguments, **_):
        assert arguments[0] == "some-python"
        return CompletedRun(1, b"", b"No module named venv\n")

    with pytest.raises(BuildError, match=r"some-python could not make .*: No module named venv"):
        have_made("folder", "some-python", refuse)


def test_an_interpreter_that_does_not_start_is_told(tmp_path):
    with pytest.raises(BuildError, match=r"nothing\.exe does not start"):
        have_made(str(tmp_path), str(tmp_path / "nothing.exe"))
