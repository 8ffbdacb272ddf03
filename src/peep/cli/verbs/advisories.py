"""`peep advisories`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from peep.cli.options.install_options import network_options, output_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, NETWORK, format_option
from peep.cli.output.console import Console
from peep.cli.output.text import counted
from peep.cli.verb import Section, Verb
from peep.cli.verbs.audit import moment
from peep.errors import UsageError
from peep.pipeline.context import RunContext

if TYPE_CHECKING:
    from peep.advisories.record import Advisory
    from peep.workflows.advisories_show import ShownGroup

_ACTIONS = ("fetch", "show", "info")
Answer = tuple[int, list[str], object]
"""Exit status, lines for people, value for programs."""

_MOST_VERSIONS = 12
"""That a line shows."""

VALUE = OptionKind.VALUE
OWN = (
    Option(("-o", "--output"), "fetch: write to FILE, not to the usual place", VALUE, "FILE", has_variable=False),
    Option(("--from",), "fetch: from a bucket's URL, a zip, or a copied bucket", VALUE, "URL", has_variable=False),
    Option(("--full",), "fetch: all of it, not what changed", has_variable=False),
    Option(("--advisories",), "show: look into FILE", OptionKind.LIST, "FILE", has_variable=False),
    Option(("--at",), "ages as of this time (RFC 3339)", VALUE, "TIME", has_variable=False),
    *format_option("text", "json"),
)

VERB = Verb(
    name="advisories",
    usage=(
        "advisories fetch [-o FILE] [--from URL] [--full]",
        "advisories show ID... [--advisories FILE]",
        "advisories info [FILE]",
    ),
    description=(
        "`fetch` brings OSV's advisories for Python projects: all of them first, later what changed. They are kept in "
        "the user's cache folder, or where PEEP_ADVISORIES says. A snapshot that lost records, or is older than what "
        "is held, is refused. `show` prints records with what else is the same matter and what each covers. `info` "
        "tells how many records there are, how fresh they are, and the sha256 that a policy can name."
    ),
    examples=(
        ("peep advisories fetch", "once a day, say"),
        ("peep advisories show CVE-2023-43804", "which versions are affected?"),
        ("peep advisories info advisories.zip", "how old is what was copied here?"),
    ),
    sections=(Section("Options", OWN), Section("Network", NETWORK), Section("General", GENERAL)),
)


def run(parsed: ParsedArguments) -> int:
    """Do what the first word says. Raises `PeepError`."""
    action = parsed.words[0] if parsed.words else ""
    if action not in _ACTIONS:
        raise UsageError(f"peep advisories wants one of {', '.join(_ACTIONS)}", "see: peep advisories --help")
    output = output_options(parsed)
    with Console(output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        status, lines, value = _ANSWERS[action](parsed, parsed.words[1:], RunContext.of_process(console))
        console.result(json.dumps(value, indent=2) if output.format == "json" else "\n".join(lines))
    return status


def _fetch(parsed: ParsedArguments, words: Sequence[str], context: RunContext) -> Answer:
    from peep.formats.ages import written_time  # noqa: PLC0415 - help describes this verb without running it
    from peep.pipeline.audits.settings import read_policy  # noqa: PLC0415 - as above
    from peep.workflows.advisories_fetch import FetchOptions, fetch_advisories  # noqa: PLC0415 - as above

    if words:
        raise UsageError(f"peep advisories fetch takes no such argument: {words[0]}", "give a place by --from")
    options = FetchOptions(
        network_options(parsed),
        output=parsed.value("output"),
        source=parsed.value("from"),
        full=parsed.has("full"),
        at=moment(parsed.value("at")),
    )
    fetched = fetch_advisories(options, context, read_policy((), None))
    record = fetched.record
    told = {"full": "fetched", "delta": f"{fetched.changed} changed", "unchanged": "nothing new"}[fetched.how]
    lines = [f"{fetched.path}: {told}, {counted(record.records, 'record')}", f"sha256: {record.sha256}"]
    lines += [f"not readable: {one.name}: {one.reason}" for one in fetched.unreadable]
    value = {
        "path": fetched.path,
        "how": fetched.how,
        "changed": fetched.changed,
        "records": record.records,
        "sha256": record.sha256,
        "fetched": written_time(record.fetched),
        "newest": record.newest or None,
        "unreadable": [{"name": one.name, "reason": one.reason} for one in fetched.unreadable],
    }
    return 0, lines, value


def _info(parsed: ParsedArguments, words: Sequence[str], context: RunContext) -> Answer:
    from peep.advisories.report_json import snapshot_json  # noqa: PLC0415 - as above
    from peep.formats.ages import spoken_age, written_time  # noqa: PLC0415 - as above
    from peep.workflows.advisories_info import advisories_info  # noqa: PLC0415 - as above

    if len(words) > 1:
        raise UsageError(f"peep advisories info takes one file, not {len(words)}")
    now = moment(parsed.value("at")) or datetime.now(timezone.utc)
    facts = advisories_info(words[0] if words else None, context, now)
    as_of = facts.as_of
    age = None if as_of is None else max(0, int((now - as_of).total_seconds()))
    parts = [counted(facts.records, "record"), f"{facts.withdrawn} withdrawn", f"{len(facts.malformed)} malformed"]
    parts.append(f"{len(facts.unreadable)} not readable")
    lines = [
        f"{facts.path}: {', '.join(parts)}",
        "age: unknown" if as_of is None else f"age: {spoken_age(now - as_of)} (as of {written_time(as_of)})",
        f"newest record: {written_time(facts.newest) if facts.newest else 'unknown'}",
        f"fetched: {written_time(facts.fetched) if facts.fetched else 'unknown'}",
        f"sha256: {facts.sha256 or 'none (a folder)'}",
    ]
    return 0, lines, {**snapshot_json(facts), "as_of": written_time(as_of) if as_of else None, "age": age}


def _show(parsed: ParsedArguments, words: Sequence[str], context: RunContext) -> Answer:
    from peep.workflows.advisories_show import show_advisories  # noqa: PLC0415 - as above

    if not words:
        raise UsageError("peep advisories show wants at least one id", "such as: peep advisories show CVE-2023-43804")
    shown = show_advisories(words, parsed.values("advisories"), context)
    lines = [line for one in shown.groups for line in _group_lines(one)]
    lines += [f"{one}: no record knows this id" for one in shown.unknown]
    value = {"groups": [_group_json(one) for one in shown.groups], "unknown": list(shown.unknown)}
    return (1 if shown.unknown else 0), lines, value


def _group_lines(shown: ShownGroup) -> Iterator[str]:
    score = "" if shown.severity.score is None else f" {shown.severity.score}"
    yield f"{shown.project}: {' '.join(shown.group.ids)} ({shown.severity.label}{score})"
    for one in shown.group.members:
        yield f"  {one.id}{': ' + one.summary if one.summary else ''}"
        for line in _coverage(one, shown.project):
            yield f"    {line}"


def _coverage(advisory: Advisory, project: str) -> Iterator[str]:
    for entry in advisory.affected:
        if entry.name != project:
            continue
        for ranged in entry.ranges:
            yield ", ".join(f"{event.kind} {event.version}" for event in ranged.events) or "a range without an event"
        if entry.versions:
            shown = ", ".join(entry.versions[:_MOST_VERSIONS])
            more = " …" if len(entry.versions) > _MOST_VERSIONS else ""
            yield f"{counted(len(entry.versions), 'version')}: {shown}{more}"
    for file in advisory.malware_files:
        yield f"sha256 {file.sha256} {file.filename}"


def _group_json(shown: ShownGroup) -> Mapping[str, Any]:
    severity = shown.severity
    return {
        "project": shown.project,
        "ids": list(shown.group.ids),
        "severity": {"label": severity.label, "score": severity.score, "vector": severity.vector},
        "records": [
            {
                "id": one.id,
                "summary": one.summary,
                "malware": one.is_malware,
                "ranges": [
                    [{"event": event.kind, "version": event.version} for event in ranged.events]
                    for entry in one.affected
                    if entry.name == shown.project
                    for ranged in entry.ranges
                ],
                "versions": sorted(
                    {version for entry in one.affected if entry.name == shown.project for version in entry.versions}
                ),
                "files": [{"filename": file.filename, "sha256": file.sha256} for file in one.malware_files],
            }
            for one in shown.group.members
        ],
    }


_ANSWERS: Mapping[str, Callable[[ParsedArguments, Sequence[str], RunContext], Answer]] = {
    "fetch": _fetch,
    "show": _show,
    "info": _info,
}
