"""Source trees on their way to the place where they are built."""

from __future__ import annotations

import os

import pytest

from peep.build.source_trees import ArchiveTree
from peep.errors import ArchiveError, BuildError
from support.shelf import archive_pin, verified
from support.wheels import sdist_bytes


def tree(**files: str) -> ArchiveTree:
    content = sdist_bytes("demo", "1.0", files=files)
    return ArchiveTree(verified(archive_pin("demo", "1.0", content), "demo-1.0.tar.gz", content))


def test_an_archive_is_written_below_its_top_folder(tmp_path):
    name = tree(README="x").write_to(str(tmp_path))

    assert name == "demo-1.0"
    assert (tmp_path / name / "README").read_text() == "x"


def test_what_the_disk_does_not_take_is_an_error_of_the_build_and_names_the_archive(tmp_path):
    (tmp_path / "demo-1.0").mkdir()
    with pytest.raises(BuildError, match=r"demo-1\.0\.tar\.gz: cannot be unpacked here: .*demo-1\.0\)$"):
        tree().write_to(str(tmp_path))


def test_names_that_differ_in_case_alone_where_that_does_not_count(tmp_path):
    if not os.path.lexists(tmp_path.with_name(tmp_path.name.upper())):
        pytest.skip("this file system minds case")
    with pytest.raises((BuildError, ArchiveError), match="demo"):  # Windows is known to; others show it
        tree(README="x", Readme="y").write_to(str(tmp_path))
