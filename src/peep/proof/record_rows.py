"""Check of an installed RECORD against the one that installing wrote.

Specification: "Recording installed projects". Bytecode rows, which have no hash, may or may not be there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator

from peep.environment.records import record_bytes
from peep.formats.record import record_table

_BYTECODE = re.compile(
    r"(?P<folder>(?:.*/)?)__pycache__/(?P<module>[^/.]+)\.(?:cpython|pypy|graalpy)-?[0-9]+(?:-[a-z0-9_]+)?"
    r"(?:\.opt-[12])?\.pyc"
)


def record_faults(content: bytes, rows: Collection[str], excused: Collection[str] = ()) -> Iterator[str]:
    """Say in words what is wrong with a RECORD of that content; nothing, when it holds just `rows`.

    `excused` are paths that it need not list, since another project has the file.
    """
    if content == record_bytes(rows):
        return
    expected = set(rows)
    sources = {text.partition(",")[0] for text in expected if text.partition(",")[0].endswith(".py")}
    try:
        text = content.decode()
    except UnicodeDecodeError:
        yield "it is not UTF-8"
        return
    lines = text.split("\n")
    found = [line for line in lines if not is_bytecode_row(line, sources)]
    if found == [*sorted(expected), ""]:
        return
    yield from _differences(found, expected, excused)


def is_bytecode_row(line: str, sources: Collection[str]) -> bool:
    """Whether a row names the bytecode of one of `sources` (as RECORD spells their paths), without a hash."""
    path, comma, rest = line.partition(",")
    if not comma or rest != ",":
        return False
    match = _BYTECODE.fullmatch(path)
    return match is not None and posixpath.join(match["folder"], match["module"] + ".py") in sources


def _differences(found: list[str], expected: set[str], excused: Collection[str]) -> Iterator[str]:
    present = set(found) - {""}
    wrong = sorted(present - expected)
    lacking = sorted(expected - present)
    lacking = [line for line in lacking if _path(line) not in excused]
    lacking_paths = {_path(line) for line in lacking}
    told = False
    for line in wrong:
        told = True
        path = _path(line)
        yield f"its row of {path!r} was edited" if path in lacking_paths else f"it lists {path!r}, which is not its own"
    for path in sorted(lacking_paths - {_path(line) for line in wrong}):
        told = True
        yield f"it does not list {path!r}"
    is_in_order = [line for line in found if line] == sorted(present) and found[-1:] == [""] and found.count("") == 1
    if not (told or is_in_order):
        yield "its rows were moved or repeated"


def _path(line: str) -> str:
    try:
        return next(iter(record_table(line)), [""])[0]
    except ValueError:
        return line
