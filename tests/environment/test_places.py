"""Where a transaction works."""

from __future__ import annotations

import os

import pytest

from peep.environment.scheme_paths import _device
from peep.target.shims import is_script


def test_a_folder_that_is_not_there_yet_will_be_on_the_disk_of_the_one_above(tmp_path):
    assert _device(str(tmp_path / "not" / "made")) == os.stat(tmp_path).st_dev


def test_a_path_without_any_folder_that_is_there_is_an_error():
    """As on a drive that Windows does not have: looking further up never ended."""
    with pytest.raises(FileNotFoundError):
        _device(os.path.join("no", "such", "drive"))


@pytest.mark.parametrize(("name", "expected"), [("python.BAT", True), ("python.cmd", True), ("python.exe", False)])
def test_batch_files_stand_for_an_interpreter(name, expected):
    """A version manager for Windows puts them on PATH; launchers must name what they start."""
    assert is_script(os.path.join("shims", name)) == expected
