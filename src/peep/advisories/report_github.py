"""Audit as workflow commands of GitHub Actions: an annotation at the line of each finding.

Source: GitHub's documentation, "Workflow commands for GitHub Actions": `%`, CR and LF are escaped in messages, in
properties `:` and `,`, too.
"""

from __future__ import annotations

from collections.abc import Iterator

from peep.advisories.findings import Finding, Level, Place
from peep.advisories.foreign_text import cleaned
from peep.advisories.report import AuditReport

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def github_commands(report: AuditReport) -> Iterator[str]:
    """One line for each finding, and one for whatever makes the run incomplete."""
    for one in report.findings:
        place = one.places[0] if one.places else None
        yield command(_COMMANDS[one.level], _title(one), _message(one), place)
    for reason in report.incomplete:
        yield command("error", f"not complete: {reason.reason}", reason.message, None)


def _title(one: Finding) -> str:
    return f"{one.id if one.ids else one.kind.value}: {one.name} {one.version or ''}".rstrip()


def _message(one: Finding) -> str:
    parts = [one.message or one.summary or one.kind.value]
    if one.is_disputed:
        parts.insert(0, "disputed")
    if one.fix is not None and one.fix.version:
        parts.append(f"fixed in {one.fix.version}")
    others = len(one.places) - 1
    if others > 0:
        parts.append(f"and in {others} more place{'s' if others > 1 else ''}")
    return "; ".join(parts)


def command(name: str, title: str, message: str, place: Place | None) -> str:
    """Such as `::error file=requirements.txt,line=3,title=CVE-…::what it is`."""
    properties = [] if place is None else [f"file={_property(place.path)}"]
    if place is not None and place.line:
        properties.append(f"line={place.line}")
    properties.append(f"title={_property(title)}")
    return f"::{name} {','.join(properties)}::{_data(message)}"


def _data(text: str) -> str:
    return cleaned(text, 2000).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
