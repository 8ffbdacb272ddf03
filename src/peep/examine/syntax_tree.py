"""Syntax tree of one Python file, walked once: all nodes in a list, and the children of each at hand."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar, cast

Node = TypeVar("Node", bound=ast.AST)
T = TypeVar("T")
_SKIPPED_FIELDS = frozenset(
    {
        "ctx", "op", "ops", "kind", "type_comment", "type_ignores", "conversion", "lineno", "id", "attr", "arg",
        "asname", "module", "level", "is_async", "simple",
    }
)  # fmt: skip
"""Fields that hold no part of a program that anybody looks for: contexts, operators, marks, plain texts."""
LEAVES = frozenset({ast.Name, ast.Constant, ast.alias, ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal})
"""Types of nodes that have nothing below them."""


class SyntaxTree:
    """`root` is the module. What is below it is walked when it is first asked for."""

    def __init__(self, content: bytes) -> None:
        """Parse; raises what `ast.parse` raises, `RecursionError` and `MemoryError` among it."""
        self.root = ast.parse(content)
        self._content = content

    @cached_property
    def below_each(self) -> dict[int, list[ast.AST]]:
        """The `id` of a node -> the nodes right below it, in the order of the text; nothing for leaves."""
        return self._walked[0]

    @cached_property
    def _walked(self) -> tuple[dict[int, list[ast.AST]], dict[type, list[ast.AST]]]:
        """Nodes by what they stand below, and by type; operators and contexts are left out."""
        below: dict[int, list[ast.AST]] = {}
        kinds: dict[type, list[ast.AST]] = defaultdict(list)
        level: list[ast.AST] = [self.root]
        while level:
            following: list[ast.AST] = []
            for node in level:
                kind = type(node)
                kinds[kind].append(node)
                if kind in LEAVES:
                    continue
                found = _CHILDREN.get(kind, _children)(node)
                if found:
                    below[id(node)] = found
                    following += found
            level = following
        return below, kinds

    def of_kinds(self, kinds: Collection[type]) -> list[ast.AST]:
        """The nodes of some types; of each type parents before their children."""
        known = self._walked[1]
        return [node for kind in known if kind in kinds for node in known[kind]]

    def of_kind(self, kind: type[Node]) -> list[Node]:
        """The nodes of one type, parents before their children."""
        return cast("list[Node]", self._walked[1].get(kind, []))

    def source_of(self, node: ast.expr) -> str:
        """How a node is written; '' where the file is in another encoding than UTF-8."""
        try:
            return ast.get_source_segment(self._content.decode("utf-8"), node) or ""
        except UnicodeDecodeError:
            return ""

    def below(self, node: ast.AST) -> Iterator[ast.AST]:
        """A node and everything below it."""
        below = self.below_each
        waiting = [node]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += below.get(id(one), ())


_FIELDS: dict[type, tuple[str, ...]] = {}


def _children(node: ast.AST) -> list[ast.AST]:
    names = _FIELDS.get(type(node))
    if names is None:
        names = _FIELDS[type(node)] = tuple(name for name in node._fields if name not in _SKIPPED_FIELDS)
    found: list[ast.AST] = []
    for name in names:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


_CHILDREN: dict[type, Callable[[Any], list[ast.AST]]] = {
    ast.Attribute: lambda node: [node.value],
    ast.Expr: lambda node: [node.value],
    ast.keyword: lambda node: [node.value],
    ast.Starred: lambda node: [node.value],
    ast.UnaryOp: lambda node: [node.operand],
    ast.Return: lambda node: [node.value] if node.value is not None else [],
    ast.arg: lambda node: [node.annotation] if node.annotation is not None else [],
    ast.Call: lambda node: [node.func, *node.args, *node.keywords],
    ast.Assign: lambda node: [*node.targets, node.value],
    ast.Subscript: lambda node: [node.value, node.slice],
    ast.Tuple: lambda node: node.elts,
    ast.List: lambda node: node.elts,
    ast.JoinedStr: lambda node: node.values,
    ast.BoolOp: lambda node: node.values,
    ast.BinOp: lambda node: [node.left, node.right],
    ast.Compare: lambda node: [node.left, *node.comparators],
    ast.Dict: lambda node: [*(key for key in node.keys if key is not None), *node.values],
    ast.If: lambda node: [node.test, *node.body, *node.orelse],
    ast.With: lambda node: [*node.items, *node.body],
    ast.For: lambda node: [node.target, node.iter, *node.body, *node.orelse],
}
"""What most nodes are, without asking for their fields."""


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
            left, right = without_docstring(left), without_docstring(right)
            if len(left) != len(right):
                return False
            waiting += zip(left, right, strict=True)
        elif type(left) is not type(right) or left != right:
            return False
    return True


def without_docstring(statements: Sequence[T]) -> Sequence[T]:
    """A list of statements without a text that stands at its beginning; other lists as they are."""
    first = statements[0] if statements else None
    return statements[1:] if isinstance(first, ast.Expr) and is_docstring(first) else statements
