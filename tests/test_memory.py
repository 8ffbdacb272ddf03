"""Memory stays flat in the size of the largest wheel: 500 MB are fetched, verified and installed within 150 MB."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import threading
import venv
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from peep.system.file_digest import digest_of_file
from peep.system.files import remove_tree
from support.scenario_run import peep_command
from support.wheels import metadata_text, record_row

resource = pytest.importorskip("resource", reason="memory is counted as POSIX does")

WHEEL = "big-1.0-py3-none-any.whl"
SIZE = 500 << 20
LIMIT = 150 << 20
PIECE = 1 << 20

MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""
"""A small process in between, since a program's peak begins with that of the one that started it."""


def write_wheel(path: Path) -> None:
    """One file of 400 MB and twenty of 5 MB, stored, but for some that are deflated."""
    block = os.urandom(PIECE)
    sizes = {"big/weights.bin": SIZE * 4 // 5, **{f"big/part{n}.bin": SIZE // 100 for n in range(20)}}
    rows = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number, (name, size) in enumerate(sizes.items()):
            digest = hashlib.sha256()
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED if number % 5 == 1 else zipfile.ZIP_STORED
            entry.file_size = size
            with archive.open(entry, "w") as member:
                for position in range(0, size, PIECE):
                    piece = position.to_bytes(8, "big") + block[8 : size - position]
                    digest.update(piece)
                    member.write(piece)
            rows.append(f"{name},sha256={encoded(digest.digest())},{size}")
        for name, text in (
            ("METADATA", metadata_text("big", "1.0")),
            ("WHEEL", "Wheel-Version: 1.0\nGenerator: peep-tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
        ):
            rows.append(record_row(f"big-1.0.dist-info/{name}", text.encode()))
            archive.writestr(f"big-1.0.dist-info/{name}", text)
        archive.writestr("big-1.0.dist-info/RECORD", "\n".join([*rows, "big-1.0.dist-info/RECORD,,"]) + "\n")


def encoded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests have enough to say."""


@pytest.fixture
def folder(tmp_path: Path):
    """A folder that is emptied afterwards, since pytest keeps what it finds there; `served` holds the wheel."""
    served = tmp_path / "served"
    served.mkdir()
    write_wheel(served / WHEEL)
    (served / "index.html").write_text(f'<a href="{WHEEL}">{WHEEL}</a>')
    yield tmp_path
    remove_tree(os.environ["PEEP_STORE"])
    for path in tmp_path.iterdir():
        remove_tree(str(path))


@pytest.fixture
def page(folder: Path):
    """The URL of a page that links the wheel, served from the disk."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder / "served")))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
    server.shutdown()
    server.server_close()


def peak_of(*words: str) -> int:
    """Run peep; the most memory that it held at any moment, in bytes."""
    command = [sys.executable, "-I", "-c", MEASURED, *peep_command(), *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return int(result.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.slow
def test_a_wheel_of_500_mb_takes_less_than_150_mb_of_memory(folder, page):
    wheel = folder / "served" / WHEEL
    assert wheel.stat().st_size >= SIZE
    digest, _ = digest_of_file(str(wheel))
    pin = f"big==1.0 --hash={digest}"
    venv.create(folder / "env", with_pip=False, symlinks=True)
    source = ["--no-index", "--find-links", page]
    (folder / "requirements.txt").write_text(pin)
    peaks = {
        "install": peak_of("install", "-q", "--python", str(folder / "env"), *source, pin),
        "download": peak_of("download", "-q", *source, "-d", str(folder), "-r", str(folder / "requirements.txt")),
        "check-wheel": peak_of("check-wheel", str(wheel)),
    }
    [installed] = folder.glob("env/lib/python*/site-packages/big/weights.bin")
    assert installed.stat().st_size == SIZE * 4 // 5
    assert digest_of_file(str(folder / WHEEL))[0] == digest
    assert {verb: peak for verb, peak in peaks.items() if peak >= LIMIT} == {}
