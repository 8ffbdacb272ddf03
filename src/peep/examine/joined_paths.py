"""Joined paths of Python code: `home / ".aws" / "config"` and `os.path.join(home, ".aws")`."""

from __future__ import annotations

import ast
from collections.abc import Callable

Text = Callable[[ast.expr], "str | None"]
"""The text that an expression is, None for all else."""
_FEWEST = 2
_JOINING = frozenset({"os.path.join", "posixpath.join", "ntpath.join"})
_UNKNOWN = "*"


def divided_path(node: ast.BinOp, text: Text) -> str:
    """What `X / "a" / "b"` comes to, with `*` for parts that are not known; '' for fewer than two texts."""
    parts: list[ast.expr] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div):
        parts.append(left.right)
        left = left.left
    return _joined([left, *reversed(parts)], text)


def called_path(node: ast.Call, name: str, text: Text) -> str:
    """As `divided_path`, of calls that join their arguments; `name`: what is called."""
    is_method = isinstance(node.func, ast.Attribute) and node.func.attr == "joinpath"
    return _joined(node.args, text) if is_method or name in _JOINING else ""


def _joined(parts: list[ast.expr], text: Text) -> str:
    known = [text(part) for part in parts]
    if sum(one is not None for one in known) < _FEWEST:
        return ""
    return "/".join(_UNKNOWN if one is None else one.strip("/") for one in known)
