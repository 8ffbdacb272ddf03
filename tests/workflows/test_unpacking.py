"""Wheels that a crew unpacks are those that threads unpack, whatever becomes of the crew, and so are the errors."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from support.wheels import wheel_bytes, wheel_filename

DRIVER = """
import os, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from types import SimpleNamespace
from peep.errors import ArchiveError
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.pipeline.unpacking import Unpacker

how, root, folder = sys.argv[1:]
if how == "threads":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
names = sorted(os.listdir(folder))
os.cpu_count = lambda: 2

def unpack(name):
    with open(os.path.join(folder, name), "rb") as file:
        archive = SimpleNamespace(filename=name, file=file, sha256=sha256(file.read()).hexdigest())
        try:
            done = unpacker.unpack(archive, is_excused=name.startswith("excused"))
        except ArchiveError as error:
            return f"{name}: {error.problems}"
        return f"{name}: {done.wheel} {done.warnings}".replace(root, "ROOT")

with closing(Unpacker(Store(root, SilentReporter()), len(names))) as unpacker:
    assert (unpacker._crew is None) == (how == "threads")
    if how == "killed":
        os.kill(unpacker._crew.members[0].process, signal.SIGKILL)
    with ThreadPoolExecutor(4) as executor:
        print(*executor.map(unpack, names), sep="\\n")
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    wrong = "excused/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"
    for number in range(12):
        files = {f"m{number}/{part}.py": f"x = {part}\n" * 100 * part for part in range(20)}
        content = wheel_bytes(f"m{number}", "1.0", files=files)
        (folder / wheel_filename(f"m{number}", "1.0")).write_bytes(content)
    good = wheel_bytes("cut", "1.0")
    (folder / wheel_filename("cut", "1.0")).write_bytes(good[:-40])
    (folder / wheel_filename("wrong", "1.0")).write_bytes(wheel_bytes("wrong", "1.0", record=wrong))
    (folder / wheel_filename("excused", "1.0")).write_bytes(wheel_bytes("excused", "1.0", record=wrong))
    return folder


def unpacked(how: str, archives: Path, root: Path) -> tuple[str, dict[str, tuple[str, int, int]]]:
    """What was told, and what lies in the store: path -> digest, mode and modification time."""
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", DRIVER, how, str(root), str(archives)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout, {
        str(path.relative_to(root)): (
            sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mode,
            path.stat().st_mtime_ns if path.name.isdigit() else 0,  # a file of a wheel,
        )
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.skipif(sys.platform != "linux", reason="there is no crew elsewhere")
def test_a_crew_does_what_threads_do(archives: Path, tmp_path: Path):
    told, stored = unpacked("threads", archives, tmp_path / "threads")

    assert "cut-1.0-py3-none-any.whl: (" in told
    assert "wrong-1.0-py3-none-any.whl: (" in told
    assert "excused" in told
    assert sum(path.endswith("manifest") for path in stored) == 13
    assert unpacked("crew", archives, tmp_path / "crew") == (told, stored)
    assert unpacked("killed", archives, tmp_path / "killed") == (told, stored)
