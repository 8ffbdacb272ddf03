"""Reading ends where a limit says so, whatever stands there: devices, pipes, links, long files (THREATS R17)."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path

import pytest

from peep.errors import UsageError
from peep.http.credentials import netrc_lookup
from peep.system import bounded
from peep.system.processes import run


def test_a_file_up_to_its_limit(tmp_path: Path):
    path = tmp_path / "x"
    path.write_bytes(b"a" * 100)
    assert bounded.read_file(str(path), 100) == b"a" * 100
    with pytest.raises(OSError, match="longer than the 99 bytes") as caught:
        bounded.read_file(str(path), 99)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="devices of POSIX")
def test_devices_and_pipes(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in ("/dev/zero", tmp_path / "pipe", tmp_path / "link", tmp_path):
        with pytest.raises(OSError, match=r"no regular file|directory"):
            bounded.read_file(str(path), 100)
    with pytest.raises(OSError, match="longer than the 2 MiB that are read"):
        bounded.read_file("/dev/zero", 2 << 20, is_regular=False)


def test_a_stream():
    assert bounded.read_stream(io.BytesIO(b"abc"), 3, "standard input") == b"abc"
    with pytest.raises(OSError, match="longer than the 2 bytes"):
        bounded.read_stream(io.BytesIO(b"abc"), 2, "standard input")


def test_a_program_that_prints_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bounded, "OUTPUT", 3 << 20)
    script = "import sys\nwhile True: sys.{}.write('x' * 65536)"
    for stream in ("stdout", "stderr"):
        with pytest.raises(OSError, match="prints more than 3 MiB") as caught:
            run([sys.executable, "-c", script.format(stream)], env=dict(os.environ), timeout=30)
        assert caught.value.errno == errno.EFBIG
    done = run([sys.executable, "-c", "print('x' * 1_000_000)"], env=dict(os.environ), timeout=30)
    assert (done.status, len(done.output.split()[0])) == (0, 1_000_000)


def test_a_program_gets_its_input_and_its_time():
    echo = "import sys; data = sys.stdin.buffer.read(); print(len(data)); sys.exit(3)"
    done = run([sys.executable, "-c", echo], env=dict(os.environ), timeout=30, input_bytes=b"x" * 500_000)
    assert (done.status, done.output.strip(), done.timed_out) == (3, b"500000", False)
    slow = "import time, sys; print('begun', flush=True); time.sleep(60)"
    done = run([sys.executable, "-c", slow], env=dict(os.environ), timeout=1.5)
    assert done.timed_out
    assert done.status != 0
    assert done.output.strip() == b"begun"


def test_a_netrc_that_is_none(tmp_path: Path):
    path = tmp_path / "netrc"
    path.write_text("#" * (bounded.SETTINGS + 1))
    with pytest.raises(UsageError, match="longer than the 1 MiB"):
        netrc_lookup(str(path))("https://a.example/", None)
    path.write_text("machine a.example login me password it\n")
    assert netrc_lookup(str(path))("https://a.example/", None) is not None
