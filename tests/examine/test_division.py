"""How archives divide by what a reading covers, on inventories written by hand; patterns of what was skipped."""

from __future__ import annotations

import pytest

from peep.examine.division import ArchiveDivision, added_to, divided
from peep.examine.reading_gaps import is_skipped
from peep.examine.types import ArchiveFiles, Change, Comparison

SDIST, WHEEL, OTHER = "x-2.tar.gz", "x-2-py3-none-any.whl", "x-2-cp312-cp312-win32.whl"
OLD_SDIST, OLD_WHEEL = "x-1.tar.gz", "x-1-py3-none-any.whl"
Files = dict[str, tuple[str, str]]


def archive(filename: str, side: str = "new", **files: str) -> ArchiveFiles:
    """Names with `content` or `content:origin`."""
    rows = [(name, *(text.split(":") if ":" in text else (text, ""))) for name, text in files.items()]
    return ArchiveFiles(side, filename, tuple((path, content, origin) for path, content, origin in rows))


def change(path: str, new: str, old: str = "") -> Change:
    return Change(path, "", "changed", "import", (), True, 1, 1, 1, "", new, old, False)  # noqa: FBT003


def comparison(*archives: ArchiveFiles, changes: tuple[Change, ...] = ()) -> Comparison:
    return Comparison(None, changes, (), (), (), (), (), (), inventory=archives)


def test_the_sdist_is_read_and_wheels_are_the_same_compiled_or_read():
    sdist = archive(SDIST, a="1", b="2")
    same = archive(WHEEL, a="1:same", METADATA="9:generated", b="2:line_ends")
    compiled = archive(OTHER, a="1:same", c="3:compiled")
    found = divided(comparison(compiled, same, sdist), ())

    assert found == ArchiveDivision((SDIST,), (WHEEL,), (OTHER,))


@pytest.mark.parametrize("origin", ["differs", "elsewhere", "only_in_wheel"])
def test_what_the_sdist_does_not_explain_makes_a_wheel_read_and_its_twin_the_same(origin):
    sdist, wheel = archive(SDIST, a="1"), archive(WHEEL, a=f"2:{origin}")
    twin = archive(OTHER, a=f"2:{origin}")

    assert divided(comparison(wheel, twin, sdist), ()) == ArchiveDivision((SDIST, WHEEL), (OTHER,))


def test_equal_bytes_at_the_same_path_of_an_sdist_explain_nothing_where_their_origin_differs():
    sdist, wheel = archive(SDIST, a="2"), archive(WHEEL, a="2:differs")

    assert divided(comparison(wheel, sdist), ()).read == (SDIST, WHEEL)


def test_without_an_sdist_the_first_wheel_is_read_and_equality_with_an_absent_sdist_says_nothing():
    wheel, twin = archive(WHEEL, a="1"), archive(OTHER, a="1", c="3:compiled")
    odd = archive("x-2-cp312-cp312-win_arm64.whl", a="5")

    found = divided(comparison(wheel, twin, odd), ())

    assert found == ArchiveDivision((WHEEL, odd.filename), (), (OTHER,))


def test_since_is_the_fewest_examined_archives_that_hold_what_it_rests_on():
    old = [archive(OLD_SDIST, "old", a="1", b="2"), archive(OLD_WHEEL, "old", a="1:same", b="7:differs")]
    new = [archive(SDIST, a="1", b="3"), archive(WHEEL, a="1:same", b="3:same")]

    def since(before: str, *bases: str) -> ArchiveDivision:
        return divided(comparison(*old, *new, changes=(change("b", "3", before),)), bases)

    assert since("2", OLD_SDIST, OLD_WHEEL).since == (OLD_SDIST,)
    assert since("7", OLD_SDIST, OLD_WHEEL).since == (OLD_WHEEL,)
    assert since("2", OLD_WHEEL) == ArchiveDivision((), left_out=(SDIST, WHEEL))
    assert since("7", OLD_WHEEL).left_out == ()


def test_archives_that_rest_on_what_nobody_examined_are_left_out():
    old = [archive(OLD_SDIST, "old", a="1", t="4"), archive(OLD_WHEEL, "old", a="1:same")]
    new = [archive(SDIST, a="1", t="4", b="3"), archive(WHEEL, a="1:same", b="3:same")]

    found = divided(comparison(*old, *new, changes=(change("b", "3"),)), [OLD_WHEEL])

    assert found == ArchiveDivision((WHEEL,), since=(OLD_WHEEL,), left_out=(SDIST,))


def test_added_archives_are_related_to_the_ones_that_were_read_alone():
    read, twin = archive(WHEEL, a="1"), archive(OTHER, a="1")
    odd = archive("x-2-cp312-cp312-win_arm64.whl", a="5")
    odd_twin = archive("x-2-cp313-cp313-win_arm64.whl", a="5")

    found = added_to({WHEEL}, [odd, odd_twin, twin, read])

    assert (found.read, found.same, found.left_out) == ((WHEEL,), (odd_twin.filename, OTHER), (odd.filename,))


@pytest.mark.parametrize(
    ("pattern", "path", "is_named"),
    [
        ("tests/**", "tests/a/b.py", True),
        ("tests/**", "x/tests/a.py", False),
        ("**/tests/*", "x/tests/a.py", True),
        ("*.py", "a.py", True),
        ("*.py", "a/b.py", False),
        ("a?.py", "a/.py", False),
        ("a.py", "aXpy", False),
        ("[a].py", "a.py", False),
        ("**", "any/thing\n", True),
    ],
)
def test_patterns_of_what_was_skipped(pattern, path, is_named):
    assert is_skipped(path, [pattern]) is is_named
