"""Whether a file is the same code, told by its changed statements: the same answer as by both whole trees, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peep.examine.same_code import is_same_code
from peep.examine.syntax_tree import SyntaxTree, same_but_docstrings

OLD = '''\
"""Module."""
import os
from a import b


@decorated
class One:
    """One."""

    x = 1

    def first(self):
        """First."""
        return 1

    def second(self):
        if self:
            return 2
        return 3

    def third(self):
        return [
            4,
        ]

    y = 2


def last():
    for one in two:
        pass


if last:
    last()
z = 3
'''


def by_whole_trees(old, new):
    try:
        return same_but_docstrings(SyntaxTree(old).root, SyntaxTree(new).root)
    except SyntaxError:
        return False


def by_change(old, new):
    return is_same_code(old, new, SyntaxTree(new).root)


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        pytest.param('"""First."""', '"""Another."""', True, id="docstring"),
        pytest.param('"""Module."""\n', "", True, id="no docstring"),
        pytest.param("return 3", "return  3  # three", True, id="comment and layout"),
        pytest.param("            4,\n", "            4\n", True, id="comma"),
        pytest.param("return 3", "return 4", False, id="another value"),
        pytest.param("    y = 2\n", "", False, id="last of a class"),
        pytest.param("    x = 1\n", "    x = 1\n    w = 1\n", False, id="inserted"),
        pytest.param("from a import b\n", "from a import b, c\n", False, id="import"),
        pytest.param("@decorated\n", "", False, id="no decorator"),
        pytest.param("z = 3\n", "z = 3", True, id="end of the last line"),
        pytest.param("z = 3\n", "else:\n    z = 3\n", False, id="goes on"),
    ],
)
def test_changes_are_told_by_what_changed(before, after, is_same):
    old, new = OLD.encode(), OLD.replace(before, after, 1).encode()

    assert old != new
    assert by_whole_trees(old, new) is is_same
    assert by_change(old, new) is is_same
    assert by_change(new, old) in (is_same, None)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"# coding: utf-7\nx = 1\n", id="encoding"),
        pytest.param(b"x = 1\r\ny = 2\n", id="carriage return"),
        pytest.param(b"a = 1; x = 1\nb = 2; y = 2\nc = 3; z = 3\n", id="statements on one line"),
    ],
)
def test_what_may_be_read_otherwise_is_left_to_the_whole_trees(content):
    changed = content.replace(b"x = 1", b"x =  1").replace(b"y = 2", b"y =  2")

    assert by_change(content, changed) is None


LINES = st.sampled_from(
    [
        "", "# c", "    # c", "else:", "    else:", '"""', "'''", "(", ")", "]", "\\", "@dec", "    @dec", "pass",
        "    pass", "try:", "if x:", "    def f(self): return 1", "class A: x = 1", "a; b", "    a; b", '"""d"""',
        '    """d"""',
        "        x = 1", "x = (", "    x = [1,", "    return 1", "elif y:", "finally:", "  y",
    ]
)  # fmt: skip


@given(
    edits=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), LINES), min_size=1, max_size=4), flip=st.booleans()
)
def test_it_never_contradicts_the_whole_trees(edits, flip):
    lines = OLD.split("\n")
    for place, gone, line in edits:
        lines[place : place + gone] = [line]
    old, new = (OLD.encode(), "\n".join(lines).encode())[:: -1 if flip else 1]
    try:
        tree = SyntaxTree(new)
    except SyntaxError:
        return

    assert is_same_code(old, new, tree.root) in (by_whole_trees(old, new), None)
