from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from peep.system.processes import printable_lines, run, run_logged


def test_only_the_given_environment_is_seen():
    done = run([sys.executable, "-I", "-c", "import os; print(sorted(os.environ))"], env={"LC_ALL": "C.UTF-8"})
    assert (done.status, done.output.strip()) == (0, b"['LC_ALL']")


def test_streams_are_kept_apart_and_the_status_comes_back():
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"
    done = run([sys.executable, "-I", "-c", code], env={})
    assert (done.status, done.output.strip(), done.errors.strip()) == (7, b"out", b"err")


def test_a_program_that_takes_too_long_is_ended():
    started = time.monotonic()
    done = run([sys.executable, "-I", "-c", "import time; time.sleep(60)"], env={}, timeout=0.3)
    assert done.timed_out
    assert time.monotonic() - started < 10


def test_what_a_program_leaves_in_its_group_is_ended(tmp_path):
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"open({str(pid_file)!r}, 'w').write(str(p.pid))"
    )
    run_logged([sys.executable, "-I", "-c", code], env={}, log_path=str(tmp_path / "log"))
    pid = int(pid_file.read_text())
    assert _is_gone(pid)


def _is_gone(pid: int) -> bool:
    for _ in range(50):
        listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False).stdout
        if not listed.strip() or listed.startswith(b"Z"):
            return True
        time.sleep(0.05)
    return False


def test_the_log_holds_everything_and_the_last_lines_are_safe_to_show(tmp_path):
    log = tmp_path / "log"
    code = r"print('first'); print('\x1b[31mred\x1b[0m\tlast')"
    done = run_logged([sys.executable, "-I", "-c", code], env={}, log_path=str(log))
    assert (done.status, done.last_lines) == (0, ("first", "[31mred[0m    last"))
    assert log.read_bytes() == b"first\n\x1b[31mred\x1b[0m\tlast\n"


def test_output_beyond_the_limit_is_dropped_from_the_log_but_not_its_end(tmp_path):
    log = tmp_path / "log"
    code = "print('x' * 100_000); print('the end')"
    done = run_logged([sys.executable, "-I", "-c", code], env={}, log_path=str(log), output_limit=1000)
    assert log.stat().st_size < 1100
    assert done.last_lines[-1] == "the end"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_program_ends_well_though_its_log_finds_no_room():
    code = "for number in range(100_000): print(number)"
    done = run_logged([sys.executable, "-I", "-c", code], env={}, log_path="/dev/full")

    assert done.status == 0
    assert done.last_lines[-1] == "99999"


def test_standard_input_is_given(tmp_path):
    done = run_logged(
        [sys.executable, "-I", "-c", "print(input())"], env={}, log_path=str(tmp_path / "log"), input_bytes=b"hello\n"
    )
    assert done.last_lines == ("hello",)


def test_lines_end_at_carriage_returns_too():
    assert printable_lines(b"10%\r20%\r\n\nend\xff") == ("10%", "20%", "end\ufffd")
