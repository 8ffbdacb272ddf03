"""Frozen types of a comparison, and their one encoding between the sandboxed child and the parent."""

from __future__ import annotations

from typing import Any

from peep.dataclass import dataclass

MOMENTS = ("startup", "build", "import", "command", "native", "code", "metadata", "data", "test", "doc")
"""When a file would run, in reading order: the earliest and least asked for first."""
RUNS = frozenset(MOMENTS[:6])
"""Moments of files that can run at all."""
RUNS_UNASKED = frozenset(MOMENTS[:4])
"""Moments of files that run at start-up, at build, at import or as a command."""
FOLDED_MOMENTS = frozenset({"test", "doc"})
"""Signals in files of these moments are shown collapsed, never left out."""
MOST_ROWS = 20_000
"""Rows of one file that are shown."""
LONGEST_LINE = 1_000
"""Characters of one line that are shown."""


def moment_rank(moment: str) -> int:
    """Place of a moment in the reading order, 0 the first."""
    return MOMENTS.index(moment)


@dataclass(frozen=True, slots=True)
class UnvouchedArchive:
    """An archive that nobody listed: good for being looked at in a sandbox, and for nothing else.

    Nothing that stores, builds or installs takes this type (an architecture test looks for it).
    """

    filename: str
    sha256: str
    """Lower-case hex, of all bytes of `path`, computed by peep itself."""
    size: int
    """Bytes."""
    path: str
    """Absolute path of a private copy, or of the user's own file."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One firing of a rule. `path` is '' where it is about no file, `line` 0 where it is about no line."""

    rule: str
    path: str
    line: int
    evidence: str
    moment: str


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that a file can newly do. `when`: `import` (unasked) or `call`."""

    capability: str
    when: str
    path: str
    line: int
    call: str


@dataclass(frozen=True, slots=True)
class Habit:
    """A property of how an archive was made which is not what it was in the old release."""

    archive: str
    """`wheel` or `sdist`."""
    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a diff: `kind` is ` `, `-`, `+`, or `@` for `number` unchanged lines that are folded away.

    `old`, `new`: line numbers, 0 where the line isn't there. `spans`: character ranges that differ inside the line.
    """

    kind: str
    old: int
    new: int
    text: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One file that is not what it was."""

    path: str
    old_path: str
    """'' where it is the same."""
    status: str
    """`added`, `changed`, `moved` or `removed`."""
    moment: str
    archives: tuple[str, ...]
    """File names of the new archives (of the old ones when removed) that hold it."""
    in_wheel: bool
    minus: int
    plus: int
    size: int
    """Bytes of the new content (the old one's when removed)."""
    binary: str
    """'' for text, else the format: `elf`, `pe`, `macho`, `bytecode`, `png`, … or `unknown`."""
    sha256: str
    """Of the new content; '' when removed."""
    since: str
    """sha256 of the old content; '' when added."""
    same_code: bool
    """Python whose tree differs in docstrings and layout alone, or not at all."""
    rows: tuple[Row, ...] = ()
    cut: int = 0
    """Rows that are not shown."""


@dataclass(frozen=True, slots=True)
class Origins:
    """How many files of the wheel come from where; `elsewhere`, `differs` and `only_in_wheel` need a look."""

    files: int = 0
    same: int = 0
    line_ends: int = 0
    elsewhere: int = 0
    differs: int = 0
    generated: int = 0
    compiled: int = 0
    only_in_wheel: int = 0


@dataclass(frozen=True, slots=True)
class NotAnalysed:
    """A file that could only be shown, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Blob:
    """One file as git knows it. `source`: the sdist's path of the same file, '' for none."""

    path: str
    moment: str
    blob: str
    """Object id of the bytes: SHA-1 or SHA-256 of `blob LENGTH`, a NUL and the content."""
    other_ends: str
    """The same with LF for CR LF, or with CR LF for LF; '' where that changes nothing."""
    source: str
    origin: str
    """In the sdist, '' where there is none; `generated` too for what builds make and the sdist ships."""
    in_wheel: bool


@dataclass(frozen=True, slots=True)
class ArchiveFiles:
    """Every file of one archive. `side`: `old` or `new`."""

    side: str
    filename: str
    files: tuple[tuple[str, str, str], ...]
    """(path without the version that folders are named after, sha256, origin; '' for what has to be read)."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is to be said of one release against another, or of one alone."""

    identity: Origins | None
    """None where there is no wheel, or no sdist to compare it with."""
    changes: tuple[Change, ...]
    signals: tuple[Hit, ...]
    folded: tuple[Hit, ...]
    capabilities: tuple[Capability, ...]
    made: tuple[Habit, ...]
    not_analysed: tuple[NotAnalysed, ...]
    warnings: tuple[tuple[str, str], ...]
    """(archive file name, what its reader found odd)."""
    blobs: tuple[Blob, ...] = ()
    """Every file of the new wheel (of the sdist where there is none) as git would know it; where it was asked for."""
    origins: tuple[tuple[str, str], ...] = ()
    """(path in the wheel, origin) for every file of the new wheel that is not the same as in the sdist."""
    inventory: tuple[ArchiveFiles, ...] = ()
    """Every archive of both releases; where it was asked for."""


def encoded(comparison: Comparison) -> dict[str, Any]:
    """Turn a comparison into what JSON has."""
    return {name: _plain(getattr(comparison, name)) for name in _FIELDS}


_FIELDS = (
    "identity",
    "changes",
    "signals",
    "folded",
    "capabilities",
    "made",
    "not_analysed",
    "warnings",
    "blobs",
    "origins",
    "inventory",
)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str | int | bool | None):
        return value
    return [_plain(getattr(value, name)) for name in value.__slots__]
