from __future__ import annotations

import pytest

from peep.locking.additions import CannotAdd, add_to_pyproject, add_to_requirements

HEAD = '[build-system]\nrequires = ["x"]\n\n[project]\nname = "app"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "foo>=2\n"),
        ("bar\n", "bar\nfoo>=2\n"),
        ("bar", "bar\nfoo>=2\n"),
        ("bar\r\n", "bar\r\nfoo>=2\r\n"),
        ("# top\nFoo==1  # why\nbar\n", "# top\nfoo>=2  # why\nbar\n"),
    ],
)
def test_a_requirements_file_gets_a_line_or_another_version(text, expected):
    assert add_to_requirements(text, "r.in", "foo>=2") == expected


def test_several_lines_of_a_name_are_for_hands():
    with pytest.raises(CannotAdd, match="has foo on lines 1, 2"):
        add_to_requirements("foo==1 ; os_name == 'nt'\nfoo==2 ; os_name != 'nt'\n", "r.in", "foo>=2")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("dependencies = []\n", 'dependencies = ["foo>=2"]\n'),
        ('dependencies = ["bar"]\n', 'dependencies = ["bar", "foo>=2"]\n'),
        ('dependencies = ["bar",]\n', 'dependencies = ["bar", "foo>=2"]\n'),
        ("dependencies = [\n]\n", 'dependencies = [\n    "foo>=2",\n]\n'),
        (
            "dependencies = [\n  \"bar[x]\",  # why ]\n  'baz'\n]\n",
            'dependencies = [\n  "bar[x]",  # why ]\n  \'baz\',\n  "foo>=2",\n]\n',
        ),
        (
            'dependencies = [\n    "bar",  # last\n]\nreadme = "x"\n',
            'dependencies = [\n    "bar",  # last\n    "foo>=2",\n]\nreadme = "x"\n',
        ),
        ("dependencies = ['Foo<2', 'bar']\n", "dependencies = [\"foo>=2\", 'bar']\n"),
    ],
)
def test_pyproject_gets_an_entry_and_nothing_else_changes(before, after):
    assert add_to_pyproject(HEAD + before, "pyproject.toml", "foo>=2") == HEAD + after


@pytest.mark.parametrize(
    ("text", "requirement", "reason"),
    [
        (HEAD, "foo", "has no list of dependencies"),
        ("x = ", "foo", "this is no TOML"),
        (HEAD + "dependencies = []\n", "foo bar", "is no requirement"),
        (HEAD + "dependencies = ['foo', 'Foo>1']\n", "foo", "lists foo 2 times"),
        (HEAD + 'dependencies = ["foo"]\nkeywords = ["foo"]\n', "foo>1", "cannot be edited as a text"),
    ],
)
def test_what_cannot_be_edited_is_refused(text, requirement, reason):
    with pytest.raises(CannotAdd, match=reason):
        add_to_pyproject(text, "pyproject.toml", requirement)
