from __future__ import annotations

import errno
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from peep.cli.output.failures import bug_report, error_text, explained
from peep.cli.signals import Terminated
from peep.errors import PeepError, RequirementsError, RequirementsErrors, UsageError
from peep.model import Location
from support.scenario_run import peep_command


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PeepError("wrong"), 1),
        (UsageError("wrong"), 2),
        (KeyboardInterrupt(), 130),
        (Terminated(), 143),
        (SystemExit(7), 7),
        (SystemExit(), 0),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (OSError(errno.EAGAIN, "Resource temporarily unavailable"), 1),
        (OSError(errno.EFBIG, "File too large"), 1),
        (MemoryError(), 1),
        (RuntimeError("can't start new thread"), 1),
        (RuntimeError("a bug"), 3),
        (ValueError("a bug"), 3),
        (OSError("a bug"), 3),
    ],
)
def test_every_failure_has_its_status(error: BaseException, status: int):
    assert explained(error, []) == status


def test_interruptions_are_quiet(capsys: pytest.CaptureFixture[str]):
    explained(KeyboardInterrupt(), [])
    explained(Terminated(), [])
    assert capsys.readouterr() == ("", "")


def test_an_error_says_what_to_do(capsys: pytest.CaptureFixture[str]):
    explained(UsageError("--x: no\x1b", "say y"), [])
    assert capsys.readouterr().err == "error: --x: no\\x1b\nhint: say y\n"


def test_a_fault_of_the_machine_is_told_as_the_system_words_it(capsys: pytest.CaptureFixture[str]):
    explained(OSError(errno.ENOSPC, "No space left on device", "/x"), [])
    explained(OSError(errno.EMFILE, "Too many open files"), [])
    assert capsys.readouterr().err == "error: /x: No space left on device\nerror: Too many open files\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that somebody works in")
@pytest.mark.parametrize("words", ["install --no-index --target lib -r requirements.txt", "digest --target lib"])
def test_a_working_folder_that_was_deleted_is_named(words: str, tmp_path: Path):
    script = f"cd {tmp_path} && mkdir gone && cd gone && rmdir ../gone && exec {shlex.join(peep_command())} {words}"
    ran = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "error: the working folder is no longer there: change to one that is\n")


def test_all_bad_lines_are_told():
    errors = RequirementsErrors([RequirementsError(Location("f", line), "bad", "mend it") for line in (1, 2)])
    assert error_text(errors, None) == "error: f:1: bad\nhint: mend it\nerror: f:2: bad\nhint: mend it"


def test_a_bug_report_has_what_is_needed_and_no_credentials():
    """N18: credentials in URLs are never echoed."""
    words = ["install", "--index-url=https://me:hunter2@x.example/", "--proxy", "http://a:b@p.example:8080"]
    with pytest.raises(LookupError) as caught:
        _fail("https://user:secret@host.example/simple/ broke")
    text = bug_report(caught.value, words)
    for part in ("peep:  ", "Python:  ", "pip:  ", "platform:  ", "Traceback", "LookupError", __file__):
        assert part in text
    assert "install --index-url=https://****@x.example/ --proxy http://****@p.example:8080" in text
    assert not any(secret in text for secret in ("user:secret@", "hunter2", "a:b@"))


def _fail(text: str) -> None:
    raise LookupError(text)


PROGRAM = """
import sys, time
from peep.cli import main, verb_table
from peep.cli.verb import Verb
class Module:
    VERB = Verb("slow", (), "", (), ())
    def run(parsed):
        try:
            print("begun", flush=True)
            time.sleep(30)
        finally:
            print("undone", flush=True)
verb_table.module_for = lambda verb, rest: Module
sys.exit(main.run(["slow"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_unwind_quietly(number: int, status: int):
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        time.sleep(0.05)
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (status, b"undone\n", b"")


def test_a_line_that_quotes_megabytes_is_cut_and_shows_no_secret():
    secret = "https://user:canary" + "x" * 30_000 + "@h.example/"
    text = error_text(PeepError("f:1: " + "é" * 5_000_000 + "\nnext line", f"see {secret} {'y' * 30_000}"), None)

    assert len(text) < 2_000
    assert "more letters)\nnext line\nhint: see https://****@h.example/ y" in text
    assert "canary" not in text
