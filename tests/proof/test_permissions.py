"""Modes of files and folders: the usual ones are passed at a glance, and are those with which nothing is wrong."""

from __future__ import annotations

import itertools
import stat
import sys

import pytest

from peep.proof import permissions
from peep.proof.permissions import Permissions, file_fault

GIVEN = [Permissions(*given) for given in itertools.product((False, True), repeat=2)]


def test_nothing_is_wrong_with_the_usual_files():
    for mode, given, is_executable in itertools.product(permissions._USUAL_FILES, GIVEN, (False, None)):
        assert permissions._file_fault(mode, given, is_executable) is None


def test_nothing_is_wrong_with_the_usual_folders():
    for mode, given in itertools.product(permissions._USUAL_FOLDERS, GIVEN):
        assert permissions._folder_fault(mode, given) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_every_mode_is_judged_as_if_none_was_usual():
    kinds = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
    for kind, bits, is_executable in itertools.product(kinds, range(0o10000), (False, True, None)):
        given = Permissions()
        full = permissions._file_fault(kind | bits, given, is_executable)
        assert file_fault(kind | bits, given, is_executable=is_executable) == full
    assert file_fault(stat.S_IFREG | 0o644, Permissions(), is_executable=True) is not None
    assert file_fault(stat.S_IFREG | 0o664, Permissions(), is_executable=False) is not None
