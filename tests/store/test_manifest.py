"""The files of a manifest are made of its text when somebody wants them, and are those that were written."""

from __future__ import annotations

import pytest

from peep.errors import StoreError
from peep.model import StoredFile
from peep.store.manifest import ListedFiles

ROWS = "a/x.py\tAAA\t12\t-\nbin/y\tBBB\t0\tx"
FILES = (
    StoredFile("a/x.py", "AAA", 12, is_executable=False, stored_as="0/0"),
    StoredFile("bin/y", "BBB", 0, is_executable=True, stored_as="0/1"),
)


def test_they_are_a_sequence_like_any_other():
    listed = ListedFiles(ROWS, "/store/wheel")

    assert len(listed) == 2
    assert listed[1] == FILES[1]
    assert tuple(listed) == FILES
    assert repr(listed) == repr(FILES)


def test_they_are_equal_to_the_same_files_and_to_no_others():
    listed = ListedFiles(ROWS, "/store/wheel")

    assert listed == FILES
    same = FILES
    assert same == listed
    assert listed == ListedFiles(ROWS, "/elsewhere")
    assert hash(listed) == hash(FILES)
    assert listed != FILES[:1]


@pytest.mark.parametrize("rows", ["a\tb\t1", "a\tb\t1\t-\t-", "a\tb\t1\t-\n", ""])
def test_rows_without_their_columns_are_refused_at_once(rows):
    with pytest.raises(ValueError, match="column"):
        ListedFiles(rows, "/store/wheel")


def test_a_size_that_is_no_number_is_told_with_its_place_when_it_is_read():
    listed = ListedFiles(ROWS.replace("12", "twelve"), "/store/wheel")

    with pytest.raises(StoreError, match="/store/wheel: its manifest means nothing") as told:
        len(listed)
    assert told.value.hint == "remove that folder"
