"""The end of a process: whatever threads still wait, what was said is told, and the status is that of the run."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process
AT_LEISURE = """
import atexit, sys, threading
from peep.cli.main import main

if {waits}:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
atexit.register(print, "ended as usual")
sys.argv = ["peep", *{words}]
sys.exit(main())
"""


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize(("words", "status"), [(["version"], 0), (["install", "--no-such-option"], 2)])
def test_a_thread_that_waits_does_not_see_the_interpreter_end(words, status, waits):
    script = AT_LEISURE.format(words=words, waits=waits)

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == status
    assert ("ended as usual" in done.stdout) is not waits
    assert "peep" in done.stdout + done.stderr
