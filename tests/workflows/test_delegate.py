from __future__ import annotations

import os
import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from peep.errors import PeepError, UsageError
from peep.pipeline import delegation
from peep.pipeline.delegation import PipCall, pip_call, pip_command, pip_version_line
from peep.system.relay import run_with_filtered_errors, wait_for
from support.command import peep


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
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"]) as process:
        assert wait_for(process) == 7


def test_errors_are_filtered_line_by_line_and_the_status_comes_back(capfd: pytest.CaptureFixture[str]):
    program = "import sys; print('out'); print('one', file=sys.stderr); sys.stderr.write('two'); sys.exit(9)"
    assert run_with_filtered_errors([sys.executable, "-c", program], str.upper) == 9
    assert capfd.readouterr() == ("out\n", "ONE\nTWO")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_who_ends_peep_ends_the_program_too():
    program = "import os, signal; os.kill(os.getppid(), signal.SIGTERM); signal.pause()"
    assert run_with_filtered_errors([sys.executable, "-c", program], str) == 128 + signal.SIGTERM


SECRET = "Kanarie"
PLACE = f"http://user:{SECRET}@127.0.0.1:9"


@pytest.mark.parametrize(
    "words",
    [
        [f"{PLACE}/x-1.0-py3-none-any.whl"],
        [f"git+{PLACE}/x"],
        ["help", PLACE],
        ["show", PLACE],
        ["list", f"--{PLACE}"],
        ["freeze", "-r", f"{PLACE}/pins.txt"],
        ["freeze", "-r", "FILE"],
        ["freeze", "--requirement=FILE"],
        ["list", "--outdated", "--index-url", f"http://user:{SECRET}/x@127.0.0.1:9/simple"],
    ],
)
def test_n18_pip_prints_no_password_on_standard_error(words: list[str], tmp_path: Path):
    listed = tmp_path / "pins.txt"
    listed.write_text(f"absent @ {PLACE}/absent-1.0-py3-none-any.whl\n")
    done = peep(*(word.replace("FILE", str(listed)) for word in words))
    assert SECRET not in done.stderr
    assert "****" in done.stderr or "percent-encode the password" in done.stderr
    assert "Traceback" not in done.stderr or "pip" in done.stderr


def test_n19_pip_is_not_asked_with_a_variable_whose_password_nobody_can_tell():
    done = peep("list", environ={"PIP_EXTRA_INDEX_URL": f"http://user:{SECRET}/x@127.0.0.1:9/simple"})
    assert (done.returncode, SECRET in done.stdout + done.stderr) == (2, False)
    assert "PIP_EXTRA_INDEX_URL" in done.stderr


def test_results_of_pip_stay_as_they_are(tmp_path: Path):
    listed = tmp_path / "pins.txt"
    listed.write_text(f"--index-url {PLACE}/simple\n")
    assert f"{PLACE}/simple" in peep("freeze", "-r", listed).stdout
