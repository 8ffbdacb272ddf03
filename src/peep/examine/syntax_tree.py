"""Syntax tree of one Python file, walked once: all nodes in a list, and the children of each at hand."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

T = TypeVar("T", bound=ast.AST)
_SKIPPED_FIELDS = frozenset(
    {
        "ctx", "op", "ops", "kind", "type_comment", "type_ignores", "conversion", "lineno", "id", "attr", "arg",
        "asname", "module", "level", "is_async", "simple",
    }
)  # fmt: skip
"""Fields that hold no part of a program that anybody looks for: contexts, operators, marks, plain texts."""
_LEAVES = (ast.Name, ast.Constant, ast.alias, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal)


class SyntaxTree:
    """`root` is the module. What is below it is walked when it is first asked for."""

    def __init__(self, content: bytes) -> None:
        """Parse; raises what `ast.parse` raises, `RecursionError` and `MemoryError` among it."""
        self.root = ast.parse(content)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes but operators and contexts, parents before their children."""
        return self._walked[0]

    @cached_property
    def below_each(self) -> dict[int, list[ast.AST]]:
        """The `id` of a node -> the nodes right below it, in the order of the text; nothing for leaves."""
        return self._walked[1]

    @cached_property
    def _walked(self) -> tuple[list[ast.AST], dict[int, list[ast.AST]]]:
        nodes: list[ast.AST] = [self.root]
        below: dict[int, list[ast.AST]] = {}
        for node in nodes:  # grows while it is walked
            names = _FIELDS.get(type(node))
            if names is None:
                names = _fields_of(type(node))
            if names:
                found = _children(node, names)
                if found:
                    below[id(node)] = found
                    nodes += found
        return nodes, below

    def of_kinds(self, kinds: Collection[type]) -> list[ast.AST]:
        """The nodes of some types, parents before their children."""
        return [node for node in self.nodes if type(node) in kinds]

    def of_kind(self, kind: type[T]) -> list[T]:
        """The nodes of one type, parents before their children."""
        return [node for node in self.nodes if isinstance(node, kind)]

    def below(self, node: ast.AST) -> Iterator[ast.AST]:
        """A node and everything below it."""
        below = self.below_each
        waiting = [node]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += below.get(id(one), ())


_FIELDS: dict[type, tuple[str, ...]] = dict.fromkeys(_LEAVES, ())


def _fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    names = _FIELDS[kind] = tuple(name for name in kind._fields if name not in _SKIPPED_FIELDS)
    return names


def _children(node: ast.AST, names: Sequence[str]) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in names:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def same_but_docstrings(one: ast.AST, other: ast.AST) -> bool:
    """Whether two trees are the same program; stops at the first difference. Positions and docstrings don't count."""
    waiting: list[tuple[object, object]] = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if isinstance(left, ast.AST):
            if type(left) is not type(right):
                return False
            waiting += [(getattr(left, name, None), getattr(right, name, None)) for name in left._fields]
        elif isinstance(left, list) and isinstance(right, list):
            left, right = _without_docstring(left), _without_docstring(right)
            if len(left) != len(right):
                return False
            waiting += zip(left, right, strict=True)
        elif type(left) is not type(right) or left != right:
            return False
    return True


def _without_docstring(statements: list[object]) -> list[object]:
    """A list of statements without a text that stands at its beginning; other lists as they are."""
    first = statements[0] if statements else None
    return statements[1:] if isinstance(first, ast.Expr) and is_docstring(first) else statements
