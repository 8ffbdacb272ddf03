"""`peep examine`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from peep.cli.install_command import tell_refusal
from peep.cli.options.install_options import install_options, number
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import (
    FOREIGN_TARGET,
    GENERAL,
    INDEXES,
    NETWORK,
    SOURCES,
    STORE,
    TARGET,
    VETTING,
    format_option,
)
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.errors import InstallRefused, RecordsErrors, UsageError
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions

if TYPE_CHECKING:
    from peep.workflows.examine import Examination, ExaminedArchive

_SUGGESTED = 10

OWN = (
    VETTING,
    Option(("--criterion",), "what archives must be examined for", OptionKind.VALUE, "NAME", is_peeps_own=True),
    Option(("--explain",), "what the verdicts on a project rest on", OptionKind.LIST, "NAME", is_peeps_own=True),
    Option(("--here",), "only archives that the target could use", is_peeps_own=True),
    Option(
        ("--suggest",),
        "how many comparisons to suggest, cheapest first; 0: nothing is fetched",
        OptionKind.VALUE,
        "N",
        is_peeps_own=True,
    ),
    Option(("--no-sandbox",), "open archives without a sandbox, to tell what they cost to read", is_peeps_own=True),
)

VERB = Verb(
    name="examine",
    usage=("examine [OPTIONS] -r FILE [-r FILE...]", "examine [OPTIONS]"),
    description=(
        "Judges every archive that the files list, for whatever target, by the records in vetting/: those of your own, "
        "those that you import, and the publishers that you trust. Without -r, every installed project, by the "
        "recorded digest of its archive. The exit status is 0 when all are examined, else 1.\n\n"
        "What is not examined is compared with the nearest examined versions, in a sandbox, to suggest what to read "
        "next: the fewest lines first. --suggest 0 fetches nothing.\n\n"
        "Examined means that somebody answers for having read these very bytes. It does not mean that they are good."
    ),
    examples=(
        ("peep examine -r requirements.txt", "what did nobody examine yet?"),
        ("peep examine -r requirements.txt --explain idna", "who says so, and what does that rest on?"),
        ("peep examine --python .venv", "of what is installed"),
        ("peep examine -r requirements.txt --suggest 0", "verdicts alone, without the network"),
        ("peep examine -r requirements.txt --format json", "for a program"),
    ),
    sections=(
        Section("What to examine", (*SOURCES, *OWN)),
        Section("Which environment", TARGET),
        Section("Which files", FOREIGN_TARGET),
        Section("Where from", INDEXES),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*format_option("text", "json"), *GENERAL)),
    ),
    instead="name files: peep examine -r requirements.txt",
)


def run(parsed: ParsedArguments) -> int:
    """Examine what was named; 0 when all of it is examined, else 1. Raises `PeepError`."""
    from peep.workflows.examine import ExamineOptions, examine  # noqa: PLC0415 - help describes the verb without it

    has_files = bool(parsed.values("requirement"))
    options = install_options(parsed, verb=VERB.name, sources=None if has_files else SourceOptions())
    suggested = int(number(parsed.value("suggest") or str(_SUGGESTED), "--suggest"))
    asked = ExamineOptions(
        options,
        parsed.value("vetting"),
        parsed.value("criterion"),
        here=parsed.has("here"),
        suggest=suggested > 0 and not parsed.values("explain"),
        use_sandbox=not parsed.has("no-sandbox"),
    )
    with Console(options.output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        try:
            found = examine(asked, RunContext.of_process(console))
        except RecordsErrors as error:
            return tell_refusal(options, console, InstallRefused(error.problems), "Nothing counts as examined.")
        explained = _explained(found, parsed.values("explain"))
        console.result(_text(found, explained, suggested, style=options.output.format))
    return 0 if found.is_examined else 1


def _explained(found: Examination, names: tuple[str, ...]) -> list[ExaminedArchive]:
    """The archives of the projects that `--explain` names. Raises `UsageError` for one of which nothing is listed."""
    from peep.formats.names import normalised  # noqa: PLC0415 - as above

    archives = []
    for name in names:
        wanted = [one for one in found.archives if one.verdict.subject.name == normalised(name)]
        if not wanted:
            raise UsageError(f"--explain {name}: nothing of it is listed")
        archives += wanted
    return archives


def _text(found: Examination, explained: list[ExaminedArchive], suggested: int, *, style: str) -> str:
    from peep.cli.output.vetting_text import examination_json, examination_lines, explanation_lines  # noqa: PLC0415

    if style == "json":
        return json.dumps(examination_json(found, suggested), indent=2)
    if explained:
        return "\n".join(explanation_lines(explained, found.today))
    return "\n".join(examination_lines(found, suggested))
