"""Standard streams that are full, closed, or that nobody reads: a clear error or silence, never a traceback."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from support.environment_tree import make_environment
from support.scenario_run import peep_command

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="redirections of a POSIX shell"),
    pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full"),
]

FULL = "error: standard output: No space left on device\n"
BUFFERING = pytest.mark.parametrize("variables", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["buffered", "unbuffered"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_environment(tmp_path / "env")
    (tmp_path / "a.whl").write_bytes(b"x")
    (tmp_path / "none.txt").write_text("six==1.17.0 ; os_name == 'none'\n")
    return tmp_path


def environ(variables: dict[str, str]) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}, **variables}


def ran(folder: Path, words: str, redirection: str, **variables: str) -> tuple[int, str, str]:
    """Exit status and what came out of the shell that ran `peep WORDS REDIRECTION`."""
    command = ["sh", "-c", f"{shlex.join(peep_command())} {words} {redirection}"]
    done = subprocess.run(command, cwd=folder, env=environ(variables), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@BUFFERING
@pytest.mark.parametrize(
    "words",
    [
        "hash a.whl",
        "hash --format json a.whl",
        "help install",
        "--version",
        "completion --bash",
        "port none.txt",
        "install --no-index --python env -r none.txt",
        "digest --python env",
    ],
)
def test_a_full_standard_output_is_named(folder: Path, words: str, variables: dict[str, str]):
    for _ in range(2):  # the second install is told from memory
        assert ran(folder, words, ">/dev/full", **variables) == (1, "", FULL)


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-"])
def test_what_cannot_be_said_on_standard_error_changes_nothing(folder: Path, redirection: str):
    status, output, _ = ran(folder, "hash missing.whl a.whl", redirection)
    assert (status, output.startswith("# sha256: ")) == (1, True)
    assert ran(folder, "install nothing", redirection) == (2, "", "")
    assert ran(folder, "install --no-index --python env -r none.txt", redirection)[0] == 0


@pytest.mark.parametrize("words", ["port -", "install --no-index --python env -r -", "sync --python env -r -"])
def test_closed_standard_input_is_not_an_empty_file(folder: Path, words: str):
    """Else a sync whose input went missing would remove everything."""
    status, output, errors = ran(folder, words, "<&-")
    assert (status, output) == (1, "")
    assert errors == "error: -: cannot be read: Bad file descriptor\n"


@BUFFERING
@pytest.mark.parametrize("words", ["hash a.whl", "help", "completion --bash"])
def test_a_reader_that_has_gone_is_not_talked_about(folder: Path, words: str, variables: dict[str, str]):
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [*peep_command(), *words.split()]
    done = subprocess.run(
        command, cwd=folder, env=environ(variables), stdout=write_end, stderr=subprocess.PIPE, check=False
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_log_is_told_once(folder: Path):
    (folder / "old.txt").write_text("--use-mirrors\n--allow-external x\n")
    status, _, errors = ran(folder, "install --log /dev/full --no-index --python env -r old.txt", "")
    assert status == 0
    assert errors.count("--log") == 1
    assert "warning: --log /dev/full: No space left on device; nothing more is written there\n" in errors
