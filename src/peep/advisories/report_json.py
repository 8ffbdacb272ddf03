"""An audit as JSON values, whole (`json`) and a line for each subject (`jsonl`): docs/json-output.md. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from peep.advisories.findings import AppliedSuppression, Finding, Fix, Place, SeverityRating, UnjudgedPin
from peep.advisories.report import AuditedSubject, AuditReport, PinKey
from peep.advisories.snapshot import SnapshotFacts
from peep.advisories.timestamps import written_time
from peep.dataclass import replace
from peep.model import Digest


def report_text(report: AuditReport) -> str:
    """The whole report as JSON text: a line for each finding, so that former reports can be compared by `diff`."""
    parts = [f"  {json.dumps(key)}: {_listed(value)}" for key, value in report_json(report).items()]
    return "{\n" + ",\n".join(parts) + "\n}"


def _listed(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n" + ",\n".join(f"    {json.dumps(item)}" for item in value) + "\n  ]"


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
    }


def subject_lines(report: AuditReport) -> Iterator[dict[str, Any]]:
    """One value for each subject: its counts and what was found in it; the last has what is of no subject."""
    told: set[PinKey] = set()
    for subject in report.subjects:
        told |= subject.held
        yield {
            "subject": subject_json(subject),
            "findings": [finding_json(one) for one in report.findings if _key(one) in subject.held],
            "suppressed": [finding_json(one) for one in report.suppressed if _key(one) in subject.held],
            "known": [finding_json(one) for one in report.known if _key(one) in subject.held],
        }
    whole = report_json(replace(report, findings=tuple(one for one in report.findings if _key(one) not in told)))
    yield {**whole, "outcome": report.outcome}


def _key(finding: Finding) -> PinKey:
    return finding.name, finding.version, finding.hashes


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
