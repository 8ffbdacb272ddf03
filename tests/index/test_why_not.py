"""Why files were not chosen, in few lines."""

from peep.index.rejection_messages import MOST_LINES, choice_lines, rejection_lines
from peep.index.selection import select_candidate
from peep.model import FormatControl, Rejection
from support.pins import detail, made_up, offered, pinned, target


def rejected(count, reason, index=""):
    return [Rejection(f"f{number}.whl", reason, index) for number in range(count)]


def of_version(version, count):
    return [Rejection(f"f{number}.whl", "", other_version=version) for number in range(count)]


def test_files_with_one_reason_share_a_line_and_rare_reasons_come_first():
    many = rejected(9, "is for another platform")
    assert rejection_lines([*many, *rejected(1, "was yanked"), *rejected(2, "bad"), *rejected(3, "worse")]) == [
        "f0.whl: was yanked",
        "f0.whl and f1.whl: bad",
        "f0.whl, f1.whl and f2.whl: worse",
        "f0.whl, f1.whl and 7 more: is for another platform",
    ]


def test_other_versions_are_only_counted():
    assert rejection_lines([*of_version("2.0", 3), *of_version("3", 1)]) == ["4 files of other versions"]


def test_indexes_are_named_where_there_are_several():
    assert rejection_lines([*rejected(1, "bad", "here"), *rejected(1, "bad", "there")]) == [
        "f0.whl: on here: bad",
        "f0.whl: on there: bad",
    ]
    assert rejection_lines(rejected(1, "bad", "here")) == ["f0.whl: bad"]


def test_the_number_of_lines_is_limited():
    lines = rejection_lines([Rejection("f", f"reason {number}") for number in range(MOST_LINES + 5)])
    assert lines[MOST_LINES:] == ["5 more files, for 5 more reasons"]


def test_a_choice_in_words():
    files = detail(offered("demo-1.0.tar.gz", made_up("a")), offered("demo-1.0.egg"), offered("demo-2.tar.gz"))
    found = select_candidate(pinned("demo==1.0", made_up("a")), [files], target(), FormatControl())
    assert choice_lines(found) == [
        "demo==1.0: chose demo-1.0.tar.gz",
        "  not demo-1.0.egg: is neither a wheel nor a source archive that can be installed (.egg)",
        "  not 1 file of other versions",
    ]
