"""Suggestions: the cheapest comparison for each unexamined version; what trust would settle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from peep.dataclass import dataclass
from peep.formats.digest_lines import DigestLine
from peep.vetting.assembly import Vetting
from peep.vetting.known_versions import KnownVersions
from peep.vetting.records import PublishedArchive
from peep.vetting.verdicts import Standing, Subject, Verdict, Word


@dataclass(frozen=True, slots=True, order=True)
class ReadingCost:
    """What a comparison leaves to read: lines that can run, other lines, and bytes of compiled files beside them."""

    run: int
    other: int
    compiled: int = 0


@dataclass(frozen=True, slots=True)
class SuggestedComparison:
    """One release against another; `old_version` '' (and no archives): against nothing, so everything is new."""

    project: str
    old_version: str
    old: tuple[DigestLine, ...]
    new_version: str
    new: tuple[Subject, ...]


Price = Callable[[SuggestedComparison], "ReadingCost | None"]
"""What a comparison costs; None: it cannot be told, for an archive cannot be had or analysed."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to read next."""

    comparison: SuggestedComparison
    cost: ReadingCost | None
    """None: nobody could tell."""
    used_by: tuple[str, ...] = ()
    """Listed projects that require it."""


def suggestions(
    unexamined: Iterable[Subject], known: KnownVersions, price: Price, used_by: Mapping[str, tuple[str, ...]]
) -> tuple[Suggestion, ...]:
    """The cheapest comparison for each unexamined version, cheapest first; those without a cost stand last, by name.

    Candidates are the nearest examined versions below and above, and the empty one. `used_by`: by project.
    """
    found = [
        _cheapest(comparisons(subjects, known), price, used_by.get(subjects[0].name, ()))
        for subjects in _by_version(unexamined)
    ]
    return tuple(sorted(found, key=_order))


def comparisons(subjects: Sequence[Subject], known: KnownVersions) -> tuple[SuggestedComparison, ...]:
    """What the archives of one version, `subjects`, can be compared with; the empty release stands last."""
    first, new = subjects[0], tuple(subjects)
    bases = [(one.version, one.archives) for one in known.nearest(first.name, first.version).both]
    return tuple(SuggestedComparison(first.name, old, lines, first.version, new) for old, lines in [*bases, ("", ())])


def _cheapest(candidates: Sequence[SuggestedComparison], price: Price, used_by: tuple[str, ...]) -> Suggestion:
    priced = [(cost, number) for number, one in enumerate(candidates) if (cost := price(one)) is not None]
    if not priced:
        return Suggestion(candidates[0], None, used_by)
    cost, number = min(priced)
    return Suggestion(candidates[number], cost, used_by)


def _order(one: Suggestion) -> tuple[bool, ReadingCost, str, str]:
    cost = one.cost or ReadingCost(0, 0)
    return (one.cost is None, cost, one.comparison.project, one.comparison.new_version)


def _by_version(subjects: Iterable[Subject]) -> list[list[Subject]]:
    groups: dict[tuple[str, str], list[Subject]] = {}
    for subject in subjects:
        groups.setdefault((subject.name, subject.version), []).append(subject)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class TrustGain:
    """A publisher that the policy does not trust, and how many unexamined archives it published by verified facts."""

    project: str
    publisher: str
    archives: int


def trust_gains(vetting: Vetting, unexamined: Iterable[Subject]) -> tuple[TrustGain, ...]:
    """What one `[[trusted]]` each would settle, most first."""
    keys = {subject.key for subject in unexamined}
    counts: dict[tuple[str, str], set[str]] = {}
    for one in vetting.records.published:
        if one.archive.sha256 in keys and not _is_named(vetting, one):
            counts.setdefault((one.project, one.publisher), set()).add(one.archive.sha256)
    gains = [TrustGain(project, publisher, len(found)) for (project, publisher), found in counts.items()]
    return tuple(sorted(gains, key=lambda gain: (-gain.archives, gain.project, gain.publisher)))


def _is_named(vetting: Vetting, one: PublishedArchive) -> bool:
    """Whether the policy names the publisher: if it means another account of that name, trust settles nothing."""
    return any(
        (trusted.project, trusted.publisher) == (one.project, one.publisher) for trusted in vetting.policy.trusted
    )


def excuse_ends(verdicts: Iterable[Verdict]) -> tuple[tuple[date, int], ...]:
    """How many archives are excused until when, the earliest end first."""
    counts: dict[date, int] = {}
    for verdict in verdicts:
        if verdict.standing is Standing.EXCUSED and verdict.until is not None:
            counts[verdict.until] = counts.get(verdict.until, 0) + 1
    return tuple(sorted(counts.items()))


def unexamined_subjects(verdicts: Iterable[Verdict]) -> tuple[Subject, ...]:
    """What nobody examined and somebody could read; where somebody objects, or no version is known, nobody can."""
    return tuple(
        verdict.subject
        for verdict in verdicts
        if verdict.word is Word.UNEXAMINED and verdict.subject.version and not verdict.subject.is_commit
    )
