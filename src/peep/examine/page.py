"""Review page: one HTML file without anything from outside, safe to open whatever the release holds.

Every foreign text passes `shown`: escaped, and what has no shape, or another than it seems, as a chip `U+202E`. The
content security policy allows this page's own style sheet and script, by hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from peep.examine.page_assets import SCRIPT, STYLE
from peep.examine.rules import RULES, grade_of
from peep.examine.summary import SummaryLine
from peep.examine.types import Change, Comparison, Hit, Row
from peep.formats.visible_text import is_visible, pieces

_MOMENT_TITLES = {
    "startup": "Runs at every start of the interpreter",
    "build": "Runs when it is built",
    "import": "Runs when it is imported",
    "command": "Runs as a command",
    "native": "Native code and bytecode",
    "code": "Other code",
    "metadata": "Metadata",
    "data": "Data",
    "test": "Tests",
    "doc": "Documents",
}
_ROW_CLASSES = {"-": "m", "+": "p", " ": "", "@": "f"}


def page_of(
    title: str,
    lines: Sequence[SummaryLine],
    comparison: Comparison,
    *,
    base: Mapping[str, Any],
    read: frozenset[tuple[str, str]] = frozenset(),
) -> str:
    """The whole page. `base`: what a reading of it says before anything is read; `read`: (path, sha256) read before."""
    return "".join(
        [
            "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n",
            f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n',
            '<meta name="referrer" content="no-referrer">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<title>{shown(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            "<div id=bar><span id=status role=status></span>",
            '<span class="soft">n, p: next, previous unread; m: mark as read</span>',
            "<button id=save type=button>Save reading</button></div>\n",
            f"<header>\n<h1>{shown(title)}</h1>\n{_summary(lines)}</header>\n<main>\n",
            *_sections(comparison, read),
            "</main>\n<footer><textarea id=out readonly aria-label=Reading></textarea></footer>\n",
            f'<script type="application/json" id="base">{_as_json(base)}</script>\n',
            f"<script>{SCRIPT}</script>\n</body>\n</html>\n",
        ]
    )


def policy() -> str:
    """Content Security Policy level 3: hashes of the style sheet and the script, everything else refused."""
    return (
        f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _as_json(value: Mapping[str, Any]) -> str:
    """JSON that ends no script element (HTML, "script data state"): `<` never stands in it."""
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")


def shown(text: str) -> str:
    """Foreign text as HTML: escaped, with chips for all that is not printable, bidirectional or invisible."""
    if is_visible(text):
        return escape(text)
    parts = []
    for piece, is_code_point in pieces(text):
        if not is_code_point:
            parts.append(escape(piece))
        elif piece == "U+0009":
            parts.append("<i class=w>\u2192   </i>")
        else:
            parts.append(f"<i class=c>{piece}</i>")
    return "".join(parts)


def _summary(lines: Sequence[SummaryLine]) -> str:
    rows = []
    for line in lines:
        css = f' class="{line.grade}"' if line.grade else ""
        rows.append(f"<dt>{escape(line.label)}</dt><dd{css}>{shown(line.text)}</dd>\n")
    return f"<dl>\n{''.join(rows)}</dl>\n"


def _sections(comparison: Comparison, read: frozenset[tuple[str, str]]) -> Iterator[str]:
    hits: dict[str, list[Hit]] = {}
    for hit in (*comparison.signals, *comparison.folded):
        hits.setdefault(hit.path, []).append(hit)
    title = ""
    for number, change in enumerate(comparison.changes):
        following = _MOMENT_TITLES[change.moment] + ("" if change.in_wheel else ": only in the sdist")
        if following != title:
            title = following
            yield f"<h2>{title}</h2>\n"
        yield from _section(number, change, hits.get(change.path, ()), is_read=(change.path, change.sha256) in read)


def _section(number: int, change: Change, hits: Sequence[Hit], *, is_read: bool) -> Iterator[str]:
    css = " class=read" if is_read else ""
    yield (
        f'<section id="f{number}"{css} tabindex=0 data-file="{_attribute(change.path)}" data-sha="{change.sha256}" '
        f'data-since="{change.since}" data-lines="{change.plus + change.minus}">\n'
    )
    yield f"<h3>{shown(change.path)} <span class=soft>{shown(_remarks(change))}</span></h3>\n"
    lines = {row.new for row in change.rows if row.new}
    by_line: dict[int, list[Hit]] = {}
    for hit in hits:
        by_line.setdefault(hit.line if hit.line in lines else 0, []).append(hit)
    for hit in by_line.get(0, ()):
        yield f'<p class="s {grade_of(hit.rule)}">{_signal(hit)}: {shown(hit.evidence)}</p>\n'
    if change.rows:
        yield "<table>\n"
        for row in change.rows:
            yield _row(row)
            for hit in by_line.get(row.new, ()) if row.new else ():
                yield f'<tr class="s {grade_of(hit.rule)}"><td colspan=3>{_signal(hit)}</td></tr>\n'
        yield "</table>\n"
    if change.cut:
        yield f"<p class=s>{change.cut} more lines are not shown</p>\n"
    yield "</section>\n"


def _attribute(path: str) -> str:
    """A path as the value of an attribute; the script gives it back as it was, in a reading."""
    return "".join(
        character if character.isprintable() and character not in "&<>\"'" else f"&#{ord(character)};"
        for character in path
    )


def _remarks(change: Change) -> str:
    parts = [change.status]
    if change.old_path:
        parts.append(f"from {change.old_path}")
    if change.binary:
        parts.append(f"binary {change.binary}, {change.size} bytes, sha256 {change.sha256 or change.since}")
    else:
        parts.append(f"+{change.plus} \u2212{change.minus}")
    if change.status == "moved" and change.sha256 == change.since:
        parts.append("the same bytes")
    if change.same_code:
        parts.append("only comments, docstrings or layout")
    return ", ".join(parts)


def _signal(hit: Hit) -> str:
    return f"{hit.rule} [{grade_of(hit.rule)}] {escape(RULES[hit.rule].meaning)}"


def _row(row: Row) -> str:
    css = _ROW_CLASSES[row.kind]
    if row.kind == "@":
        return f"<tr class=f><td colspan=3>{shown(row.text)} unchanged lines</td></tr>\n"
    old, new = row.old or "", row.new or ""
    attribute = f" class={css}" if css else ""
    return f"<tr{attribute}><td class=n>{old}</td><td class=n>{new}</td><td class=t>{_marked(row)}</td></tr>\n"


def _marked(row: Row) -> str:
    if not row.spans:
        return shown(row.text)
    parts = []
    position = 0
    for start, end in row.spans:
        parts.append(shown(row.text[position:start]))
        parts.append(f"<mark>{shown(row.text[start:end])}</mark>")
        position = end
    parts.append(shown(row.text[position:]))
    return "".join(parts)
