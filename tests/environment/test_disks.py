"""Disks that are full, read-only or layered: a clear error or success, and never half an environment."""

from __future__ import annotations

from support.mounts import in_a_mount_namespace

RUNNER = "support.disk_runner"


def test_a_full_disk_at_any_moment(tmp_path):
    found = in_a_mount_namespace(RUNNER, "full", tmp_path)

    assert found["failures"] > 5
    assert found["successes"] > 5
    assert found["broken"] == 0
    assert all("No space left on device" in error for error in found["errors"])


def test_a_read_only_disk(tmp_path):
    found = in_a_mount_namespace(RUNNER, "readonly", tmp_path)

    assert "Read-only file system" in found["errors"][0]
    assert not found["broken"]


def test_folders_of_a_lower_layer_that_can_not_be_renamed(tmp_path):
    found = in_a_mount_namespace(RUNNER, "overlay", tmp_path)

    assert found == {"errors": ["", ""], "broken": False}


def test_schemes_on_different_disks(tmp_path):
    found = in_a_mount_namespace(RUNNER, "devices", tmp_path)

    assert found == {"errors": ["", ""], "program": True, "left": [], "same": True}
