"""Suggested pins: the newest version that fits everybody, with every file that the target can use."""

from __future__ import annotations

from peep.index.suggestion import suggested_pin
from peep.model import Digest, FormatControl, IndexFile, ProjectDetail, TargetEnvironment

TARGET = TargetEnvironment(
    "/python",
    (3, 11, 7),
    "cpython",
    "/",
    "/",
    {},
    ("cp311-cp311-linux_x86_64", "cp311-abi3-linux_x86_64", "py3-none-any"),
)


def detail(*files):
    return ProjectDetail("a", tuple(files), "https://index.example/simple")


def listed(filename, digit="1", **more):
    return IndexFile(filename, f"https://files.example/{filename}", (Digest("sha256", digit * 64),), **more)


def suggest(wanted, *details, formats=None):
    """Version and first digits of the digests; None for no suggestion."""
    pin = suggested_pin("a", wanted, details, TARGET, formats or FormatControl())
    return pin and (pin.version, "".join(digest.hex[0] for digest in pin.digests))


def test_the_newest_that_fits_everybody_with_the_hashes_of_all_files_for_the_target():
    found = detail(
        listed("a-1.0-py3-none-any.whl"),
        listed("a-2.0-cp311-cp311-linux_x86_64.whl", "3"),
        listed("a-2.0-cp311-abi3-linux_x86_64.whl", "2"),
        listed("a-2.0-cp312-cp312-linux_x86_64.whl", "5"),
        listed("a-2.0.tar.gz", "4"),
        listed("a-3.0-py3-none-any.whl", yanked=""),
        listed("a-4.0-py3-none-any.whl", requires_python=">=3.13"),
        listed("a-5.0-cp311-cp311-win_amd64.whl"),
        listed("a-5.5rc1-py3-none-any.whl"),
        listed("a-6.0-py3-none-any.whl"),
        listed("no version"),
    )
    assert suggest(["a>=1", "a<6"], found) == ("2.0", "23")
    assert suggest(["a>=1"], found) == ("6.0", "1")
    assert suggest(["a>=5,<6"], found) == ("5.5rc1", "1")


def test_an_sdist_where_no_wheel_fits_and_none_at_all():
    assert suggest(["a"], detail(listed("a-1.0.tar.gz"), listed("a-1.0-cp311-cp311-win_amd64.whl", "2"))) == (
        "1.0",
        "1",
    )
    assert suggest(["a>9"], detail(listed("a-1.0.tar.gz"))) is None
    assert suggest(["a"], detail(IndexFile("a-1.0.tar.gz", "https://files.example/a"))) is None
    assert suggest(["a @ https://files.example/a-1.0.tar.gz"], detail(listed("a-1.0.tar.gz"))) is None
    assert suggest([], detail(listed("b-1.0.tar.gz"))) is None


def test_formats_that_the_user_excludes_are_not_suggested():
    found = detail(listed("a-1.0.tar.gz"), listed("a-1.0-py3-none-any.whl", "2"), listed("a-2.0.tar.gz", "3"))
    assert suggest(["a"], found) == ("2.0", "3")
    assert suggest(["a"], found, formats=FormatControl(only_binary=frozenset({":all:"}))) == ("1.0", "2")
    assert suggest(["a<2"], found, formats=FormatControl(no_binary=frozenset({"a"}))) == ("1.0", "1")


def test_the_index_that_says_most_is_heeded():
    silent = detail(listed("a-2.0-py3-none-any.whl"), listed("a-1.0-py3-none-any.whl"))
    telling = detail(listed("a-2.0-py3-none-any.whl", requires_python=">=3.12"))
    assert suggest(["a"], silent, telling) == ("1.0", "1")


def test_a_requirement_that_no_rule_covers_restricts_nothing():
    assert suggest(["a (>=1", "a (<3)"], detail(listed("a-2.0-py3-none-any.whl"))) == ("2.0", "1")
