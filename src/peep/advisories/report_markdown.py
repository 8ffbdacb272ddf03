"""An audit as a Markdown table for pull requests and job summaries: a row for each finding.

All text is foreign: whatever could begin markup, mention somebody or end a cell is escaped; links come from ids alone.
"""

from __future__ import annotations

import re

from peep.advisories.findings import Finding, Place
from peep.advisories.foreign_text import cleaned
from peep.advisories.report import AuditReport
from peep.formats.ages import written_time

_MEANINGFUL = re.compile(r"[\\|`<>@\[\]*_~#!&]|:(?=//)|\.(?<=www\.)", re.IGNORECASE)
_APART = "&#8203;"
"""A space without width: services look for mentions, numbers of issues and addresses once more in what was rendered."""
_LINKING = frozenset("@#:.")
_MOST_PLACES = 5


def report_markdown(report: AuditReport) -> str:
    lines = [f"## peep audit: {report.outcome}", ""]
    for facts in report.advisories:
        as_of = "unknown age" if facts.as_of is None else f"of {written_time(facts.as_of)}"
        lines.append(f"Advisories {as_of}, {facts.records} records, sha256 {facts.sha256 or 'none (a folder)'}")
    lines += [f"\n**Not complete** ({one.reason}): {escaped(one.message)}" for one in report.incomplete]
    if report.findings:
        lines += ["", "| level | project | version | where | id | what | fix |", "|---|---|---|---|---|---|---|"]
        lines += [_row(one) for one in report.findings]
    lines += ["", _counts(report)]
    return "\n".join(lines) + "\n"


def _counts(report: AuditReport) -> str:
    pins = sum(subject.pins for subject in report.subjects)
    return (
        f"{len(report.failing)} of {len(report.findings)} findings fail, {len(report.suppressed)} suppressed, "
        f"{len(report.known)} known before, {len(report.unjudged)} not judged, {pins} pins"
    )


def _row(one: Finding) -> str:
    level = f"**{one.level.word}**" if one.level == 0 else one.level.word
    if one.severity.label != "unknown":
        level += f" ({one.severity.label}{f' {one.severity.score}' if one.severity.score is not None else ''})"
    shown = f"[{escaped(one.id)}]({one.url})" if one.url else escaped(one.id)
    what = one.message or one.summary or one.kind.value
    disputed = "disputed: " if one.is_disputed else ""
    fix = "" if one.fix is None else escaped(one.fix.version or "; ".join(one.fix.blocked_by))
    cells = (level, escaped(one.name), escaped(one.version or ""), _places(one), shown, disputed + escaped(what), fix)
    return f"| {' | '.join(cells)} |"


def _places(one: Finding) -> str:
    told = [escaped(_place(place)) for place in one.places[:_MOST_PLACES]]
    more = len(one.places) - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _place(place: Place) -> str:
    text = f"{place.path}:{place.line}" if place.line else place.path
    return f"{text} ({place.marker})" if place.marker else text


def escaped(text: str) -> str:
    """Text on one line in which nothing means anything to Markdown, to HTML or to who sends mentions."""
    return _MEANINGFUL.sub(_entity, cleaned(text, 2000))


def _entity(found: re.Match[str]) -> str:
    character = found.group()
    return f"&#{ord(character)};{_APART if character in _LINKING else ''}"
