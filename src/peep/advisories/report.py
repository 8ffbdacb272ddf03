"""Audit as a value: what was judged by what, what was found or could not be judged, the outcome."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from datetime import datetime

from peep.advisories.findings import Finding, Fix, Level, UnjudgedPin, order_of
from peep.advisories.fixed_files import FixedFile, PinKey
from peep.advisories.snapshot import SnapshotFacts
from peep.dataclass import dataclass, field, replace

FINDINGS = "findings"
INCOMPLETE = "incomplete"
CLEAN = "clean"
STATUSES: Mapping[str, int] = {CLEAN: 0, FINDINGS: 1, INCOMPLETE: 4}
"""Exit statuses by outcome."""


def _no_pins() -> array[int]:
    return array("I")


@dataclass(frozen=True, slots=True)
class AuditedSubject:
    """One thing that was audited; `kind` is requirements, lock, environment or bundle."""

    kind: str
    path: str
    pins: int = 0
    judged: int = 0
    unjudged: int = 0
    local: int = 0
    held: array[int] = field(default_factory=_no_pins, repr=False)
    """Numbers of its pins: what tells which findings are of it."""
    files: tuple[str, ...] = ()
    """All files that were read for it, as places name them; () for an environment."""


@dataclass(frozen=True, slots=True)
class Incompleteness:
    """Why a run can't be called complete; `reason` is one of docs/json-output.md."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """Whether indexes were asked, and for which projects they gave no answer."""

    asked: bool = False
    failed: tuple[tuple[str, str], ...] = ()
    """Name and reason."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Everything that the formats print; findings are in their order."""

    at: datetime
    advisories: tuple[SnapshotFacts, ...]
    subjects: tuple[AuditedSubject, ...]
    index_facts: IndexFacts
    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    unjudged: tuple[UnjudgedPin, ...] = ()
    incomplete: tuple[Incompleteness, ...] = ()
    is_strict: bool = False
    remarks: tuple[str, ...] = ()
    """For `-v`."""
    fixes: tuple[FixedFile, ...] | None = None
    """None without `--fix`."""

    @property
    def failing(self) -> tuple[Finding, ...]:
        worst = Level.WARNING if self.is_strict else Level.ERROR
        return tuple(one for one in self.findings if one.level <= worst)

    @property
    def outcome(self) -> str:
        if self.failing:
            return FINDINGS
        return INCOMPLETE if self.incomplete else CLEAN

    @property
    def exit_status(self) -> int:
        return STATUSES[self.outcome]


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=order_of))


def divided_by_baseline(
    findings: Iterable[Finding], baseline: Iterable[tuple[str, str | None, frozenset[str]]]
) -> tuple[list[Finding], list[Finding]]:
    """Findings that are new, and those that a former report has: same project and version, and any common id."""
    before: dict[tuple[str, str | None], set[str]] = {}
    for name, version, ids in baseline:
        before.setdefault((name, version), set()).update(ids)
    new: list[Finding] = []
    known: list[Finding] = []
    for one in findings:
        former = before.get((one.name, one.version), set())
        (new if former.isdisjoint(one.ids or (one.id,)) else known).append(one)
    return new, known


def with_fixes(report: AuditReport, files: Iterable[FixedFile], fixes: Mapping[PinKey, Fix]) -> AuditReport:
    """The report with what became of the files, and in the findings where each pin goes, or why it stays."""
    return replace(
        report,
        findings=tuple(_told(one, fixes) for one in report.findings),
        known=tuple(_told(one, fixes) for one in report.known),
        fixes=tuple(sorted(files, key=lambda one: one.path)),
    )


def _told(one: Finding, fixes: Mapping[PinKey, Fix]) -> Finding:
    fix = fixes.get((one.name, one.version or "")) if one.ids else None
    return one if fix is None else replace(one, fix=fix)
