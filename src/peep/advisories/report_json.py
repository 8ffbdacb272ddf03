"""Audit as JSON, whole (`json`) or a line for each subject (`jsonl`): docs/json-output.md."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any

from peep.advisories.findings import AppliedSuppression, Finding, Fix, Place, SeverityRating, UnjudgedPin
from peep.advisories.fixed_files import FixedFile
from peep.advisories.report import AuditedSubject, AuditReport
from peep.advisories.snapshot import SnapshotFacts
from peep.dataclass import replace
from peep.formats.ages import written_time
from peep.model import Digest


def report_lines(report: AuditReport) -> Iterator[str]:
    """The whole report as lines of JSON: one for each finding, so that former reports can be compared by `diff`."""
    yield "{"
    head = report_json(replace(report, findings=(), suppressed=(), known=())) | {"outcome": report.outcome}
    findings = {"findings": report.findings, "suppressed": report.suppressed, "known": report.known}
    for number, (key, value) in enumerate(head.items(), 1):
        comma = "," if number < len(head) else ""
        items = map(finding_json, findings[key]) if key in findings else value
        yield from _lines_of(key, items, comma)
    yield "}"


def _lines_of(key: str, value: object, comma: str) -> Iterator[str]:
    if not isinstance(value, list | map):
        yield f"  {json.dumps(key)}: {json.dumps(value)}{comma}"
        return
    items = iter(value)
    item = next(items, None)
    if item is None:
        yield f"  {json.dumps(key)}: []{comma}"
        return
    yield f"  {json.dumps(key)}: ["
    for following in items:
        yield f"    {json.dumps(item)},"
        item = following
    yield f"    {json.dumps(item)}"
    yield f"  ]{comma}"


def report_json(report: AuditReport) -> dict[str, Any]:
    return {
        "outcome": report.outcome,
        "at": written_time(report.at),
        "advisories": [snapshot_json(one) for one in report.advisories],
        "subjects": [subject_json(one) for one in report.subjects],
        "index_facts": {
            "asked": report.index_facts.asked,
            "failed": [{"name": name, "reason": reason} for name, reason in report.index_facts.failed],
        },
        "findings": [finding_json(one) for one in report.findings],
        "suppressed": [finding_json(one) for one in report.suppressed],
        "known": [finding_json(one) for one in report.known],
        "unjudged": [unjudged_json(one) for one in report.unjudged],
        "incomplete": [{"reason": one.reason, "message": one.message} for one in report.incomplete],
        **({} if report.fixes is None else {"fixes": [fixed_file_json(one) for one in report.fixes]}),
    }


def subject_lines(report: AuditReport) -> Iterator[str]:
    """A line of JSON for each subject: its counts and what was found in it; the last has what is of no subject."""
    named = (("findings", report.findings), ("suppressed", report.suppressed), ("known", report.known))
    by_pin = {key: _by_pin(findings) for key, findings in named}
    for subject in report.subjects:
        parts = [f'"subject":{_compact(subject_json(subject))}']
        for key, found in by_pin.items():
            numbers = (number for number in subject.held if number in found)
            ordered = sorted((one for number in numbers for one in found[number]), key=lambda one: one.rank)
            parts.append(f'"{key}":[{",".join(one.within(subject) for one in ordered)}]')
        yield f"{{{','.join(parts)}}}"
    of_none = tuple(one.finding for one in by_pin["findings"].get(-1, ()))
    rest = replace(report, findings=of_none, suppressed=(), known=())
    yield _compact({**report_json(rest), "outcome": report.outcome})


class _WrittenFinding:
    """A finding as JSON, written once however many subjects have it: only its places differ from one to the next."""

    __slots__ = ("_head", "_tail", "finding", "rank")

    def __init__(self, finding: Finding, rank: int) -> None:
        self.finding = finding
        self.rank = rank
        """Its position in the report."""
        self._head = self._tail = ""

    def within(self, subject: AuditedSubject) -> str:
        """The finding with those of its places that are the subject's; with all of them in an environment."""
        if not self._head:
            # A quote inside of a text is escaped, so that this can only be the key itself.
            self._head, _, self._tail = _compact(finding_json(replace(self.finding, places=()))).partition(_NO_PLACES)
        files = sorted(subject.files)
        places = self.finding.places if not files else (place for path in files for place in self._places_in(path))
        written = ",".join(_compact(place_json(place)) for place in places)
        return f'{self._head}"locations":[{written}]{self._tail}'

    def _places_in(self, path: str) -> Iterator[Place]:
        """The places in one file; all places are sorted by path, and there may be thousands."""
        places = self.finding.places
        for position in range(bisect_left(places, path, key=_path_of), len(places)):
            if places[position].path != path:
                break
            yield places[position]


_NO_PLACES = '"locations":[]'
_path_of = attrgetter("path")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _by_pin(findings: Iterable[Finding]) -> dict[int, list[_WrittenFinding]]:
    found: dict[int, list[_WrittenFinding]] = {}
    for rank, one in enumerate(findings):
        found.setdefault(one.pin, []).append(_WrittenFinding(one, rank))
    return found


def snapshot_json(facts: SnapshotFacts) -> dict[str, Any]:
    return {
        "path": facts.path,
        "sha256": facts.sha256,
        "fetched": _time(facts.fetched),
        "newest": _time(facts.newest),
        "records": facts.records,
        "withdrawn": facts.withdrawn,
        "malformed": list(facts.malformed),
        "unreadable": [{"name": one.name, "reason": one.reason} for one in facts.unreadable],
    }


def subject_json(subject: AuditedSubject) -> dict[str, Any]:
    return {
        "kind": subject.kind,
        "path": subject.path,
        "pins": subject.pins,
        "judged": subject.judged,
        "unjudged": subject.unjudged,
        "local": subject.local,
    }


def finding_json(one: Finding) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "level": one.level.word,
        "name": one.name,
        "version": one.version,
        "message": one.message,
        "hashes": _hashes(one.hashes),
        "locations": [place_json(place) for place in one.places],
        "id": one.id,
        "ids": list(one.ids),
        "certainty": None if one.certainty is None else one.certainty.word,
        "matched": [
            {"record": found.record, "by": found.by, "introduced": found.introduced, "fixed": found.fixed}
            for found in one.matched
        ],
        "disagree": list(one.disagree),
        "summary": one.summary,
        "severity": _severity(one.severity) if one.ids else None,
        "published": _time(one.published),
        "modified": _time(one.modified),
        "url": one.url,
        "disputed": one.is_disputed,
        "exploited": one.is_exploited,
        "epss": one.epss,
        "suppression": None if one.suppression is None else _suppression(one.suppression),
        "fix": None if one.fix is None else _fix(one.fix),
    }


def fixed_file_json(one: FixedFile) -> dict[str, Any]:
    return {
        "path": one.path,
        "written": one.is_written,
        "command": one.command,
        "pins": [{"name": pin.name, "before": pin.old, "after": pin.new} for pin in one.pins],
        "examine": list(one.to_examine),
        "diff": "".join(f"{line}\n" for line in one.diff),
    }


def unjudged_json(one: UnjudgedPin) -> dict[str, Any]:
    return {"name": one.name, "reason": one.reason, "locations": [place_json(place) for place in one.places]}


def place_json(place: Place) -> dict[str, Any]:
    return {"path": place.path, "line": place.line, "marker": place.marker}


def _severity(rating: SeverityRating) -> dict[str, Any]:
    return {"label": rating.label, "score": rating.score, "vector": rating.vector, "record": rating.record}


def _suppression(one: AppliedSuppression) -> dict[str, Any]:
    return {
        "status": one.status,
        "justification": one.justification,
        "reason": one.reason,
        "by": one.by,
        "added": one.added.isoformat(),
        "expires": one.expires.isoformat(),
        "source": one.source,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "version": fix.version,
        "reach": fix.reach,
        "blocked_by": list(fix.blocked_by),
        "hashes": _hashes(fix.hashes),
    }


def _hashes(digests: Iterable[Digest]) -> list[str]:
    return [str(digest) for digest in digests]


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else written_time(moment)
