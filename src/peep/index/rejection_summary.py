"""Sums up why files were not chosen: files with the same reason share a line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peep.model import Candidate, Rejection

MOST_LINES = 20
_MOST_NAMES = 3


def why_not(rejections: Sequence[Rejection]) -> list[str]:
    """Give back lines such as `a.whl, b.whl and 12 more: reason`, those about few files first; at most `MOST_LINES`.

    The index is named where the files come from several. Files of other versions are counted, not listed.
    """
    names_index = len({rejection.index for rejection in rejections}) > 1
    groups: dict[str, list[str]] = {}
    others = 0
    for rejection in rejections:
        if _is_of_other_version(rejection):
            others += 1
            continue
        place = f"on {rejection.index}: " if names_index and rejection.index else ""
        groups.setdefault(place + rejection.reason, []).append(rejection.filename)
    ordered = sorted(groups.items(), key=lambda group: len(group[1]) > _MOST_NAMES)
    lines = [f"{_names(names)}: {reason}" for reason, names in ordered[:MOST_LINES]]
    left = sum(len(names) for _, names in ordered[MOST_LINES:])
    lines += [f"{left} more files, for {len(ordered) - MOST_LINES} more reasons"] if left else []
    return [*lines, f"{_counted(others)} of other versions"] if others else lines


def choice_lines(candidate: Candidate) -> list[str]:
    """Tell a choice and why every other file was not chosen (what `-v` shows)."""
    chosen = f"{candidate.pin}: chose {candidate.file.filename}"
    return [chosen, *(f"  not {line}" for line in why_not(candidate.rejections))]


def _is_of_other_version(rejection: Rejection) -> bool:
    """Such files may be thousands; only one with a listed hash has more to say."""
    return rejection.reason.startswith("is version ") and not rejection.reason.endswith("hash of yours")


def _names(names: Iterable[str]) -> str:
    *others, last = names
    if not others:
        return last
    if len(others) < _MOST_NAMES:
        return f"{', '.join(others)} and {last}"
    shown = _MOST_NAMES - 1
    return f"{', '.join(others[:shown])} and {len(others) + 1 - shown} more"


def _counted(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
