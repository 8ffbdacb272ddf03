"""Gaps of a reading that keep it from being the ground of an audit record."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from peep.dataclass import dataclass
from peep.examine.rules import STOP, grade_of
from peep.examine.types import Change, Comparison, Hit

_CODE = frozenset({"startup", "build", "import", "command", "code"})
"""Moments of files that somebody can read and that run."""


@dataclass(frozen=True, slots=True)
class ReadingGaps:
    """`foreign`: read (path, sha256) that the comparison lacks; `unread`: code; `others`: unread files that do not run;
    `unanswered`: stop signals; `stray_answers`, `stray_patterns`: what names nothing.
    """

    foreign: tuple[tuple[str, str], ...]
    unread: tuple[Change, ...]
    others: tuple[Change, ...]
    unanswered: tuple[Hit, ...]
    stray_answers: tuple[tuple[str, str], ...]
    stray_patterns: tuple[str, ...]


def gaps_of(
    comparison: Comparison,
    read: Collection[tuple[str, str]],
    skipped: Sequence[str],
    answered: Collection[tuple[str, str]],
) -> ReadingGaps:
    """`read`: (path, sha256), '' for what was removed; `skipped`: patterns; `answered`: (rule, path)."""
    changes = comparison.changes
    known = {(change.path, change.sha256) for change in changes}
    left = [change for change in changes if (change.path, change.sha256) not in read]
    unread = [change for change in left if not is_skipped(change.path, skipped)]
    stops = stop_signals(comparison)
    places = {(hit.rule, hit.path) for hit in stops}
    return ReadingGaps(
        foreign=tuple(sorted(set(read) - known)),
        unread=tuple(change for change in unread if _is_code(change)),
        others=tuple(change for change in unread if not _is_code(change)),
        unanswered=tuple(hit for hit in stops if (hit.rule, hit.path) not in answered),
        stray_answers=tuple(sorted(set(answered) - places)),
        stray_patterns=tuple(
            pattern for pattern in skipped if not any(is_skipped(one.path, [pattern]) for one in changes)
        ),
    )


def stop_signals(comparison: Comparison) -> tuple[Hit, ...]:
    """New stop signals outside tests and documents, one for each rule and file."""
    found: dict[tuple[str, str], Hit] = {}
    for hit in comparison.signals:
        if grade_of(hit.rule) == STOP:
            found.setdefault((hit.rule, hit.path), hit)
    return tuple(found.values())


def _is_code(change: Change) -> bool:
    return change.moment in _CODE and bool(change.sha256)


def is_skipped(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern names the path: `*` and `?` stay within a folder, `**` does not."""
    return any(_expression(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=64)
def _expression(pattern: str) -> re.Pattern[str]:
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts), re.DOTALL)
