"""Prices of comparisons in lines to read, remembered by the digests of both sides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from packaging.requirements import InvalidRequirement

from peep.dataclass import NamedTuple, replace
from peep.errors import PeepError
from peep.examine.child import isolation_for
from peep.examine.read_before import ReadStep, ReadSteps
from peep.examine.types import MOMENTS, RUNS, Comparison
from peep.formats.dependency_specifiers import read_requirement
from peep.formats.digest_lines import DigestLine
from peep.formats.documents import parse_json
from peep.formats.names import normalised
from peep.pipeline.examining.release_comparer import ReleaseComparer, release_comparer
from peep.pipeline.session import Session
from peep.pipeline.vetting.reading_record import ReadingRecord, data_folder
from peep.reporting import Reporter
from peep.requirements.lock_requirers import StatedRequirer
from peep.store.metadata_cache import MetadataCache
from peep.store.wheels import Store
from peep.system.sandbox import Isolation, find_isolation
from peep.vetting.suggestion import ReadingCost, SuggestedComparison
from peep.vetting.verdicts import Subject

_KIND = "reading-cost"
_FORMAT = 2
"""Goes up when lines are counted otherwise."""


class ReadingPrices:
    """What comparisons cost; one that cannot be told is told why, once for each reason."""

    def __init__(
        self,
        comparer: ReleaseComparer,
        store: Store,
        isolation: Isolation,
        reporter: Reporter,
        steps: Iterable[ReadStep],
    ) -> None:
        """`steps`: what the user read before, which need not be read again."""
        self._comparer = comparer
        self._store = store
        self._isolation = isolation
        self._reporter = reporter
        self._read = ReadSteps(steps)
        self._told: set[str] = set()

    def __call__(self, comparison: SuggestedComparison) -> ReadingCost | None:
        """The cost of reading what changed; None where an archive cannot be had or analysed."""
        try:
            return self._price(comparison)
        except PeepError as error:
            self._tell(f"{comparison.project} {comparison.new_version}", str(error))
            return None

    def _price(self, comparison: SuggestedComparison) -> ReadingCost:
        project = comparison.project
        lines = tuple(DigestLine(subject.key, subject.filename) for subject in comparison.new if subject.key)
        new = self._comparer.narrowed(project, comparison.new_version, lines)
        old = self._comparer.narrowed(project, comparison.old_version, comparison.old) if comparison.old else None
        old = replace(old, lines=of_the_kinds_of(new.lines, old.lines)) if old is not None else None
        key = " ".join([str(_FORMAT), *_digests(old.lines if old else ()), "->", *_digests(new.lines)])
        changes = _kept_changes(self._store.get_value(_KIND, key))
        if changes is None:
            changes = priced_changes(self._comparer.compared(project, old, new, self._isolation).comparison)
            self._store.put_value(_KIND, key, json.dumps(changes).encode())
        return cost_of(changes, self._read)

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


class PricedChange(NamedTuple):
    """What one changed file costs: its content and moment as in `ReadStep`, changed lines, bytes of a native file."""

    sha256: str
    since: str
    moment: str
    lines: int
    compiled: int


def _kept_changes(kept: bytes | None) -> list[PricedChange] | None:
    if kept is None:
        return None
    try:
        found = [
            PricedChange(str(sha256), str(since), str(moment), int(lines), int(compiled))
            for sha256, since, moment, lines, compiled in parse_json(kept)
        ]
    except (ValueError, TypeError):
        return None
    return found if all(one.moment in MOMENTS for one in found) else None


def priced_changes(comparison: Comparison) -> list[PricedChange]:
    """Each change of a comparison with what it costs."""
    return [
        PricedChange(
            one.sha256,
            one.since,
            one.moment,
            one.plus + one.minus,
            one.size if one.moment == "native" and one.sha256 else 0,
        )
        for one in comparison.changes
    ]


def cost_of(changes: Iterable[PricedChange], read: ReadSteps) -> ReadingCost:
    """Lines that can run, other lines, and bytes of native files beside them; without what was read before."""
    left = [one for one in changes if not read.cover(ReadStep(one.sha256, one.since, one.moment))]
    run = sum(one.lines for one in left if one.moment in RUNS and one.sha256)
    return ReadingCost(run, sum(one.lines for one in left) - run, sum(one.compiled for one in left))


@contextmanager
def reading_prices(session: Session, *, use_sandbox: bool) -> Iterator[ReadingPrices]:
    """Prices by what the session's indexes have. Raises `PeepError` where there is no sandbox."""
    isolation = isolation_for(find_isolation(), wanted=use_sandbox)
    with release_comparer(session) as comparer:
        reporter = session.context.reporter
        steps = ReadingRecord(data_folder(), reporter).steps
        yield ReadingPrices(comparer, session.store, isolation, reporter, steps)


def requirers(
    subjects: Sequence[Subject], stated: Iterable[StatedRequirer], store: Store | None
) -> Mapping[str, tuple[str, ...]]:
    """Project -> the listed projects that require it, by what files state and what the store knows; extras aside."""
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
            requirement = read_requirement(line)
        except InvalidRequirement:
            continue
        if "extra" not in str(requirement.marker or ""):
            yield normalised(requirement.name)
