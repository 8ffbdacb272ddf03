"""Names and heads of modules: what a stranger to this code finds by searching."""

import ast
import re
from pathlib import Path

import pytest

import peep

SOURCES = Path(peep.__file__).parent
LONGEST_FIRST_LINE = 100
LONGEST_FUNCTION = 50
TOO_GENERAL = {"Package", "Link", "Dist", "Req", "Artifact", "Info", "Manager", "Helper", "Data"}
PLACES_FOR_ANYTHING = {"utils", "misc", "helpers", "common"}


def is_good_head(docstring):
    """A noun phrase on one line: no question word first, no line that hangs over."""
    first, *others = docstring.split("\n")
    asks = re.match(r"(What|Which|Who|Whose|Whether|Where|When|How)\b", first)
    return (
        bool(first) and not asks and len(first) <= LONGEST_FIRST_LINE and not any(line.strip() for line in others[:1])
    )


@pytest.fixture(scope="module")
def trees():
    return {
        str(path.relative_to(SOURCES)): ast.parse(path.read_text("utf-8"))
        for path in sorted(SOURCES.rglob("*.py"))
        if path.stat().st_size
    }


def test_a_module_says_in_one_line_what_it_is(trees):
    heads = {name: ast.get_docstring(tree) or "" for name, tree in trees.items()}

    assert len(heads) > 500
    assert {name: head for name, head in heads.items() if not is_good_head(head)} == {}


@pytest.mark.parametrize("docstring", ["Where things lie.", "x" * 101, "Two\nlines.", "", "How?"])
def test_other_heads_are_recognised(docstring):
    assert not is_good_head(docstring)


def test_no_function_is_longer_than_one_can_read(trees):
    lengths = {
        f"{name}:{node.name}": node.end_lineno - node.lineno + 1
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }

    assert len(lengths) > 1000
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_no_type_and_no_module_has_a_name_for_anything(trees):
    types = {node.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    modules = {part for name in trees for part in Path(name).with_suffix("").parts}

    assert types & TOO_GENERAL == set()
    assert modules & PLACES_FOR_ANYTHING == set()
