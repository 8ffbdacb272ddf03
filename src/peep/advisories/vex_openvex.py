"""Audit as an OpenVEX 0.2.0 document: findings as affected, suppressions as they were judged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timezone
from hashlib import sha256
from typing import Any

from peep.advisories.findings import Finding
from peep.advisories.report import AuditReport
from peep.formats.ages import written_time

_CONTEXT = "https://openvex.dev/ns/v0.2.0"
_NO_FIX = "no version is known that no advisory affects; remove the project, or judge it"


def report_openvex(report: AuditReport, version: str) -> dict[str, Any]:
    """The document; its id is made of its content, so that equal audits give equal bytes."""
    statements = list(_statements((*report.findings, *report.known), report.at))
    statements += _statements(report.suppressed, report.at)
    digest = sha256(json.dumps(statements, sort_keys=True).encode()).hexdigest()
    return {
        "@context": _CONTEXT,
        "@id": f"urn:peep:vex:{digest}",
        "author": f"peep {version}",
        "timestamp": written_time(report.at),
        "version": 1,
        "statements": statements,
    }


def _statements(findings: Iterable[Finding], at: datetime) -> Iterator[dict[str, Any]]:
    for one in findings:
        if one.ids and one.version is not None:
            yield _statement(one, at)


def _statement(one: Finding, at: datetime) -> dict[str, Any]:
    vulnerability: dict[str, Any] = {"name": one.id}
    if len(one.ids) > 1:
        vulnerability["aliases"] = [id_ for id_ in one.ids if id_ != one.id]
    stated: dict[str, Any] = {
        "vulnerability": vulnerability,
        "products": [{"@id": purl, "identifiers": {"purl": purl}} for purl in purls_of(one)],
    }
    suppression = one.suppression
    if suppression is None:
        fix = f"update to {one.fix.version}" if one.fix and one.fix.version else _NO_FIX
        return {**stated, "timestamp": written_time(at), "status": "affected", "action_statement": fix}
    stated["timestamp"] = written_time(datetime.combine(suppression.added, time(), timezone.utc))
    stated["status"] = suppression.status
    if suppression.status == "not_affected":
        return {**stated, "justification": suppression.justification, "impact_statement": suppression.reason}
    if suppression.status == "affected":
        return {**stated, "action_statement": suppression.reason}
    return {**stated, "status_notes": suppression.reason}


def purls_of(one: Finding) -> list[str]:
    """Package URLs of the pinned archives, one for each sha256, or one of the version where there is none."""
    bare = f"pkg:pypi/{one.name}@{(one.version or '').replace('+', '%2B').replace('!', '%21')}"
    digests = sorted(digest.hex for digest in one.hashes if digest.algorithm == "sha256")
    if len(digests) != len(one.hashes) or not digests:
        return [bare]
    return [f"{bare}?checksum={','.join(f'sha256:{digest}' for digest in digests)}"]
