"""An audit as a SARIF 2.1.0 log with one run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from peep.advisories.findings import Finding, Level
from peep.advisories.report import AuditReport
from peep.formats.sarif import SarifPlace, SarifResult, SarifRule, sarif_log

_SCORES = {"critical": 9.5, "high": 8.0, "medium": 5.5, "low": 2.0, "none": 0.0}
"""Numbers for labels without a score: the middle of their bands; code scanning services sort by a number."""
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}


def report_sarif(report: AuditReport, version: str, folder: str) -> dict[str, Any]:
    """The findings, and below them the suppressed ones; errors first. `version` is peep's.

    Files below `folder` (absolute) are named from there: code scanning services know a source tree by such paths.
    """
    findings = [*report.findings, *report.suppressed]
    by_rule: dict[str, list[Finding]] = {}
    for one in findings:
        by_rule.setdefault(one.id, []).append(one)
    rules = [_rule(rule, found) for rule, found in sorted(by_rule.items())]
    notifications = [f"{one.reason}: {one.message}" for one in report.incomplete]
    return sarif_log(version, rules, [_result(one, folder) for one in findings], notifications)


def _rule(rule: str, findings: Iterable[Finding]) -> SarifRule:
    found = list(findings)
    first = found[0]
    kinds = sorted({one.kind.value for one in found})
    scores = [score for one in found if (score := _score(one)) is not None]
    return SarifRule(
        rule,
        first.summary or (f"{first.kind.value} of {first.name}" if first.ids else first.kind.value.replace("-", " ")),
        ("security", *kinds, *sorted({id_ for one in found for id_ in one.ids} - {rule})),
        f"{max(scores):.1f}" if scores else None,
        first.url,
    )


def _score(one: Finding) -> float | None:
    if not one.ids:
        return None
    if one.kind.value == "malware":
        return 10.0 if one.level is Level.ERROR else _SCORES["medium"]
    return one.severity.score if one.severity.score is not None else _SCORES.get(one.severity.label)


def _result(one: Finding, folder: str) -> SarifResult:
    text = " ".join(part for part in (one.name, one.version) if part)
    about = one.message or one.summary or one.kind.value
    fix = f"; fixed in {one.fix.version}" if one.fix and one.fix.version else ""
    properties: dict[str, object] = {"kind": one.kind.value, "ids": list(one.ids)}
    if one.certainty is not None:
        properties["certainty"] = one.certainty.word
    return SarifResult(
        one.id,
        _LEVELS[one.level],
        f"{text}: {f'{one.id}: ' if one.ids else ''}{about}{fix}",
        tuple(SarifPlace(_from(folder, place.path), place.line) for place in one.places),
        {"peepAdvisory/v1": fingerprint(one)},
        properties,
        None if one.suppression is None else one.suppression.reason,
    )


def _from(folder: str, path: str) -> str:
    return path.removeprefix(os.path.join(folder, ""))


def fingerprint(one: Finding) -> str:
    """A name of a finding that stays the same wherever its pin moves."""
    return sha256("\0".join((one.kind.value, one.id, one.name, one.version or "")).encode()).hexdigest()
