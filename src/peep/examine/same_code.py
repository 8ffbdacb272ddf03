"""Equality of two versions of a Python file but for comments, docstrings and layout.

Lines that both begin with, and lines that both end with, are the same statements in both. So of the old version only
the statements around its changed lines are parsed, and compared with those that stand there in the tree of the new one.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from peep.dataclass import NamedTuple
from peep.examine.syntax_tree import same_but_docstrings, without_docstring

_ODD = (b"\r", b"\0", b"barry_as_FLUFL")
"""Other ends of lines, what ends a file for some, and the import that changes the grammar."""
_MOST_TRIED = 8
"""Statements by which the end of the first changed one is looked for."""
_BLOCK = "if 1:\n"
_NAMED_BLOCKS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class _Versions(NamedTuple):
    """Lines of both versions."""

    old: Sequence[bytes]
    new: Sequence[bytes]


def is_same_code(old: bytes, new: bytes, tree: ast.Module) -> bool | None:
    """Whether two versions are one program, by the `tree` of the new one; None where only both whole trees tell."""
    lines = _Versions(old.split(b"\n"), new.split(b"\n"))
    # PEP 263: one of the first two lines may say how all others are to be read.
    if any(b"coding" in line for version in lines for line in version[:2]):
        return None
    if any(one in text for text in (old, new) for one in _ODD):
        return None
    same = _alike(*lines)
    same_after = min(_alike(lines.old[::-1], lines.new[::-1]), len(lines.old) - same, len(lines.new) - same)
    span = _innermost(tree.body, _Lines(same, len(lines.new) - same_after))
    return False if _differs_at_once(span, lines) else _is_same_part(span, lines)


def _is_same_part(span: _Span, lines: _Versions) -> bool | None:
    """Compare all statements of a span with the old lines that stand in their place."""
    first, end = max(span.first, 0), min(span.end, len(span.body))
    start, stop = 0, len(lines.new)
    if span.first >= 0:
        start = _beginning(span.body[first])[0]
    if span.end <= len(span.body):
        stop = _last_line(span.body[end - 1])
    if not (_begins_its_line(span, first, lines.new) and _begins_its_line(span, end, lines.new)):
        return None
    before = _parsed(lines.old[start : len(lines.old) - (len(lines.new) - stop)], is_block=span.is_block)
    if before is None:
        return None
    after = span.body[first:end]
    if not first:
        before, after = without_docstring(before), without_docstring(after)
    return len(before) == len(after) and all(map(same_but_docstrings, before, after))


def _differs_at_once(span: _Span, lines: _Versions) -> bool:
    """Whether the first changed statement is another one in the old version, which a little of both may tell.

    That much of the old version is taken as ends with one of the next statements.
    """
    if span.first < 0 or not _begins_its_line(span, span.first, lines.new):
        return False
    rest = b"\n".join((*lines.old[_beginning(span.body[span.first])[0] :], b""))
    for following in span.body[span.first + 1 : span.first + _MOST_TRIED]:
        text = lines.new[_beginning(following)[0] : _last_line(following)]
        wanted = b"\n".join((b"", *text, b""))
        found = rest.find(wanted)
        before = _parsed([rest[: found + len(wanted)]], is_block=span.is_block) if found >= 0 else None
        # The last one may go on behind the text that was looked for.
        if before is not None and not all(map(same_but_docstrings, before[:-1], span.body[span.first :])):
            return True
    return False


def _parsed(lines: Iterable[bytes], *, is_block: bool) -> Sequence[ast.stmt] | None:
    """Statements, of which those of a block are indented; None where they are none by themselves."""
    try:
        text = b"\n".join(lines).decode("utf-8")
        found = ast.parse(f"{_BLOCK}{text}\n" if is_block else text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not is_block:
        return found
    block = found[0]
    return block.body if len(found) == 1 and isinstance(block, ast.If) and not block.orelse else None


def _begins_its_line(span: _Span, number: int, lines: Sequence[bytes]) -> bool:
    """Whether no other statement stands before one in its line; True where there is no such statement."""
    if not 0 <= number < len(span.body):
        return True
    line, column = _beginning(span.body[number])
    return lines[line][:column].strip() in (b"", b"@")


class _Lines(NamedTuple):
    """Lines of the new version that are not those of the old one, from `first` to before `end`, counted from 0."""

    first: int
    end: int


class _Span(NamedTuple):
    """Statements from `first` to before `end`: those with changed lines, and one on either side.

    `first` is -1 where there is none before them, `end` beyond the end of `body` where there is none behind them.
    """

    body: Sequence[ast.stmt]
    first: int
    end: int
    is_block: bool
    """Whether they stand indented in a class or function."""


def _innermost(body: Sequence[ast.stmt], lines: _Lines) -> _Span:
    """The span in the module or, where there is one, in the innermost class or function that holds all of it."""
    span = _span(body, lines, is_block=False)
    while True:
        changed = span.body[span.first + 1 : span.end - 1]
        if len(changed) != 1 or not isinstance(changed[0], _NAMED_BLOCKS):
            return span
        inner = _span(changed[0].body, lines, is_block=True)
        if inner.first < 0 or inner.end > len(inner.body):
            return span
        span = inner


def _span(body: Sequence[ast.stmt], lines: _Lines, *, is_block: bool) -> _Span:
    before = bisect_right(body, lines.first, key=_last_line)
    reached = bisect_left(body, lines.end, key=lambda statement: _beginning(statement)[0])
    return _Span(body, before - 1, reached + 1, is_block)


def _last_line(statement: ast.stmt) -> int:
    """The line behind a statement, counted from 0."""
    return statement.end_lineno or statement.lineno


def _beginning(statement: ast.stmt) -> tuple[int, int]:
    """Line and column, in bytes, of a statement or its first decorator, counted from 0."""
    decorators = getattr(statement, "decorator_list", ())
    first: ast.stmt | ast.expr = decorators[0] if decorators else statement
    return first.lineno - 1, first.col_offset


def _alike(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """How many of the first lines are equal."""
    differing = (number for number, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    return next(differing, min(len(one), len(other)))
