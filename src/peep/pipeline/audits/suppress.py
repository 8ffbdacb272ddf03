"""`peep audit --suppress`: an entry for the pinned digests and what the advisory says now."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date

from peep.advisories.findings import Finding, Kind, Place
from peep.advisories.policy import AuditPolicy
from peep.advisories.report import AuditReport
from peep.advisories.suppression_file import SuppressionFault, read_suppressions, with_entry
from peep.advisories.suppressions import Suppression, fault_for_malware
from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.formats.names import normalised
from peep.system.bounded import LISTS, read_file
from peep.system.files import write_atomically


@dataclass(frozen=True, slots=True)
class SuppressRequest:
    """What the user judged. `path` is the file to append to."""

    id: str
    project: str
    reason: str
    expires: date
    status: str
    path: str
    justification: str | None = None
    by: str | None = None


def suppress_finding(request: SuppressRequest, report: AuditReport, policy: AuditPolicy) -> tuple[Suppression, ...]:
    """Append an entry for every pin with the finding. Raises `UsageError`; then nothing is written."""
    name = normalised(request.project)
    fitting = [one for one in _all(report) if request.id in one.ids and one.name == name]
    if not fitting:
        raise UsageError(
            f"nothing that is listed has a finding {request.id} of {request.project}",
            "give an id and a project as `peep audit` prints them, and the same -r",
        )
    entries = tuple(_entry(one, request, report.at.date()) for one in fitting)
    content = _current(request.path)
    for entry in entries:
        content = with_entry(content, entry)
    try:
        read_suppressions(content.encode(), request.path, policy.longest_suppression)
        if any(one.kind is Kind.MALWARE for one in fitting):
            for entry in entries:
                _refuse_unfit(entry)
        write_atomically(os.path.realpath(request.path), content.encode())
    except SuppressionFault as fault:
        place = f"{request.path}:{fault.line}" if fault.line else request.path
        raise UsageError(f"{place}, as it would be: {fault}") from fault
    except OSError as error:
        raise UsageError(f"{request.path}: {error.strerror or error}") from error
    return entries


def _refuse_unfit(entry: Suppression) -> None:
    if reason := fault_for_malware(entry):
        raise UsageError(f"{entry.id} is malware: {reason}")


def _all(report: AuditReport) -> Sequence[Finding]:
    return (*report.findings, *report.known, *report.suppressed)


def _entry(finding: Finding, request: SuppressRequest, today: date) -> Suppression:
    sha256 = frozenset(digest.hex for digest in finding.hashes if digest.algorithm == "sha256")
    binds_bytes = bool(sha256) and len(sha256) == len(finding.hashes)
    return Suppression(
        id=request.id,
        project=finding.name,
        status=request.status,
        reason=request.reason,
        added=today,
        expires=request.expires,
        place=Place(request.path),
        justification=request.justification,
        sha256=sha256 if binds_bytes else frozenset(),
        version=None if binds_bytes else finding.version,
        by=request.by,
        advisory=finding.material,
    )


def _current(path: str) -> str:
    try:
        return read_file(path, LISTS).decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
