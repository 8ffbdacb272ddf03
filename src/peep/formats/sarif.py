"""SARIF 2.1.0 logs (OASIS) of one run: rules, results, notifications.

Limits beyond the standard are those of code scanning services: 25,000 results of a run, 10 tags of a rule.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from peep.dataclass import dataclass, field

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 25_000
MOST_TAGS = 10
LEVELS = ("none", "note", "warning", "error")


@dataclass(frozen=True, slots=True)
class SarifRule:
    """A `reportingDescriptor`: `severity` is a number from 0 to 10 as text, or None."""

    id: str
    text: str
    tags: tuple[str, ...] = ()
    severity: str | None = None
    help_uri: str | None = None


@dataclass(frozen=True, slots=True)
class SarifPlace:
    """A physical location: path as the user gave it, or below `base`; line from 1, 0 for the whole file."""

    path: str
    line: int = 0
    base: str = ""
    """One of the log's `bases`, or ''."""


@dataclass(frozen=True, slots=True)
class SarifResult:
    """One result; `fingerprints` are stable names of it, by scheme; `suppressed_by` is why it does not count."""

    rule: str
    level: str
    text: str
    places: tuple[SarifPlace, ...] = ()
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, object] = field(default_factory=dict)
    suppressed_by: str | None = None


def sarif_log(
    version: str,
    rules: Sequence[SarifRule],
    results: Sequence[SarifResult],
    notifications: Sequence[str] = (),
    bases: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A log with one run of peep `version`; `notifications` say why the run was not successful, () that it was.

    `bases`: name -> absolute path of a folder, for places below it.

    Results beyond `MOST_RESULTS` are left out, and a notification says so: give the worst first.
    """
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    told = list(notifications)
    if len(results) > MOST_RESULTS:
        told.append(f"{len(results) - MOST_RESULTS} results beyond the first {MOST_RESULTS} are left out")
    invocation: dict[str, Any] = {"executionSuccessful": not notifications}
    if told:
        invocation["toolExecutionNotifications"] = [
            {"level": "error" if notifications else "warning", "message": {"text": text}} for text in told
        ]
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "peep", "version": version, "rules": [_rule(rule) for rule in rules]}},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, numbers) for one in results[:MOST_RESULTS]],
    }
    if bases:
        run["originalUriBaseIds"] = {name: {"uri": uri_of(path).rstrip("/") + "/"} for name, path in bases.items()}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: SarifRule) -> dict[str, Any]:
    described: dict[str, Any] = {"id": rule.id, "shortDescription": {"text": rule.text}}
    if rule.help_uri:
        described["helpUri"] = rule.help_uri
    properties: dict[str, Any] = {}
    if rule.tags:
        properties["tags"] = list(rule.tags[:MOST_TAGS])
    if rule.severity is not None:
        properties["security-severity"] = rule.severity
    if properties:
        described["properties"] = properties
    return described


def _result(one: SarifResult, numbers: Mapping[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": numbers[one.rule],
        "level": one.level,
        "message": {"text": one.text},
        "locations": [_location(place) for place in one.places],
    }
    if one.fingerprints:
        result["partialFingerprints"] = dict(one.fingerprints)
    if one.properties:
        result["properties"] = dict(one.properties)
    if one.suppressed_by is not None:
        result["suppressions"] = [{"kind": "external", "justification": one.suppressed_by}]
    return result


def _location(place: SarifPlace) -> dict[str, Any]:
    artifact = {"uri": uri_of(place.path), **({"uriBaseId": place.base} if place.base else {})}
    physical: dict[str, Any] = {"artifactLocation": artifact}
    if place.line:
        physical["region"] = {"startLine": place.line}
    return {"physicalLocation": physical}


def uri_of(path: str) -> str:
    """A path as a URI reference (RFC 3986): relative ones stay relative, absolute ones become `file:` (RFC 8089)."""
    if "://" in path:
        return path
    portable = path.replace(os.sep, "/")
    spelled = quote(portable.encode("utf-8", "surrogateescape"), safe="/")
    if os.path.isabs(path):
        return "file://" + (spelled if spelled.startswith("/") else f"/{spelled}")
    return spelled.removeprefix("./")
