from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from peep.errors import PeepError, UsageError
from peep.pipeline import delegation
from peep.pipeline.delegation import PipCall, pip_call, pip_command, pip_version_line


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (["list"], PipCall(None, ("list",))),
        (["--python", "x", "list", "-v"], PipCall("x", ("list", "-v"))),
        (["list", "--python=x"], PipCall("x", ("list",))),
        (["--python", "x", "--python", "y", "list"], PipCall("y", ("list",))),
        (["download", "--python-version", "3.9", "six"], PipCall(None, ("download", "--python-version", "3.9", "six"))),
        (["list", "--", "--python", "x"], PipCall(None, ("list", "--", "--python", "x"))),
    ],
)
def test_only_the_interpreter_is_taken_out_of_pips_words(words: list[str], call: PipCall):
    assert pip_call(words) == call


def test_an_interpreter_must_be_named():
    with pytest.raises(UsageError, match="--python wants"):
        pip_call(["list", "--python"])


def test_the_running_interpreters_pip_is_not_one_of_the_working_directory():
    command = pip_command(PipCall(None, ("list",)))
    assert command[0] == sys.executable
    assert command[-3:] == ["-m", "pip", "list"]
    assert ("-P" in command) == (sys.version_info >= (3, 11))


def test_a_target_without_pip_gets_ours(tmp_path: Path):
    venv.create(tmp_path / "env", with_pip=False, symlinks=os.name != "nt")
    command = pip_command(PipCall(str(tmp_path / "env"), ("list",)))
    assert command[0] == sys.executable
    assert command[-5:] == ["-m", "pip", "--python", str(tmp_path / "env"), "list"]


def test_no_pip_anywhere(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(delegation, "_import_folders", list)
    assert pip_version_line() is None
    with pytest.raises(PeepError, match="has no pip"):
        pip_command(PipCall(None, ("list",)))


def test_the_version_line_is_pips_own():
    printed = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    if printed.returncode:
        pytest.skip("no pip here")
    assert pip_version_line() == printed.stdout.strip()


def test_waiting_gives_back_the_status():
    """What Windows does, where no process can become another."""
    assert delegation._wait_for([sys.executable, "-c", "raise SystemExit(7)"]) == 7
