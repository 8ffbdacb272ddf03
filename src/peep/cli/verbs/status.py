"""`peep status`, and `peep` alone in the folder of a project."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from peep.cli.options.install_options import output_options
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, format_option
from peep.cli.output.console import Console
from peep.cli.output.text import counted
from peep.cli.verb import Section, Verb
from peep.pipeline.context import RunContext

if TYPE_CHECKING:
    from peep.workflows.status import ProjectStatus

_MOST_TARGETS = 3
"""That are named; of more, their number is told: `--format json` has them all."""

VERB = Verb(
    name="status",
    summary="tell where the project in this folder stands, and what comes next",
    usage=("status [OPTIONS]",),
    description=(
        "Looks for a list of pins (pylock.toml or requirements.txt) or its source (requirements.in, pyproject.toml) in "
        "the working folder, and for an environment (.venv, venv, or the active one), and tells for which targets the "
        "list was made, how many of its archives somebody examined, whether the environment is as listed and when it "
        "was last proven, and how old the advisories are. It changes nothing and asks no server.\n\n"
        "`peep` alone does the same in the folder of a project."
    ),
    examples=(("peep status", "where does this project stand?"), ("peep", "the same")),
    sections=(Section("General", (*format_option("text", "json"), *GENERAL)),),
    instead="it looks at the working folder",
)


def run(parsed: ParsedArguments) -> int:
    """Tell where the project stands; gives back the exit status. Raises `PeepError`."""
    from peep.workflows.status import next_command, status  # noqa: PLC0415 - help describes this verb without it

    now = datetime.now(timezone.utc)
    with Console(output_options(parsed)) as console:
        found = status(RunContext.of_process(console))
        command = next_command(found, now)
        if output_options(parsed).format == "json":
            console.result(json.dumps(as_json(found, command), indent=2))
        else:
            console.result("\n".join(status_lines(found, command, now)))
    return 0


def status_lines(found: ProjectStatus, command: str, now: datetime) -> list[str]:
    """A line for each place in the circle, then what to run next."""
    if not found.is_project:
        return ["no list of pins here (pylock.toml, requirements.txt), and no source of one", "", f"next: {command}"]
    told = [
        ("list", _listed(found)),
        ("examined", _examined(found)),
        ("installed", _installed(found)),
        ("proven", _proven(found, now)),
        ("advisories", _age(found.advisories, now) if found.advisories else "none fetched"),
    ]
    lines = [f"{name.ljust(12)}{text}" for name, text in told if text]
    return [*lines, *(f"{'fault'.ljust(12)}{one}" for one in found.faults), "", f"next: {command}"]


def _listed(found: ProjectStatus) -> str:
    if found.listing is None:
        return f"not made yet; its source is {found.source}"
    count = len(found.targets)
    named = ", ".join(found.targets) if count <= _MOST_TARGETS else f"{count} targets"
    return f"{found.listing}: {counted(found.pins, 'pin')}{f' for {named}' if count else ''}"


def _examined(found: ProjectStatus) -> str:
    if found.listing is None:
        return ""
    if found.examined is None:
        return "no records: there is no folder vetting/"
    one = found.examined
    excused = f", {one.excused} of them excused" if one.excused else ""
    return f"{one.examined} of {counted(one.archives, 'archive')}{excused}"


def _installed(found: ProjectStatus) -> str:
    if found.listing is None:
        return ""
    if found.environment is None:
        return "nowhere: there is no .venv, and no environment is active"
    if found.installed is None:
        return f"{found.environment}: could not be compared"
    one = found.installed
    changes = f", {one.to_change} to change" if one.to_change else ""
    return f"{one.environment}: {counted(one.as_listed, 'project')} as listed{changes}"


def _proven(found: ProjectStatus, now: datetime) -> str:
    if found.installed is None:
        return ""
    return _age(found.installed.proven, now) if found.installed.proven else "not since it last changed, as far as known"


def _age(moment: datetime, now: datetime) -> str:
    minutes = max(0, int((now - moment).total_seconds() // 60))
    units = ((2 * 24 * 60, 24 * 60, "day"), (2 * 60, 60, "hour"), (0, 1, "minute"))
    told = next(counted(minutes // size, name) for least, size, name in units if minutes >= least)
    return f"{told} ago ({moment:%Y-%m-%d %H:%M} UTC)"


def as_json(found: ProjectStatus, command: str) -> dict[str, Any]:
    """The same for programs."""
    installed, examined = found.installed, found.examined
    return {
        "source": found.source,
        "path": found.listing,
        "pins": found.pins,
        "targets": list(found.targets),
        "examined": None
        if examined is None
        else {"archives": examined.archives, "examined": examined.examined, "excused": examined.excused},
        "installed": None
        if installed is None
        else {
            "path": installed.environment,
            "as_listed": installed.as_listed,
            "to_change": installed.to_change,
            "proven": installed.proven.isoformat() if installed.proven else None,
        },
        "advisories": found.advisories.isoformat() if found.advisories else None,
        "problems": list(found.faults),
        "next": command,
    }
