"""Findings of `peep verify` on unexamined or objected installed archives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from peep.errors import InstallRefused, Lack, NotExamined, ObjectedTo, Problem
from peep.model import InstalledProject, Location, PinnedRequirement, PlannedWheel
from peep.pipeline.session import Session
from peep.pipeline.vetting.run_gate import open_run_gate
from peep.pipeline.vetting.used_archives import Used
from peep.proof.findings import Finding, FindingKind, finding
from peep.requirements.pinned_set import PinnedSet

_LACKS = {
    Lack.UNEXAMINED: "nobody examined the archive that it came from",
    Lack.COMPILED: "the archive that it came from is examined but for its compiled files",
    Lack.MACHINE: "only a machine examined the archive that it came from",
    Lack.UNRECORDED: "nothing records the sha256 of the archive that it came from",
    Lack.COMMIT: "nobody excused the commit that it came from",
}


def examined_findings(
    session: Session, pinned: PinnedSet | None, installed: Mapping[str, InstalledProject]
) -> list[Finding]:
    """Judge the listed projects that are installed, without a listing all of them; where nothing demands it, nothing.

    Raises `InstallRefused` with what is wrong with the records, `UsageError` and `SettingsError`.
    """
    listing = _listing(pinned, installed)
    names = {pin.name for pin in listing.pins}
    kept = [project for name, project in sorted(installed.items()) if name in names]
    problems = open_run_gate(session, listing).problems(Used(keep=kept))
    findings = list(_findings(problems, installed))
    if len(findings) < len(problems):
        raise InstallRefused(problems)
    return findings


def examined_only(
    session: Session,
    pinned: PinnedSet | None,
    installed: Mapping[str, InstalledProject],
    wheels: Sequence[PlannedWheel],
) -> list[PlannedWheel]:
    """Those of `wheels` that may be put back: where something demands it, none that nobody examined."""
    problems = open_run_gate(session, _listing(pinned, installed)).problems(Used(link=wheels))
    refused = {problem.pin.name for problem in problems if isinstance(problem, NotExamined | ObjectedTo)}
    return [one for one in wheels if one.wheel.identity.name not in refused]


def _listing(pinned: PinnedSet | None, installed: Mapping[str, InstalledProject]) -> PinnedSet:
    return pinned or PinnedSet(tuple(_pin_of(project) for project in installed.values()))


def _findings(problems: tuple[Problem, ...], installed: Mapping[str, InstalledProject]) -> Iterator[Finding]:
    for problem in problems:
        match problem:
            case NotExamined(pin=pin, criterion=criterion, lack=lack):
                message = f"{_LACKS[lack]} (wanted: {criterion})"
                path = installed[pin.name].metadata_path
                yield finding(FindingKind.UNEXAMINED, message, path=path, project=pin.name)
            case ObjectedTo(pin=pin, source=source, by=by, on=on, why=why):
                path = installed[pin.name].metadata_path
                yield finding(
                    FindingKind.OBJECTED, f"{source or by} objects ({on}): {why}", path=path, project=pin.name
                )


def _pin_of(project: InstalledProject) -> PinnedRequirement:
    """An installed project as if it were listed, for the messages about it."""
    return PinnedRequirement(project.name, project.name, project.version, (Location(project.metadata_path, 0),))
