"""Prices of comparisons, in lines to read: analysed in the sandboxed child, remembered by the digests of both sides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from packaging.requirements import InvalidRequirement, Requirement

from peep.dataclass import replace
from peep.errors import PeepError
from peep.examine.child import isolation_for
from peep.examine.summary import line_counts
from peep.examine.types import Comparison as ExaminedComparison
from peep.formats.digest_lines import DigestLine
from peep.formats.documents import parse_json
from peep.formats.names import normalised
from peep.pipeline.examining.release_comparer import ReleaseComparer, release_comparer
from peep.pipeline.session import Session
from peep.reporting import Reporter
from peep.requirements.lock_requirers import StatedRequirer
from peep.store.metadata_cache import MetadataCache
from peep.store.wheels import Store
from peep.system.sandbox import Isolation, find_isolation
from peep.vetting.suggestion import Comparison, ReadingCost
from peep.vetting.verdicts import Subject

_KIND = "reading-cost"
_FORMAT = 1
"""Goes up when lines are counted otherwise."""


class ReadingPrices:
    """What comparisons cost; one that cannot be told is told why, once for each reason."""

    def __init__(self, comparer: ReleaseComparer, store: Store, isolation: Isolation, reporter: Reporter) -> None:
        self._comparer = comparer
        self._store = store
        self._isolation = isolation
        self._reporter = reporter
        self._told: set[str] = set()

    def __call__(self, comparison: Comparison) -> ReadingCost | None:
        """The cost of reading what changed; None where an archive cannot be had or analysed."""
        try:
            return self._price(comparison)
        except PeepError as error:
            self._tell(f"{comparison.project} {comparison.new_version}", str(error))
            return None

    def _price(self, comparison: Comparison) -> ReadingCost:
        project = comparison.project
        lines = tuple(DigestLine(subject.key, subject.filename) for subject in comparison.new if subject.key)
        new = self._comparer.narrowed(project, comparison.new_version, lines)
        old = self._comparer.narrowed(project, comparison.old_version, comparison.old) if comparison.old else None
        old = replace(old, lines=of_the_kinds_of(new.lines, old.lines)) if old is not None else None
        key = " ".join([str(_FORMAT), *_digests(old.lines if old else ()), "->", *_digests(new.lines)])
        cost = _read_cost(self._store.get_value(_KIND, key))
        if cost is None:
            cost = cost_of(self._comparer.compared(project, old, new, self._isolation).comparison)
            self._store.put_value(_KIND, key, json.dumps([cost.run, cost.other, cost.compiled]).encode())
        return cost

    def _tell(self, release: str, reason: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            self._reporter.warning(f"{release}: what it costs to read is not known: {reason}")


def of_the_kinds_of(new: Iterable[DigestLine], old: Iterable[DigestLine]) -> tuple[DigestLine, ...]:
    """Of the old archives those that the new ones compare with: else all that an sdist has beside would seem gone."""
    kinds = {line.filename.endswith(".whl") for line in new}
    lines = tuple(old)
    return tuple(line for line in lines if line.filename.endswith(".whl") in kinds) or lines


def _digests(lines: Iterable[DigestLine]) -> list[str]:
    return sorted(line.sha256 for line in lines)


def _read_cost(kept: bytes | None) -> ReadingCost | None:
    if kept is None:
        return None
    try:
        run, other, compiled = parse_json(kept)
        return ReadingCost(int(run), int(other), int(compiled))
    except (ValueError, TypeError):
        return None


def cost_of(comparison: ExaminedComparison) -> ReadingCost:
    """Lines that can run, other lines, and bytes of native files beside them."""
    counts = line_counts(comparison.changes, frozenset())
    compiled = sum(change.size for change in comparison.changes if change.moment == "native" and change.sha256)
    return ReadingCost(counts.run, counts.other, compiled)


@contextmanager
def reading_prices(session: Session, *, use_sandbox: bool) -> Iterator[ReadingPrices]:
    """Prices by what the session's indexes have. Raises `PeepError` where there is no sandbox."""
    isolation = isolation_for(find_isolation(), wanted=use_sandbox)
    with release_comparer(session) as comparer:
        yield ReadingPrices(comparer, session.store, isolation, session.context.reporter)


def requirers(
    subjects: Sequence[Subject], stated: Iterable[StatedRequirer], store: Store | None
) -> Mapping[str, tuple[str, ...]]:
    """Project -> the listed projects that require it, by what files state and the store knows; extras aside."""
    listed = {subject.name for subject in subjects}
    found: dict[str, set[str]] = {}
    for name, by in (*stated, *(_known_requirers(subjects, store) if store is not None else ())):
        if by in listed:
            found.setdefault(name, set()).add(by)
    return {name: tuple(sorted(users - {name})) for name, users in found.items()}


def _known_requirers(subjects: Iterable[Subject], store: Store) -> Iterator[StatedRequirer]:
    """By the metadata of archives that the store knows."""
    cache = MetadataCache(store)
    for subject in subjects:
        if not subject.key or subject.is_commit:
            continue
        wheel = store.get(subject.key)
        metadata = cache.get(subject.key) if wheel is None else None
        requires = wheel.requires_dist if wheel is not None else metadata.requires_dist if metadata is not None else ()
        yield from (StatedRequirer(name, subject.name) for name in _required(requires))


def _required(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if "extra" not in str(requirement.marker or ""):
            yield normalised(requirement.name)
