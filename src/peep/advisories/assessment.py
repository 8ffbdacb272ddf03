"""The whole decision of an audit: pins, advisories, index facts, policy and suppressions in, a report out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from peep.advisories.exploited import with_lists
from peep.advisories.findings import AuditedPin, Finding, Place, UnjudgedPin
from peep.advisories.fixes import FixFinder, Release
from peep.advisories.judgement import Judge, with_fixes
from peep.advisories.lookup import Known
from peep.advisories.policy import AuditPolicy, levelled
from peep.advisories.report import (
    AuditedSubject,
    AuditReport,
    Incompleteness,
    IndexFacts,
    divided_by_baseline,
    in_order,
)
from peep.advisories.severity import Rater
from peep.advisories.snapshot import SnapshotFacts
from peep.advisories.suppressions import Suppression, suppress
from peep.advisories.timestamps import spoken_age, written_time
from peep.advisories.watch import ProjectPages, watched
from peep.dataclass import dataclass, field, replace

Baseline = Iterable[tuple[str, str | None, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What one thing to audit lists: pins, what has no version, and how many local projects."""

    kind: str
    path: str
    pins: tuple[AuditedPin, ...] = ()
    unjudged: tuple[UnjudgedPin, ...] = ()
    local: int = 0
    faults: tuple[str, ...] = ()
    """What of it could not be read."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a judgement rests on beside the pins."""

    known: Known
    rate: Rater
    pages: Mapping[str, ProjectPages] = field(default_factory=dict)
    """By name, of projects that an index answered for."""
    releases: Mapping[str, Sequence[Release]] = field(default_factory=dict)
    index_facts: IndexFacts = field(default_factory=IndexFacts)
    kev: frozenset[str] | None = None
    epss: Mapping[str, float] | None = None
    further: tuple[Finding, ...] = ()
    """Findings of other origin, such as an interpreter past its end."""


@dataclass(frozen=True, slots=True)
class Terms:
    """By what rules a run judges."""

    now: datetime
    policy: AuditPolicy
    suppressions: Sequence[Suppression] = ()
    baseline: Baseline = ()
    is_strict: bool = False


def assess(subjects: Sequence[Subject], evidence: Evidence, terms: Terms) -> AuditReport:
    """Judge everything. Raises `UnfitSuppression` for a suppression of malware that may not be."""
    judge = Judge(evidence.known, evidence.rate)
    judgement = judge.judge(merged(pin for subject in subjects for pin in subject.pins))
    finder = FixFinder(judge.of_project, evidence.releases)
    found = with_lists(with_fixes(judgement.findings, finder, {}), evidence.kev, evidence.epss)
    divided = suppress(found, terms.suppressions, terms.now.date())
    ignored = _suppressed_records(divided.suppressed)
    counting = [
        levelled(with_fixes([one], finder, ignored)[0] if (one.name, one.version) in ignored else one, terms.policy)
        for one in divided.counting
    ]
    new, old = divided_by_baseline([*counting, *_index_findings(subjects, evidence), *evidence.further], terms.baseline)
    unjudged = (*(pin for subject in subjects for pin in subject.unjudged), *judgement.unjudged)
    return AuditReport(
        terms.now,
        tuple(evidence.known.facts),
        tuple(_counted(subject, judgement.unjudged) for subject in subjects),
        evidence.index_facts,
        in_order(new),
        in_order(levelled(one, terms.policy) for one in divided.suppressed),
        in_order(old),
        tuple(sorted(unjudged, key=lambda one: (one.name, one.reason, one.places))),
        tuple(_incomplete(subjects, evidence, terms, has_unjudged=bool(unjudged))),
        terms.is_strict,
        judgement.remarks,
    )


def merged(pins: Iterable[AuditedPin]) -> list[AuditedPin]:
    """The same pin in several places as one, with all its places; in the order of first appearance."""
    first: dict[tuple[object, ...], AuditedPin] = {}
    places: dict[tuple[object, ...], dict[Place, None]] = {}
    filenames: dict[tuple[object, ...], dict[str, None]] = {}
    for pin in pins:
        key = (pin.name, pin.version, pin.is_arbitrary, frozenset(pin.hashes), pin.is_private, pin.is_direct)
        first.setdefault(key, pin)
        places.setdefault(key, {}).update(dict.fromkeys(pin.places))
        filenames.setdefault(key, {}).update(dict.fromkeys(pin.filenames))
    return [
        replace(pin, filenames=tuple(filenames[key]), places=tuple(sorted(places[key], key=_place_order)))
        for key, pin in first.items()
    ]


def _place_order(place: Place) -> tuple[str, int, str]:
    return place.path, place.line, place.marker or ""


def _index_findings(subjects: Iterable[Subject], evidence: Evidence) -> Iterator[Finding]:
    for pin in merged(pin for subject in subjects for pin in subject.pins):
        pages = None if pin.is_direct else evidence.pages.get(pin.name)
        if pages is not None:
            yield from watched(pin, pages)


def _suppressed_records(suppressed: Iterable[Finding]) -> dict[tuple[str, str | None], frozenset[str]]:
    found: dict[tuple[str, str | None], frozenset[str]] = {}
    for one in suppressed:
        key = (one.name, one.version)
        found[key] = found.get(key, frozenset()) | frozenset(one.ids)
    return found


def _counted(subject: Subject, unjudged: Iterable[UnjudgedPin]) -> AuditedSubject:
    places = {(one.name, place) for one in unjudged for place in one.places}
    late = sum(any((pin.name, place) in places for place in pin.places) for pin in subject.pins)
    total = len(subject.pins) + len(subject.unjudged) + subject.local
    return AuditedSubject(
        subject.kind,
        subject.path,
        pins=total,
        judged=len(subject.pins) - late,
        unjudged=len(subject.unjudged) + late,
        local=subject.local,
        held=frozenset((pin.name, pin.version, pin.hashes) for pin in subject.pins),
    )


def _incomplete(
    subjects: Iterable[Subject], evidence: Evidence, terms: Terms, *, has_unjudged: bool
) -> Iterator[Incompleteness]:
    yield from snapshot_faults(evidence.known, terms)
    for facts in evidence.known.facts:
        for record in facts.unreadable[:20]:
            yield Incompleteness("unreadable-record", f"{facts.path}: {record.name}: {record.reason}")
    for subject in subjects:
        for fault in subject.faults:
            yield Incompleteness("unreadable-subject", fault)
    if terms.is_strict and has_unjudged:
        yield Incompleteness("unjudged", "not everything that is listed could be judged")
    if terms.is_strict:
        for name, reason in evidence.index_facts.failed:
            yield Incompleteness("index-failed", f"{name}: {reason}")


def snapshot_faults(known: Known, terms: Terms) -> Iterator[Incompleteness]:
    """What is wrong with the snapshots themselves: missing, broken, another than pinned, stale."""
    for error in known.missing:
        yield Incompleteness("missing-advisories" if error.is_missing else "broken-advisories", str(error))
    if not known.facts and not known.missing:
        yield Incompleteness("missing-advisories", "there is no snapshot of advisories; run: peep advisories fetch")
    pinned = terms.policy.snapshot_sha256
    zips = [facts for facts in known.facts if facts.is_zip]
    if pinned is not None and known.facts and not any(facts.sha256 == pinned for facts in zips):
        found = ", ".join(facts.sha256 or facts.path for facts in known.facts)
        yield Incompleteness("other-advisories", f"snapshot-sha256 is {pinned}, and the advisories are {found}")
    for facts in zips or known.facts:
        yield from _staleness(facts, terms)


def _staleness(facts: SnapshotFacts, terms: Terms) -> Iterator[Incompleteness]:
    as_of = facts.as_of
    if as_of is None:
        yield Incompleteness("stale-advisories", f"{facts.path}: no record tells how old it is")
    elif terms.now - as_of > terms.policy.max_age:
        age, most = spoken_age(terms.now - as_of), spoken_age(terms.policy.max_age)
        yield Incompleteness(
            "stale-advisories", f"{facts.path}: of {written_time(as_of)}, {age} old; max-age is {most}"
        )
