"""Lists of build constraints that directives name, meant from the place of their own file."""

import pytest

from peep.errors import PeepError
from peep.model import Location
from peep.requirements.files import build_lists_of
from peep.requirements.pinned_set import Directive


def named(place, value, option="--build-constraint"):
    return build_lists_of([Directive(option, value, Location(place, 1))])


@pytest.mark.parametrize(
    ("place", "value", "found"),
    [
        ("list.txt", "build.txt", "build.txt"),
        ("lists/list.txt", "../build.txt", "build.txt"),
        ("lists/list.txt", "https://lists.example/build.txt", "https://lists.example/build.txt"),
        ("https://lists.example/a/list.txt", "build.txt", "https://lists.example/a/build.txt"),
    ],
)
def test_a_list_is_meant_from_the_place_of_the_file_that_names_it(place, value, found):
    assert named(place, value) == [found]


def test_a_file_from_the_network_names_no_local_list():
    """THREATS R9."""
    with pytest.raises(PeepError, match="may not include a local file"):
        named("https://lists.example/list.txt", "file:///etc/build.txt")


def test_other_directives_name_none():
    assert named("list.txt", "build.txt", option="--locked-for") == []
