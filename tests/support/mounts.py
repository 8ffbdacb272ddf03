"""A module of these tests run in a mount namespace of its own, for disks that misbehave; skips where none is had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = str(Path(__file__).parents[1])


def in_a_mount_namespace(module: str, what: str, folder: Path) -> Any:
    """Run `python -m MODULE WHAT FOLDER` and give back the JSON that it prints."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs mount namespaces")
    is_root = Path("/proc/self").stat().st_uid == 0
    start = [unshare, "--mount", *([] if is_root else ["--map-root-user"])]
    if subprocess.run([*start, "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False).returncode:
        pytest.skip("may not mount")
    ended = subprocess.run(
        [*start, sys.executable, "-m", module, what, str(folder)],
        env={**os.environ, "PYTHONPATH": TESTS},
        capture_output=True,
        text=True,
        check=False,
    )
    if "mount:" in ended.stderr:
        pytest.skip(f"no such mount here: {ended.stderr.splitlines()[0]}")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def fill(disk: Path, free: int) -> Path:
    """Take all space of a disk but `free` bytes (in pages); gives back the file that takes it."""
    filler = disk / "filler"
    size = max(0, shutil.disk_usage(disk).free - free)
    with filler.open("wb") as stream:
        stream.write(b"\0" * size)
    return filler
