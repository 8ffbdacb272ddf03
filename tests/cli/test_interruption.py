"""Ctrl-C and SIGTERM in the middle of an install: quiet, the right status, nothing left behind, and it can go on."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
import venv
from pathlib import Path

import pytest

from support.fake_index import FakeIndex
from support.misbehaviour import Stall
from support.scenario_run import peep_command
from support.wheels import wheel_bytes

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
FILENAME = "big-1.0-py3-none-any.whl"


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"])
def test_an_install_that_is_interrupted_while_fetching(number: int, status: int, tmp_path: Path):
    wheel = wheel_bytes("big", "1.0", files={"big.py": os.urandom(300_000)})
    environment, temporary, here = tmp_path / "env", tmp_path / "temporary", tmp_path / "here"
    temporary.mkdir()
    here.mkdir()
    venv.create(environment, with_pip=False, symlinks=True)
    (here / "requirements.txt").write_text(f"big==1.0 --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n")
    before = files_of(environment)
    with FakeIndex({"big": {FILENAME: wheel}}) as index:
        index.misbehave(index.file_path("big", FILENAME), Stall(after=100_000, seconds=30, times=1))
        environ = {**os.environ, "TMPDIR": str(temporary), "PIP_INDEX_URL": index.simple_url}
        command = [*peep_command(), "install", "--python", str(environment), "-r", "requirements.txt"]
        with subprocess.Popen(
            command, cwd=here, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            wait_until(lambda: bool(index.requests_for(index.file_path("big", FILENAME))))
            time.sleep(0.2)
            process.send_signal(number)
            output, errors = process.communicate(timeout=20)
        assert process.returncode == status
        assert output == b""
        assert b"Traceback" not in errors
        assert b"error" not in errors
        assert files_of(environment) == before
        assert files_of(temporary) == []
        assert files_of(here) == ["requirements.txt"]
        assert left_in_store(Path(os.environ["PEEP_STORE"])) == []
        again = subprocess.run(command, cwd=here, env=environ, capture_output=True, check=False)
    assert (again.returncode, again.stdout) == (0, b"+ big 1.0\ninstalled 1; every archive verified\n")


def left_in_store(store: Path) -> list[str]:
    """Unfinished work in the store."""
    return [path for path in files_of(store) if "temporary" in path and "/" in path] if store.exists() else []


def wait_until(is_so, limit: float = 20.0) -> None:
    deadline = time.monotonic() + limit
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)
