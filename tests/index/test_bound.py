"""Projects that settings bind to an index come from that index alone; the others never reach it."""

from __future__ import annotations

import pytest

from peep.errors import UsageError
from peep.index.bound import BoundIndex, DividedIndexes, name_pattern
from support.fake_package_index import FakePackageIndex

CORP = BoundIndex("corp", (name_pattern("Corp_*"), name_pattern("Our.Lib")), FakePackageIndex(()))


@pytest.mark.parametrize("name", ["corp-x", "Corp_X", "our-lib", "OUR.lib"])
def test_a_bound_project_is_asked_for_nowhere_else(name):
    def opened():
        raise UsageError("the others were asked")

    assert DividedIndexes([CORP], opened).project(name) == ()
    assert DividedIndexes([CORP], opened).answers(name).details == ()


def test_the_others_are_opened_once_and_when_they_are_wanted():
    opened = []

    def others():
        opened.append(1)
        return FakePackageIndex(())

    index = DividedIndexes([CORP], others)
    index.project("corp-x")
    assert not opened
    index.project("corpx")
    index.answers("our-lib-2")
    assert opened == [1]
