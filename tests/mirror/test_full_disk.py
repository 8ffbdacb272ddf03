"""Mirrors on a disk that is full at any moment: told, nothing linked that is not there, finished by the next run."""

from __future__ import annotations

import pytest

from support.mounts import in_a_mount_namespace


@pytest.mark.process
@pytest.mark.parametrize("verb", ["add", "publish"])
def test_a_disk_that_is_full_at_any_moment(verb, tmp_path):
    found = in_a_mount_namespace("support.full_mirror", verb, tmp_path)

    assert found["broken"] == []
    assert found["statuses"] == [1] * (len(found["statuses"]) - 1) + [0]
    assert len(found["statuses"]) > 5
    assert all("No space left on device" in reason for reason in found["reasons"])
