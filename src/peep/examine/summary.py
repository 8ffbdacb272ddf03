"""Summary of a comparison: the lines on top of screen and page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from peep.dataclass import dataclass
from peep.examine.commit import CommitIdentity
from peep.examine.rules import NOTE, grade_of
from peep.examine.types import MOMENTS, RUNS, Change, Comparison, Hit, UnvouchedArchive

_MOST_LINES = 20
"""Lines of one label; what is more is counted."""
_STATUSES = {
    "unexamined": "NOT EXAMINED",
    "objected": "SOMEBODY OBJECTS",
    "excused": "NOT EXAMINED, excused",
    "machine": "EXAMINED by a machine",
    "published": "NOT EXAMINED, by a trusted publisher",
    "compiled": "EXAMINED but for compiled files",
    "same": "EXAMINED",
    "read": "EXAMINED",
}


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """`label` in the left column; `text` may hold foreign characters; `grade` is `stop`, `look`, `note` or ''."""

    label: str
    text: str
    grade: str = ""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What is known of the new release beside its archives: the verdict's word, and a line for each publisher."""

    verdict: str = "unexamined"
    publishers: tuple[str, ...] = ()


UNKNOWN = OnRecord()


@dataclass(frozen=True, slots=True)
class LineCounts:
    """Lines to read: of files that can run, of all others, and what was read before."""

    run: int
    other: int
    read_before: int


def line_counts(changes: Sequence[Change], read: frozenset[tuple[str, str]]) -> LineCounts:
    """Count changed lines; `read`: (path, sha256) that were read before."""
    counts = [0, 0, 0]
    for change in changes:
        place = 2 if (change.path, change.sha256) in read else 0 if change.moment in RUNS and change.sha256 else 1
        counts[place] += change.plus + change.minus
    return LineCounts(*counts)


def summary_lines(
    comparison: Comparison,
    archives: Sequence[UnvouchedArchive],
    *,
    on_record: OnRecord = UNKNOWN,
    read: frozenset[tuple[str, str]] = frozenset(),
    is_sandboxed: bool = True,
    commit: CommitIdentity | None = None,
) -> list[SummaryLine]:
    """Everything above the diff; the verdict first."""
    counts = line_counts(comparison.changes, read)
    said = _STATUSES.get(on_record.verdict, on_record.verdict)
    before = f", {_counted(counts.read_before, 'line')} read before" if counts.read_before else ""
    lines = [
        SummaryLine("verdict", f"{said}: {_counted(counts.run, 'line')} that can run, {counts.other} others{before}")
    ]
    if not is_sandboxed:
        lines.append(SummaryLine("caution", "the archives were opened without a sandbox (--no-sandbox)", "look"))
    odd = Counter(name for name, _ in comparison.warnings)
    for archive in archives:
        sound = f"{_counted(odd[archive.filename], 'warning')}" if odd[archive.filename] else "sound"
        lines += [SummaryLine("archive", f"{archive.filename}  {sound}"), SummaryLine("sha256", archive.sha256)]
    lines += [SummaryLine("warning", f"{name}: {text}", "look") for name, text in comparison.warnings]
    lines += _identity(comparison)
    if commit is not None:
        grade = "look" if commit.hits else ""
        lines.append(SummaryLine("identity", f"archive = commit {commit.same}/{commit.files}  {commit.commit}", grade))
        lines += [SummaryLine("caution", remark) for remark in commit.remarks]
    lines += [SummaryLine("publisher", text) for text in on_record.publishers]
    lines += _moments(comparison.changes)
    lines += [
        SummaryLine("newly", f"{one.capability} {_when(one.when)}: {one.path}:{one.line} {one.call}", "look")
        for one in comparison.capabilities
    ]
    lines += [SummaryLine("made", f"{one.archive} {one.what}: {one.old} -> {one.new}") for one in comparison.made]
    lines += [_signal(hit) for hit in sorted(comparison.signals, key=_by_grade)]
    lines += _folded(comparison.folded)
    lines += [SummaryLine("not read", f"{one.path}: {one.reason}", "look") for one in comparison.not_analysed]
    return list(_bounded(lines))


def _when(when: str) -> str:
    return "at import" if when == "import" else "when called"


def _identity(comparison: Comparison) -> Iterator[SummaryLine]:
    origins = comparison.identity
    if origins is None:
        return
    parts = (
        (origins.line_ends, "but for line ends"),
        (origins.generated, "generated"),
        (origins.compiled, "compiled"),
        (origins.differs, "other bytes"),
        (origins.elsewhere, "at another path"),
        (origins.only_in_wheel, "only in wheel"),
    )
    others = ", ".join(f"{count} {words}" for count, words in parts if count)
    grade = "look" if origins.differs or origins.elsewhere or origins.only_in_wheel else ""
    text = f"wheel = sdist {origins.same}/{origins.files}" + (f" ({others})" if others else "")
    yield SummaryLine("identity", text, grade)


def _moments(changes: Sequence[Change]) -> Iterator[SummaryLine]:
    counts = Counter(change.moment for change in changes if change.status != "removed")
    gone = sum(1 for change in changes if change.status == "removed")
    words = [f"{moment} {counts[moment]}" for moment in MOMENTS if counts[moment] and moment in RUNS]
    if words:
        yield SummaryLine("runs at", ", ".join(words))
    others = [f"{moment} {counts[moment]}" for moment in MOMENTS if counts[moment] and moment not in RUNS]
    if gone:
        others.append(f"removed {gone}")
    if others:
        yield SummaryLine("others", ", ".join(others))


def _by_grade(hit: Hit) -> tuple[int, int]:
    return ("stop", "look", "note").index(grade_of(hit.rule)), MOMENTS.index(hit.moment)


def _signal(hit: Hit) -> SummaryLine:
    place = hit.path + (f":{hit.line}" if hit.line else "")
    text = f"{hit.rule}: {place + ' ' if place else ''}{hit.evidence}"
    grade = grade_of(hit.rule)
    return SummaryLine("note", text, grade) if grade == NOTE else SummaryLine("signal", f"{text}  [{grade}]", grade)


def _folded(hits: Sequence[Hit]) -> Iterator[SummaryLine]:
    counts = Counter(hit.rule for hit in hits)
    if counts:
        words = ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))
        yield SummaryLine("in tests", f"signals in tests and documents: {words}")


def _bounded(lines: Sequence[SummaryLine]) -> Iterator[SummaryLine]:
    """Stops are never left out; of other lines with one label the first twenty."""
    seen: Counter[str] = Counter()
    totals = Counter(line.label for line in lines if line.grade != "stop")
    for line in lines:
        if line.grade == "stop":
            yield line
            continue
        seen[line.label] += 1
        if seen[line.label] < _MOST_LINES or totals[line.label] == _MOST_LINES:
            yield line
        elif seen[line.label] == _MOST_LINES:
            yield SummaryLine(line.label, f"and {totals[line.label] - _MOST_LINES + 1} more of these", line.grade)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
