"""An audit as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from peep.advisories.findings import Finding, Kind, Level, Place
from peep.advisories.fixed_files import FixedFile
from peep.advisories.report import AuditReport
from peep.advisories.snapshot import SnapshotFacts
from peep.cli.output.text import counted
from peep.formats.ages import spoken_age

_MOST_PLACES = 3
_COLUMNS = 3


def audit_lines(report: AuditReport, *, is_verbose: bool) -> Iterator[str]:
    """Which advisories, a line for each finding, what is missing for a judgement, the sum."""
    for facts in report.advisories:
        yield _snapshot_line(facts, report)
    rows = [_row(one, is_verbose=is_verbose) for one in report.findings]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(_COLUMNS)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:_COLUMNS], widths, strict=True)]
        yield "  ".join([*cells, *row[_COLUMNS:]]).rstrip()
    if is_verbose:
        yield from (f"suppressed  {_about(one)}  {_suppression(one)}" for one in report.suppressed)
        yield from (f"known       {_about(one)}" for one in report.known)
        yield from report.remarks
        yield from (f"not judged  {one.name}: {one.reason} ({_places(one.places)})" for one in report.unjudged)
    yield from (f"not complete: {one.reason}: {one.message}" for one in report.incomplete)
    for file in report.fixes or ():
        yield from _fixed_file_lines(file)
    yield _sum(report)


def _fixed_file_lines(file: FixedFile) -> Iterator[str]:
    if file.command:
        yield f"run: {file.command}"
    yield from file.diff
    yield f"{file.path} {'is fixed' if file.is_written else 'stays as it is: --in-place writes that'}"
    yield from (f"not examined: {command}" for command in file.to_examine)


def _snapshot_line(facts: SnapshotFacts, report: AuditReport) -> str:
    as_of = facts.as_of
    told = "of unknown age" if as_of is None else f"of {as_of:%Y-%m-%d %H:%M} UTC ({spoken_age(report.at - as_of)} old)"
    digest = f"sha256 {facts.sha256}" if facts.sha256 else f"folder {facts.path}"
    malformed = f", {len(facts.malformed)} malformed" if facts.malformed else ""
    return f"advisories {told}, {counted(facts.records, 'record')}{malformed}, {digest}"


def _row(one: Finding, *, is_verbose: bool) -> tuple[str, ...]:
    about = f"{one.name} {one.version or ''}".rstrip()
    row = [_level(one), about, _places(one.places)]
    if one.ids:
        row.append(one.id if not is_verbose else " ".join(one.ids))
    row.append("; ".join(_facts(one, is_verbose=is_verbose)))
    return tuple(row)


def _level(one: Finding) -> str:
    if one.kind is Kind.MALWARE:
        word = {Level.ERROR: "MALWARE", Level.WARNING: "malware?", Level.NOTE: "note"}[one.level]
    elif one.kind is Kind.VULNERABILITY:
        score = "" if one.severity.score is None else f" {one.severity.score}"
        word = f"{one.severity.label}{score}" + ("" if one.level is Level.ERROR else " (warning)")
    else:
        word = f"{one.level.word}: {one.kind.value}"
    return f"EXPLOITED {word}" if one.is_exploited else word


def _facts(one: Finding, *, is_verbose: bool) -> Iterator[str]:
    if one.is_disputed:
        yield "disputed"
    if one.message:
        yield one.message
    if one.epss is not None:
        yield f"epss {one.epss:.3f}"
    if fix := _fix(one):
        yield fix
    if one.summary:
        yield one.summary
    if is_verbose and one.disagree:
        yield f"not by {', '.join(one.disagree)}"


def _fix(one: Finding) -> str:
    if one.fix is None:
        return "no fix is known" if one.kind is Kind.VULNERABILITY else ""
    if one.fix.version is None:
        return f"no fix: {', '.join(one.fix.blocked_by)}"
    return f"fixed in {one.fix.version}"


def _places(places: tuple[Place, ...]) -> str:
    told = [_place(place) for place in places[:_MOST_PLACES]]
    more = len(places) - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _place(place: Place) -> str:
    text = f"{place.path}:{place.line}" if place.line else place.path
    return f"{text} (only where {place.marker})" if place.marker else text


def _about(one: Finding) -> str:
    return f"{one.name} {one.version or ''} {one.id}"


def _suppression(one: Finding) -> str:
    applied = one.suppression
    return "" if applied is None else f"until {applied.expires.isoformat()}, {applied.source}: {applied.reason}"


def _sum(report: AuditReport) -> str:
    failing = len(report.failing)
    warnings = sum(one.level is Level.WARNING for one in report.findings) - sum(
        one.level is Level.WARNING for one in report.failing
    )
    notes = sum(one.level is Level.NOTE for one in report.findings)
    parts = [f"{failing} fail"]
    parts += [counted(warnings, "warning")] if warnings else []
    parts += [counted(notes, "note")] if notes else []
    if report.suppressed:
        ends = min(one.suppression.expires for one in report.suppressed if one.suppression is not None)
        parts.append(f"{len(report.suppressed)} suppressed (next ends {ends.isoformat()})")
    parts += [f"{len(report.known)} known before"] if report.known else []
    unjudged = sum(subject.unjudged for subject in report.subjects)
    parts += [f"{unjudged} not judged"] if unjudged else []
    failed = len(report.index_facts.failed)
    parts += [f"{counted(failed, 'project')} without an answer of an index"] if failed else []
    parts.append(counted(sum(subject.pins for subject in report.subjects), "pin"))
    return ", ".join(parts) + ("; not everything could be judged" if report.incomplete else "")
