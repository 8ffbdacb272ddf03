"""Verb `peep sync`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from peep.cli.install_command import report_result, tell_refusal
from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.sections import MEANS, WHERE_FROM
from peep.cli.options.tables import CHANGES, GENERAL, PROGRESS, SOURCES, TARGET, format_option
from peep.cli.output.console import Console
from peep.cli.output.install_output import project_json
from peep.cli.verb import Section, Verb
from peep.errors import InstallRefused
from peep.model import InstallPlan
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.shortcuts.noop import not_here

if TYPE_CHECKING:
    from peep.pipeline.result import InstallResult

_OWN = (
    Option(("--check",), "change nothing; exit status 1 when something differs; no network", is_peeps_own=True),
    Option(("--all",), "remove peep and pip, too, when no file lists them", is_peeps_own=True),
)

VERB = Verb(
    name="sync",
    usage=("sync [OPTIONS] -r FILE [-r FILE...]",),
    description=(
        "As `peep install`, and everything that the files do not list is removed in the same step. peep, pip and what "
        "they need stay, unless --all is given. --dry-run fetches and verifies, and tells what would change; --check "
        "only compares."
    ),
    examples=(
        ("peep sync --python .venv -r requirements.txt", "no more and no less than the file lists"),
        ("peep sync --check --python .venv -r requirements.txt", "for a test: does anything differ?"),
    ),
    sections=(
        Section("What to install", SOURCES),
        Section("Where to", TARGET),
        WHERE_FROM,
        Section("How", (*_OWN, *CHANGES)),
        *MEANS,
        Section("General", (*PROGRESS, *format_option("text", "json"), *GENERAL)),
    ),
)


def run(parsed: ParsedArguments) -> int:
    """Make the environment what was listed, or tell the difference. Raises `PeepError`."""
    options = install_options(parsed, verb=VERB.name)
    include_all = parsed.has("all")
    with Console(options.output, is_data=options.report == "-") as console:
        for warning in parsed.warnings:
            console.warning(warning)
        if parsed.has("check"):
            return _check(options, console, include_all=include_all)
        from peep.workflows.sync import sync  # noqa: PLC0415 - help describes this verb without running it

        def workflow(chosen: InstallOptions, context: RunContext) -> InstallResult:
            return sync(chosen, context, include_all=include_all)

        return report_result(options, console, workflow)


def _check(options: InstallOptions, console: Console, *, include_all: bool) -> int:
    from peep.workflows.sync import difference  # noqa: PLC0415 - as above

    try:
        found = difference(options, RunContext.of_process(console), include_all=include_all)
    except InstallRefused as refused:
        return tell_refusal(options, console, refused, "Nothing was compared.")
    if options.output.format == "json":
        console.result(json.dumps(difference_json(found.plan), indent=2))
    else:
        for line in difference_lines(found.plan, found.skipped):
            console.note(line)
    return 0 if found.plan.is_empty else 1


def difference_lines(plan: InstallPlan, skipped: int = 0) -> list[str]:
    """Why projects of the listed version differ, one line for each project that differs, by name, and one in sum."""
    old = {project.name: project for project in plan.replace}
    lines = [f"- {project.name} {project.version}" for project in plan.remove]
    for pin in plan.missing:
        version = pin.version or pin.url
        present = old.get(pin.name)
        lines.append(f"+ {pin.name} {version}" if present is None else f"~ {pin.name} {present.version} -> {version}")
    ordered = sorted(lines, key=lambda line: line[2:])
    same = len(plan.keep)
    told = f"{len(lines)} to change" if lines else "no difference"
    return [
        *plan.notes,
        *ordered,
        f"{told}; {same} {'project is' if same == 1 else 'projects are'} as listed{not_here(skipped)}",
    ]


def difference_json(plan: InstallPlan) -> dict[str, object]:
    """The same for `--format json`."""
    return {
        "differs": not plan.is_empty,
        "install": [{"name": pin.name, "version": pin.version, "url": pin.url} for pin in plan.missing],
        "replace": [project_json(project) for project in plan.replace],
        "remove": [project_json(project) for project in plan.remove],
        "keep": [project_json(project) for project in plan.keep],
    }
