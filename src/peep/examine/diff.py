"""Line diff by unique anchors: exact where lines are unique, bounded where many are alike.

Equal ends are trimmed; lines that are unique on both sides anchor the rest (longest increasing run, "patience" diff);
`difflib` works only inside small gaps.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from peep.dataclass import NamedTuple
from peep.examine.types import LONGEST_LINE, MOST_ROWS, Row
from peep.formats.literal_secrets import without_secrets

_LARGEST_GAP = 400
"""Lines on each side of a gap that difflib is given; a larger one is replaced whole."""
_PAIRS_PER_LINE = 2
_FEWEST_PAIRS = 10_000
"""Pairs of equal lines that difflib may be given, of one file: its work grows with them, not with the lines."""
_CONTEXT = 3
"""Unchanged lines shown around a change."""
_LONGEST_FOR_WORDS = 4_000
"""Characters of a line whose words are compared."""
_ALIKE = 0.5
_MOST_WORD_PAIRS = 400_000
_WORD = re.compile(r"\w+|\s+|.", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\r|\n")


class Edit(NamedTuple):
    """Lines `old_start:old_end` become `new_start:new_end`; `is_equal`: they are the same."""

    is_equal: bool
    old_start: int
    old_end: int
    new_start: int
    new_end: int


class FileDiff(NamedTuple):
    """What is shown of one file, and its counts. `cut`: rows that are left out."""

    rows: tuple[Row, ...]
    minus: int
    plus: int
    cut: int


def split_lines(text: str) -> list[str]:
    """Lines without their ends; ends only at CR LF, CR and LF, so that other separators stay visible in the lines."""
    lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


def edits(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    """Give the edits from `old` to `new`, in order, equal parts too."""
    start = 0
    limit = min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    end = 0
    while end < limit - start and old[-1 - end] == new[-1 - end]:
        end += 1
    parts = [Edit(True, 0, start, 0, start)] if start else []  # noqa: FBT003
    parts += _middle(old, new, (start, len(old) - end, start, len(new) - end))
    if end:
        parts.append(Edit(True, len(old) - end, len(old), len(new) - end, len(new)))  # noqa: FBT003
    return list(_merged(parts))


def _middle(old: Sequence[str], new: Sequence[str], bounds: tuple[int, int, int, int]) -> Iterator[Edit]:
    old_at, old_end, new_at, new_end = bounds
    left = _FEWEST_PAIRS + _PAIRS_PER_LINE * (len(old) + len(new))
    for old_line, new_line in [*_anchors(old, new, bounds), (old_end, new_end)]:
        gap = (old_at, old_line, new_at, new_line)
        is_small = 0 < old_line - old_at <= _LARGEST_GAP and 0 < new_line - new_at <= _LARGEST_GAP
        left -= _equal_pairs(old, new, gap) if is_small else 0
        yield from _gap(old, new, gap, is_compared=is_small and left >= 0)
        if old_line < old_end:
            yield Edit(True, old_line, old_line + 1, new_line, new_line + 1)  # noqa: FBT003
        old_at, new_at = old_line + 1, new_line + 1


def _anchors(old: Sequence[str], new: Sequence[str], bounds: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    old_start, old_end, new_start, new_end = bounds
    places = _unique(old, old_start, old_end)
    pairs = [(places[line], number) for line, number in _unique(new, new_start, new_end).items() if line in places]
    pairs.sort(key=lambda pair: pair[1])
    return _increasing(pairs)


def _unique(lines: Sequence[str], start: int, end: int) -> dict[str, int]:
    counts = Counter(lines[start:end])
    return {lines[number]: number for number in range(start, end) if counts[lines[number]] == 1}


def _increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs whose old lines rise too (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for index, (old_line, _) in enumerate(pairs):
        pile = bisect_left(tops, old_line)
        before.append(piles[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(old_line)
            piles.append(index)
        else:
            tops[pile] = old_line
            piles[pile] = index
    result: list[tuple[int, int]] = []
    index = piles[-1] if piles else -1
    while index >= 0:
        result.append(pairs[index])
        index = before[index]
    return result[::-1]


def _equal_pairs(old: Sequence[str], new: Sequence[str], bounds: tuple[int, int, int, int]) -> int:
    old_start, old_end, new_start, new_end = bounds
    counts = Counter(old[old_start:old_end])
    return sum(counts[line] for line in new[new_start:new_end])


def _gap(
    old: Sequence[str], new: Sequence[str], bounds: tuple[int, int, int, int], *, is_compared: bool
) -> Iterator[Edit]:
    old_start, old_end, new_start, new_end = bounds
    if old_start == old_end and new_start == new_end:
        return
    if is_compared:
        before, after = old[old_start:old_end], new[new_start:new_end]
        if before == after:  # as most are: lines between anchors that stand elsewhere as well
            yield Edit(True, *bounds)  # noqa: FBT003
            return
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for tag, one, two, three, four in matcher.get_opcodes():
            yield Edit(tag == "equal", old_start + one, old_start + two, new_start + three, new_start + four)
        return
    yield Edit(False, old_start, old_end, new_start, new_end)  # noqa: FBT003


def _merged(parts: Sequence[Edit]) -> Iterator[Edit]:
    held: Edit | None = None
    for part in parts:
        if held is not None and held.is_equal == part.is_equal:
            held = Edit(held.is_equal, held.old_start, part.old_end, held.new_start, part.new_end)
            continue
        if held is not None:
            yield held
        held = part
    if held is not None:
        yield held


# -- rows ---------------------------------------------------------------------------------------------


def file_diff(old: str | None, new: str | None) -> FileDiff:
    """The rows of one text file; None for a side on which it isn't there."""
    old_lines, new_lines = split_lines(old or ""), split_lines(new or "")
    parts = edits(old_lines, new_lines)
    minus = sum(part.old_end - part.old_start for part in parts if not part.is_equal)
    plus = sum(part.new_end - part.new_start for part in parts if not part.is_equal)
    rows: list[Row] = []
    total = 0
    budget = WordBudget()
    for index, part in enumerate(parts):
        made = (
            _context(part, new_lines, is_first=index == 0, is_last=index == len(parts) - 1)
            if part.is_equal
            else _changed(part, old_lines, new_lines, MOST_ROWS - len(rows), budget)
        )
        total += len(made) if part.is_equal else part.old_end - part.old_start + part.new_end - part.new_start
        rows += made[: MOST_ROWS - len(rows)]
    return FileDiff(tuple(rows), minus, plus, total - len(rows))


def _context(part: Edit, lines: Sequence[str], *, is_first: bool, is_last: bool) -> list[Row]:
    count = part.new_end - part.new_start
    before = 0 if is_first else min(_CONTEXT, count)
    after = 0 if is_last else min(_CONTEXT, count - before)
    hidden = count - before - after
    shown = [*range(before), *([-1] if hidden else []), *range(count - after, count)]
    return [
        Row("@", 0, 0, str(hidden))
        if offset < 0
        else Row(" ", part.old_start + offset + 1, part.new_start + offset + 1, _cut(lines[part.new_start + offset]))
        for offset in shown
    ]


def _changed(part: Edit, old: Sequence[str], new: Sequence[str], room: int, budget: WordBudget) -> list[Row]:
    removed = range(part.old_start, min(part.old_end, part.old_start + room))
    added = range(part.new_start, min(part.new_end, part.new_start + room))
    pairs = min(len(removed), len(added)) if len(removed) == len(added) else 0
    minus, plus = [], []
    for offset in range(pairs):
        lines = without_secrets(old[removed[offset]]), without_secrets(new[added[offset]])
        one, other = word_spans(*lines, budget)
        minus.append(one)
        plus.append(other)
    return [
        *(
            Row("-", number + 1, 0, _cut(old[number]), minus[offset] if offset < pairs else ())
            for offset, number in enumerate(removed)
        ),
        *(
            Row("+", 0, number + 1, _cut(new[number]), plus[offset] if offset < pairs else ())
            for offset, number in enumerate(added)
        ),
    ]


def _cut(line: str) -> str:
    line = without_secrets(line)
    if len(line) <= LONGEST_LINE:
        return line
    return f"{line[:LONGEST_LINE]} … ({len(line) - LONGEST_LINE} more characters)"


Spans = tuple[tuple[int, int], ...]


class WordBudget:
    """How many pairs of words of one file may still be compared; repeated words cost their product."""

    def __init__(self, pairs: int = _MOST_WORD_PAIRS) -> None:
        self._left = pairs

    def allows(self, one: int, other: int) -> bool:
        self._left -= one * other
        return self._left >= 0


def word_spans(old: str, new: str, budget: WordBudget) -> tuple[Spans, Spans]:
    """Character ranges of both lines that differ; none where the lines are less than half alike or very long."""
    if max(len(old), len(new)) >= _LONGEST_FOR_WORDS or not old or not new:
        return (), ()
    one, other = _WORD.findall(old), _WORD.findall(new)
    start, limit = 0, min(len(one), len(other))
    while start < limit and one[start] == other[start]:
        start += 1
    end = 0
    while end < limit - start and one[-1 - end] == other[-1 - end]:
        end += 1
    middle, other_middle = one[start : len(one) - end], other[start : len(other) - end]
    if not budget.allows(len(middle), len(other_middle)):
        return (), ()
    matcher = SequenceMatcher(None, middle, other_middle, autojunk=False)
    codes = matcher.get_opcodes()
    equal = start + end + sum(code[2] - code[1] for code in codes if code[0] == "equal")
    if 2 * equal < _ALIKE * (len(one) + len(other)):
        return (), ()
    changed = [code for code in codes if code[0] != "equal"]
    return (
        _ranges(one, [(start + code[1], start + code[2]) for code in changed]),
        _ranges(other, [(start + code[3], start + code[4]) for code in changed]),
    )


def _ranges(words: Sequence[str], wanted: Sequence[tuple[int, int]]) -> Spans:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return tuple((starts[start], starts[end]) for start, end in wanted if starts[start] < LONGEST_LINE and start < end)
