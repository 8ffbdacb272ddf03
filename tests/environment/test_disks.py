"""Disks that are full, read-only or layered: a clear error or success, and never half an environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = str(Path(__file__).parents[1])


def in_a_mount_namespace(what, folder):
    unshare = shutil.which("unshare")
    if sys.platform != "linux" or unshare is None:
        pytest.skip("needs mount namespaces")
    start = [unshare, "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*start, "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False).returncode:
        pytest.skip("may not mount")
    command = [*start, sys.executable, "-m", "support.disk_runner", what, str(folder)]
    ended = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": TESTS}, capture_output=True, text=True, check=False
    )
    if "mount:" in ended.stderr:
        pytest.skip(f"no such mount here: {ended.stderr.splitlines()[0]}")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_full_disk_at_any_moment(tmp_path):
    found = in_a_mount_namespace("full", tmp_path)

    assert found["failures"] > 5
    assert found["successes"] > 5
    assert found["broken"] == 0
    assert all("No space left on device" in error for error in found["errors"])


def test_a_read_only_disk(tmp_path):
    found = in_a_mount_namespace("readonly", tmp_path)

    assert "Read-only file system" in found["errors"][0]
    assert not found["broken"]


def test_folders_of_a_lower_layer_that_can_not_be_renamed(tmp_path):
    found = in_a_mount_namespace("overlay", tmp_path)

    assert found == {"errors": ["", ""], "broken": False}


def test_schemes_on_different_disks(tmp_path):
    found = in_a_mount_namespace("devices", tmp_path)

    assert found == {"errors": ["", ""], "program": True, "left": [], "same": True}
