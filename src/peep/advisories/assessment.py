"""Decision of an audit: pins, advisories, index facts, policy and suppressions in, a report out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from peep.advisories.exploited import with_lists
from peep.advisories.findings import AuditedPin, Finding, Fix, UnjudgedPin
from peep.advisories.fixes import FixFinder, FixRelease
from peep.advisories.judgement import Judge
from peep.advisories.lookup import Known
from peep.advisories.policy import AuditPolicy, levelled
from peep.advisories.publishers import publisher_finding, releases_to_compare
from peep.advisories.record import CLOCK_TOLERANCE
from peep.advisories.report import (
    AuditedSubject,
    AuditReport,
    Incompleteness,
    IndexFacts,
    divided_by_baseline,
    in_order,
)
from peep.advisories.roster import Roster, Subject
from peep.advisories.severity import Rater
from peep.advisories.snapshot import SnapshotFacts
from peep.advisories.suppressions import Suppression, suppress
from peep.advisories.watch import ProjectPages, watched
from peep.dataclass import dataclass, field, replace
from peep.formats.ages import spoken_age, written_time

Baseline = Iterable[tuple[str, str | None, frozenset[str]]]
_MOST_TOLD = 20
"""Unreadable records that are reasons of their own; all of them stand with their snapshot."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a judgement rests on beside the pins."""

    known: Known
    rate: Rater
    pages: Mapping[str, ProjectPages] = field(default_factory=dict)
    """By name, of projects that an index answered for."""
    releases: Mapping[str, Sequence[FixRelease]] = field(default_factory=dict)
    index_facts: IndexFacts = field(default_factory=IndexFacts)
    kev: frozenset[str] | None = None
    epss: Mapping[str, float] | None = None
    publishers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Who published, by the URL of each provenance object that was read; empty where nobody watches."""
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


def assess(roster: Roster, evidence: Evidence, terms: Terms) -> AuditReport:
    """Judge everything. Raises `UnfitSuppression` for a suppression of malware that may not be."""
    judge = Judge(evidence.known, evidence.rate)
    judgement = judge.judge(roster.pins)
    finder = FixFinder(judge.of_project, evidence.releases)
    numbered = [replace(one, pin=number, fix=_fix(one, finder)) for number, one in judgement.findings]
    found = with_lists(numbered, evidence.kev, evidence.epss)
    divided = suppress(found, terms.suppressions, terms.now.date())
    counting = [levelled(one, terms.policy) for one in _refixed(divided.counting, divided.suppressed, finder)]
    facts = _index_findings(roster.pins, evidence)
    new, old = divided_by_baseline([*counting, *facts, *evidence.further], terms.baseline)
    unjudged = [*_unjudged(roster, judgement.unjudged)]
    return AuditReport(
        terms.now,
        tuple(evidence.known.facts),
        tuple(_counted(subject, judgement.unjudged) for subject in roster.subjects),
        evidence.index_facts,
        in_order(new),
        in_order(levelled(one, terms.policy) for one in divided.suppressed),
        in_order(old),
        tuple(unjudged),
        tuple(_incomplete(roster.subjects, evidence, terms, has_unjudged=bool(unjudged))),
        terms.is_strict,
        judgement.remarks,
    )


def _fix(one: Finding, finder: FixFinder, ignored: frozenset[str] = frozenset()) -> Fix | None:
    return finder.fix(one.name, one.version or "", ignored)


def _refixed(counting: Iterable[Finding], suppressed: Iterable[Finding], finder: FixFinder) -> Iterator[Finding]:
    """The findings; of pins that have suppressed ones with fixes that may have these as well."""
    ignored: dict[int, frozenset[str]] = {}
    for one in suppressed:
        ignored[one.pin] = ignored.get(one.pin, frozenset()) | frozenset(one.ids)
    for one in counting:
        has_suppressed = one.pin in ignored and bool(one.ids)
        yield replace(one, fix=_fix(one, finder, ignored[one.pin])) if has_suppressed else one


def _index_findings(pins: Iterable[AuditedPin], evidence: Evidence) -> Iterator[Finding]:
    for number, pin in enumerate(pins):
        pages = None if pin.is_direct else evidence.pages.get(pin.name)
        if pages is not None:
            yield from (replace(one, pin=number) for one in watched(pin, pages))
            yield from (replace(one, pin=number) for one in _publisher_findings(pin, pages, evidence))


def _publisher_findings(pin: AuditedPin, pages: ProjectPages, evidence: Evidence) -> Iterator[Finding]:
    releases = releases_to_compare(pin, pages) if evidence.publishers else None
    found = publisher_finding(pin, releases, evidence.publishers) if releases is not None else None
    if found is not None:
        yield found


def _unjudged(roster: Roster, numbers: frozenset[int]) -> Iterator[UnjudgedPin]:
    listed = [one for subject in roster.subjects for one in subject.unjudged]
    late = [
        UnjudgedPin(pin.name, "unknown-version" if pin.version else "no-version", pin.places)
        for pin in (roster.pins[number] for number in numbers)
    ]
    yield from sorted((*listed, *late), key=lambda one: (one.name, one.reason, [str(place) for place in one.places]))


def _counted(subject: Subject, unjudged: frozenset[int]) -> AuditedSubject:
    late = sum(number in unjudged for number in subject.pins) if unjudged else 0
    return AuditedSubject(
        subject.kind,
        subject.path,
        pins=len(subject.pins) + len(subject.unjudged) + subject.local,
        judged=len(subject.pins) - late,
        unjudged=len(subject.unjudged) + late,
        local=subject.local,
        held=subject.pins,
        files=() if subject.kind == "environment" else subject.files,
    )


def _incomplete(
    subjects: Iterable[Subject], evidence: Evidence, terms: Terms, *, has_unjudged: bool
) -> Iterator[Incompleteness]:
    yield from snapshot_faults(evidence.known, terms)
    for facts in evidence.known.facts:
        for record in facts.unreadable[:_MOST_TOLD]:
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
    elif as_of - terms.now > CLOCK_TOLERANCE:
        message = f"{facts.path}: of {written_time(as_of)}, and now is {written_time(terms.now)}: a clock is wrong"
        yield Incompleteness("stale-advisories", message)
    elif terms.now - as_of > terms.policy.max_age:
        age, most = spoken_age(terms.now - as_of), spoken_age(terms.policy.max_age)
        message = f"{facts.path}: of {written_time(as_of)}, {age} old; max-age is {most}"
        yield Incompleteness("stale-advisories", message)
