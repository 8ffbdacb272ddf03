"""`peep status`, and `peep` alone in the folder of a project."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from peep.cli.options.install_options import output_options
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, format_option
from peep.cli.output.console import Console
from peep.cli.output.text import TERMINAL_WIDTH, counted, wrap
from peep.cli.verb import Section, Verb
from peep.formats.ages import spoken_age
from peep.pipeline.context import RunContext

if TYPE_CHECKING:
    from peep.workflows.status import ProjectStatus

_COLUMN = 12
"""Where what is told begins."""
_MOST_NAMED = 3
_MOST_TARGETS = 3
"""That are named; of more, their number is told: `--format json` has them all."""

VERB = Verb(
    name="status",
    usage=("status [OPTIONS]",),
    description=(
        "Looks for a list of pins (pylock.toml or requirements.txt) and its source (requirements.in, pyproject.toml) "
        "in the working folder, and for an environment (.venv, venv, or the active one), and tells for which targets "
        "the list was made, whether it has what its source asks for, how many of its archives somebody examined, "
        "whether the environment is as listed and when it was last proven, and how old the advisories are. It changes "
        "nothing and asks no server.\n\n"
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
    """A line for each place in the circle, then what to run next; none longer than a terminal but commands."""
    if not found.is_project:
        return [*_nothing_here(found), "", f"next: {command}"]
    told = [
        ("list", _listed(found)),
        ("", _others(found)),
        ("source", _drift(found)),
        ("examined", _examined(found)),
        ("installed", _installed(found)),
        ("proven", _proven(found, now)),
        ("advisories", _age(found.advisories, now) if found.advisories else "none fetched"),
    ]
    told += [("fault", one) for one in found.faults]
    return [*(_line(name, text) for name, text in told if text), "", f"next: {command}"]


def _line(name: str, text: str) -> str:
    folded = wrap(text, TERMINAL_WIDTH, " " * _COLUMN)
    return name.ljust(_COLUMN) + folded[_COLUMN:]


def _nothing_here(found: ProjectStatus) -> list[str]:
    if found.is_bundle:
        return ["this folder is a bundle: it carries archives, and is no project"]
    lines = ["no list of pins here (pylock.toml, requirements.txt), and no source of one"]
    return [*lines, f"the project is above: {found.above}"] if found.above else lines


def _listed(found: ProjectStatus) -> str:
    if found.listing is None:
        lock = f"; {found.foreign_lock} is another tool's" if found.foreign_lock else ""
        return f"not made yet{f'; its source is {found.source}' if found.source else ''}{lock}"
    if not found.is_readable:
        return f"{found.listing}: cannot be read"
    count = len(found.targets)
    named = ", ".join(found.targets) if count <= _MOST_TARGETS else f"{count} targets"
    lacking = f"; {counted(found.unusable, 'line')} without a pin or a hash" if found.unusable else ""
    return f"{found.listing}: {counted(found.pins, 'pin')}{f' for {named}' if count else ''}{lacking}"


def _others(found: ProjectStatus) -> str:
    """The lists that were not looked at."""
    named = ", ".join(found.others[:_MOST_NAMED])
    more = len(found.others) - _MOST_NAMED
    return f"not looked at: {named}{f' and {more} more' if more > 0 else ''}" if named else ""


def _drift(found: ProjectStatus) -> str:
    """What the source asks for and the list has not."""
    named = ", ".join(found.unfulfilled[:_MOST_NAMED])
    more = len(found.unfulfilled) - _MOST_NAMED
    if not named:
        return ""
    return f"{found.source} asks for what is not listed: {named}{f' and {more} more' if more > 0 else ''}"


def _examined(found: ProjectStatus) -> str:
    if found.listing is None or not found.is_readable:
        return ""
    if found.is_unexamined and found.examined is None:
        return "not known: the settings or the records cannot be read"
    if found.examined is None:
        return "no records: there is no folder vetting/"
    one = found.examined
    excused = f", {one.excused} of them excused" if one.excused else ""
    return f"{one.examined} of {counted(one.archives, 'archive')}{excused}"


def _installed(found: ProjectStatus) -> str:
    if found.listing is None or not found.is_readable:
        return ""
    if found.environment is None:
        return "nowhere: there is no .venv, and no environment is active"
    if found.installed is None:
        return f"{found.environment}: could not be compared"
    one = found.installed
    changes = f", {one.to_change} to install or replace" if one.to_change else ""
    beside = f", {one.unlisted} not listed" if one.unlisted else ""
    return f"{one.environment}: {counted(one.as_listed, 'project')} as listed{changes}{beside}"


def _proven(found: ProjectStatus, now: datetime) -> str:
    if found.installed is None:
        return ""
    return _age(found.installed.proven, now) if found.installed.proven else "not since it last changed, as far as known"


def _age(moment: datetime, now: datetime) -> str:
    age = now - moment
    told = f"{spoken_age(age)} ago" if age >= timedelta(minutes=1) else "just now"
    return f"{told} ({moment:%Y-%m-%d %H:%M} UTC)"


def as_json(found: ProjectStatus, command: str) -> dict[str, Any]:
    """The same for programs."""
    installed, examined = found.installed, found.examined
    return {
        "source": found.source,
        "unfulfilled": list(found.unfulfilled),
        "path": found.listing,
        "other_lists": list(found.others),
        "pins": found.pins,
        "unusable": found.unusable,
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
            "unlisted": installed.unlisted,
            "proven": installed.proven.isoformat() if installed.proven else None,
        },
        "advisories": found.advisories.isoformat() if found.advisories else None,
        "problems": list(found.faults),
        "next": command,
    }
