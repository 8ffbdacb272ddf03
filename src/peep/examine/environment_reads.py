"""Reads of the process's environment: one variable, all of it, or all for a started program."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from peep.examine.syntax_tree import SyntaxTree

_WHOLE = frozenset({"copy", "items", "values", "keys"})
"""Methods that give all variables."""
_HARMLESS = frozenset({"get", "pop", "setdefault", "update", "__setitem__"})
"""What is done with a copy before a program gets it."""
_COPIERS = frozenset({"dict", "copy"})
_TAKING = frozenset({ast.Subscript, ast.Attribute, ast.Compare, ast.Assign, ast.AnnAssign})
_EXTENDING = frozenset({ast.Dict, ast.Call, ast.BinOp})
_PASSING_ON = frozenset({ast.keyword, ast.Assign})
_CHANGING = frozenset({ast.Subscript, ast.Attribute, ast.keyword})
_ENVIRONMENT_KEYWORDS = frozenset({"env", "environ", "environment"})


def partial_reads(tree: SyntaxTree) -> set[int]:
    """Nodes of which only one variable is taken: `os.environ["X"]`, `.get("X")`, `"X" in os.environ`; and aliases."""
    found: set[int] = set()
    for node in tree.of_kinds(_TAKING):
        if isinstance(node, ast.Subscript):
            found.add(id(node.value))
        elif isinstance(node, ast.Attribute):
            if node.attr not in _WHOLE:
                found.add(id(node.value))
        elif isinstance(node, ast.Compare):
            found.update(
                id(right)
                for operator, right in zip(node.ops, node.comparators, strict=True)
                if isinstance(operator, ast.In | ast.NotIn)
            )
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Attribute):
            found.add(id(node.value))  # an alias: what is done with it shows where it is used
    return found


def for_programs(tree: SyntaxTree) -> set[int]:
    """Nodes whose value, or a copy of it, only becomes the environment of programs that are started.

    That is `env=os.environ`, `{**os.environ, "A": "1"}`, `dict(os.environ, A="1")`, and a copy under a name that is
    only changed and given as `env=`.
    """
    found = {id(value) for node in tree.of_kinds(_EXTENDING) for value in _extended(node)}
    copies: dict[str, list[ast.expr]] = {}
    for node in tree.of_kinds(_PASSING_ON):
        if isinstance(node, ast.keyword) and node.arg in _ENVIRONMENT_KEYWORDS:
            found.update(id(one) for one in _copied(node.value))
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            copies.setdefault(node.targets[0].id, []).extend(_copied(node.value))
    candidates = {name: values for name, values in copies.items() if values}
    if candidates:
        used_otherwise = _used_otherwise(tree, candidates)
        for name, values in candidates.items():
            if name not in used_otherwise:
                found.update(id(one) for one in values)
    return found


def _extended(node: ast.AST) -> Iterator[ast.expr]:
    """What is copied with something added: X of `{**X, "A": "1"}`, of `dict(X, A="1")` and of `X | {"A": "1"}`."""
    if isinstance(node, ast.Dict) and len(node.keys) > 1:
        yield from (value for key, value in zip(node.keys, node.values, strict=True) if key is None)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and node.keywords:
        yield from node.args
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield node.left


def _copied(node: ast.expr) -> Iterator[ast.expr]:
    """`X`, `X.copy()`, `dict(X)`, `copy(X)` -> X, where X is an attribute or a name."""
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr == "copy" and not node.args:
            node = function.value
        elif isinstance(function, ast.Name) and function.id in _COPIERS and len(node.args) == 1:
            node = node.args[0]
    if isinstance(node, ast.Attribute | ast.Name):
        yield node


def _used_otherwise(tree: SyntaxTree, names: Iterable[str]) -> set[str]:
    """Those of the names that are read for anything but being changed, or being a program's environment."""
    wanted = set(names)
    harmless: set[int] = set()
    for node in tree.of_kinds(_CHANGING):
        if (
            isinstance(node, ast.Subscript)
            or (isinstance(node, ast.Attribute) and node.attr in _HARMLESS)
            or (isinstance(node, ast.keyword) and node.arg in _ENVIRONMENT_KEYWORDS)
        ):
            harmless.add(id(node.value))
    return {
        node.id
        for node in tree.of_kinds({ast.Name})
        if isinstance(node, ast.Name) and node.id in wanted and _is_read(node) and id(node) not in harmless
    }


def _is_read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)
