"""Audit as a CycloneDX 1.6 document with vulnerabilities (extra `inventory`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timezone
from uuid import UUID, uuid5

from cyclonedx.model import HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.impact_analysis import ImpactAnalysisJustification, ImpactAnalysisState
from cyclonedx.model.vulnerability import (
    BomTarget,
    Vulnerability,
    VulnerabilityAnalysis,
    VulnerabilityRating,
    VulnerabilityReference,
    VulnerabilitySeverity,
    VulnerabilitySource,
)
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from peep.advisories.findings import Finding
from peep.advisories.report import AuditReport
from peep.advisories.vex_statements import CYCLONEDX_JUSTIFICATIONS, CYCLONEDX_STATES, JUSTIFICATION_PROPERTY

_NAMESPACE = UUID("a1c4a3b2-3f5f-5c0e-8a55-0d9b5f7f8e11")
_SEVERITIES = {
    "none": VulnerabilitySeverity.NONE,
    "low": VulnerabilitySeverity.LOW,
    "medium": VulnerabilitySeverity.MEDIUM,
    "high": VulnerabilitySeverity.HIGH,
    "critical": VulnerabilitySeverity.CRITICAL,
}


def report_cyclonedx(report: AuditReport, version: str) -> str:
    """The document as JSON text: findings as exploitable, suppressions as they were judged."""
    findings = [one for one in (*report.findings, *report.known, *report.suppressed) if one.ids and one.version]
    components = {_reference(one): _component(one) for one in findings}
    text = "\n".join(f"{one.id} {_reference(one)} {_judged(one)}" for one in findings)
    peep = Component(name="peep", version=version, type=ComponentType.APPLICATION, bom_ref=f"tool:peep@{version}")
    bom = Bom(
        components=components.values(),
        serial_number=uuid5(_NAMESPACE, text),
        metadata=BomMetaData(timestamp=report.at),
        vulnerabilities=[_vulnerability(one, report.at) for one in findings],
    )
    bom.metadata.tools.components.add(peep)
    written: str = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    return written


def _judged(one: Finding) -> tuple[str, ...]:
    applied = one.suppression
    return () if applied is None else (applied.status, applied.justification or "", applied.reason, str(applied.added))


def _reference(one: Finding) -> str:
    return "#".join((f"pkg:pypi/{one.name}@{one.version}", *sorted(digest.hex[:16] for digest in one.hashes)))


def _component(one: Finding) -> Component:
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=d.hex) for d in one.hashes if d.algorithm == "sha256"]
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=_reference(one),
        purl=PackageURL("pypi", None, one.name, one.version),
        hashes=hashes,
    )


def _vulnerability(one: Finding, at: datetime) -> Vulnerability:
    source = VulnerabilitySource(name="OSV", url=XsUri(one.url or ""))
    suppression = one.suppression
    issued = at if suppression is None else datetime.combine(suppression.added, time(), timezone.utc)
    justification = suppression.justification if suppression else None
    status = suppression.status if suppression else "affected"
    words = CYCLONEDX_JUSTIFICATIONS.get(justification or "")
    return Vulnerability(
        bom_ref=f"{one.id}#{_reference(one)}",
        id=one.id,
        source=source,
        references=[VulnerabilityReference(id=id_, source=source) for id_ in one.ids if id_ != one.id],
        ratings=list(_ratings(one)),
        description=one.summary or None,
        published=one.published,
        updated=one.modified,
        affects=[BomTarget(ref=_reference(one))],
        analysis=VulnerabilityAnalysis(
            state=ImpactAnalysisState(CYCLONEDX_STATES[status]),
            justification=ImpactAnalysisJustification(words) if words else None,
            detail=suppression.reason if suppression else None,
            first_issued=issued,
        ),
        properties=[Property(name=JUSTIFICATION_PROPERTY, value=justification)] if justification else [],
    )


def _ratings(one: Finding) -> Iterable[VulnerabilityRating]:
    severity = _SEVERITIES.get(one.severity.label)
    if severity is not None:
        yield VulnerabilityRating(severity=severity, vector=one.severity.vector)
