"""Screen of `peep diff`: summary lines, then each changed file in reading order; colours on terminals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from peep.examine.rules import grade_of
from peep.examine.summary import SummaryLine
from peep.examine.types import Change, Comparison, Hit, Row
from peep.formats.visible_text import visible

_LABEL_WIDTH = 11
_RESET = "\x1b[0m"
_STYLES = {
    "title": "\x1b[1m",
    "stop": "\x1b[1;31m",
    "look": "\x1b[35m",
    "note": "\x1b[2m",
    "-": "\x1b[31m",
    "+": "\x1b[32m",
    "@": "\x1b[2m",
    "file": "\x1b[1;4m",
}
_SPAN = {"-": "\x1b[7;31m", "+": "\x1b[7;32m"}


class Painter:
    """Adds colours, or leaves texts as they are."""

    def __init__(self, *, is_coloured: bool) -> None:
        self._is_coloured = is_coloured

    def paint(self, style: str, text: str) -> str:
        code = _STYLES.get(style, "")
        return f"{code}{text}{_RESET}" if self._is_coloured and code else text

    def paint_row(self, row: Row, sign: str) -> str:
        """One line of a diff with what differs inside it reversed; everything foreign in it made visible."""
        if not self._is_coloured or not row.spans:
            return self.paint(row.kind, sign + visible(row.text))
        parts = [sign]
        position = 0
        for start, end in row.spans:
            parts += [visible(row.text[position:start]), _SPAN.get(row.kind, ""), visible(row.text[start:end])]
            parts += [_RESET, _STYLES.get(row.kind, "")]
            position = end
        parts.append(visible(row.text[position:]))
        return f"{_STYLES.get(row.kind, '')}{''.join(parts)}{_RESET}"


def screen_text(title: str, lines: Sequence[SummaryLine], painter: Painter) -> str:
    """The title and a line for each thing to say, labels in a column."""
    shown = [painter.paint("title", visible(title))]
    for line in lines:
        text = visible(line.text)
        shown.append(f"  {line.label:<{_LABEL_WIDTH}}{painter.paint(line.grade, text) if line.grade else text}")
    return "\n".join(shown)


def changes_text(comparison: Comparison, changes: Sequence[Change], painter: Painter) -> Iterator[str]:
    """Each file's text: heading, signals inline, rows."""
    hits: dict[str, list[Hit]] = {}
    for hit in (*comparison.signals, *comparison.folded):
        hits.setdefault(hit.path, []).append(hit)
    for change in changes:
        yield "\n".join(_change_lines(change, hits.get(change.path, ()), painter))


def heading(change: Change) -> str:
    """`startup  added  x.pth  +1 -0`, with all that is odd about the file."""
    parts = [change.moment, change.status, change.path]
    if change.old_path:
        parts.append(f"(was {change.old_path})")
    if change.binary:
        parts.append(f"binary {change.binary}, {change.size} bytes, sha256 {change.sha256 or change.since}")
    else:
        parts.append(f"+{change.plus} -{change.minus}")
    if change.status == "moved" and change.sha256 == change.since:
        parts.append("the same bytes")
    if change.same_code:
        parts.append("only comments, docstrings or layout")
    if not change.in_wheel:
        parts.append("only in the sdist")
    return "  ".join(parts)


def _change_lines(change: Change, hits: Sequence[Hit], painter: Painter) -> Iterator[str]:
    yield ""
    yield painter.paint("file", visible(heading(change)))
    by_line: dict[int, list[Hit]] = {}
    shown = {row.new for row in change.rows if row.new}
    for hit in hits:
        by_line.setdefault(hit.line if hit.line in shown else 0, []).append(hit)
    yield from _hit_lines(by_line, 0, painter)
    width = len(str(max((max(row.old, row.new) for row in change.rows), default=0)))
    for row in change.rows:
        if row.kind == "@":
            yield painter.paint("@", f"{'':>{width}}   … {row.text} unchanged lines")
            continue
        yield f"{row.new or row.old:>{width}} {painter.paint_row(row, row.kind + ' ')}".rstrip()
        if row.new:
            yield from _hit_lines(by_line, row.new, painter)
    if change.cut:
        yield painter.paint("note", f"… {change.cut} more lines are not shown")


def _hit_lines(by_line: Mapping[int, Sequence[Hit]], line: int, painter: Painter) -> Iterator[str]:
    for hit in by_line.get(line, ()):
        grade = grade_of(hit.rule)
        yield painter.paint(grade, f"    ^ {hit.rule} [{grade}] {'' if hit.line else visible(hit.evidence)}".rstrip())
