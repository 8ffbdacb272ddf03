"""`peep check -r`; without a list it is pip's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, INTERPRETER, NETWORK, PROGRESS, STORE, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.errors import UsageError
from peep.pipeline.context import RunContext

if TYPE_CHECKING:
    from peep.locking.completeness import Incompleteness
    from peep.workflows.check import CheckResult

VERB = Verb(
    name="check",
    usage=("check [OPTIONS] -r FILE", "check [OPTIONS] pylock.toml"),
    description=(
        "Reads a list of pins and tells for each declared target whether it is complete and consistent: a usable and "
        "listed file for each pin, every requirement listed and satisfied, one version for each name, the right "
        "Python. All faults are told at once, without being on that platform. Nothing is installed or executed, and "
        "no archive is examined.\n\n"
        "Targets are those of the command line or the settings, else those that the file was locked for, else this "
        "interpreter. Without -r, pip's own check runs; `pip check --help` explains that one."
    ),
    examples=(
        ("peep check -r requirements.txt", "for the targets that it was locked for"),
        ("peep check -r requirements.txt --target cp312-win_amd64", "would it install on Windows?"),
    ),
    sections=(
        Section(
            "Options",
            (
                Option(("-r", "--requirement"), "the list", OptionKind.LIST, "FILE"),
                Option(
                    ("--target",),
                    "check for that INTERPRETER-PLATFORM, or here",
                    OptionKind.LIST,
                    "ID",
                    has_variable=False,
                ),
                Option(
                    ("--min-age", "--exclude-newer", "--uploaded-prior-to"),
                    "warn of what is younger: 7d, 36h, P7D, a date, a time; NAME=AGE for one project",
                    OptionKind.LIST,
                    "AGE",
                    has_variable=False,
                ),
                Option(("--offline",), "ask nobody; what was kept from earlier runs has to do", is_peeps_own=True),
                Option(("--only-binary",), "only wheels of these projects; :all:, or names", OptionKind.LIST, "NAMES"),
                Option(("--no-binary",), "no wheels of these projects; :all:, or names", OptionKind.LIST, "NAMES"),
            ),
        ),
        Section(
            "Where from",
            (
                Option(("-i", "--index-url", "--pypi-url"), "the package index", OptionKind.VALUE, "URL"),
                Option(("--extra-index-url",), "a further package index", OptionKind.LIST, "URL"),
                Option(("--no-index",), "ask no index, only --find-links"),
                Option(
                    ("-f", "--find-links"), "look for archives in a folder or on a page, too", OptionKind.LIST, "URL"
                ),
            ),
        ),
        Section("Interpreter", INTERPRETER),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*PROGRESS, *format_option("text", "json"), *GENERAL)),
    ),
)


def run(parsed: ParsedArguments) -> int:
    """Judge a list; 1 when it is not complete on every target. Raises `PeepError`."""
    from peep.cli.options.lock_options import options_for_file  # noqa: PLC0415 - help must not cost this
    from peep.workflows.check import check_list  # noqa: PLC0415 - as above

    files = (*parsed.values("requirement"), *parsed.words)
    if len(files) != 1:
        raise UsageError("peep check wants one list", f"usage: peep {VERB.usage[0]}")
    options = options_for_file(parsed, VERB, files[0])
    with Console(options.base.output) as console:
        result = check_list(options, RunContext.of_process(console))
        _tell(result, console, is_json=options.base.output.format == "json")
    return 0 if result.is_complete else 1


def _tell(result: CheckResult, console: Console, *, is_json: bool) -> None:
    from peep.cli.output.incompleteness import fault_json, fault_line  # noqa: PLC0415 - as above
    from peep.locking.completeness import complete_targets  # noqa: PLC0415 - as above

    news = _news(result)
    warnings = list(dict.fromkeys(text for verdict in result.verdicts for text in verdict.warnings))
    if is_json:
        faults = [fault for _, some in news for fault in some]
        targets = [{"name": name, "complete": found} for name, found in complete_targets(result.verdicts).items()]
        answer = {"targets": targets, "warnings": warnings, "problems": [fault_json(fault) for fault in faults]}
        console.result(json.dumps(answer, indent=2))
        return
    for warning in warnings:
        console.warning(warning)
    for target, faults in news:
        if not faults:
            console.note(f"{target}: complete")
            continue
        console.error(f"{target}: {len(faults)} missing or wrong")
        for fault in faults:
            console.error(f"  {fault_line(fault)}")
    found = complete_targets(result.verdicts)
    if len(found) > 1:
        console.note(f"{result.path}: complete for {sum(found.values())} of {len(found)} targets")


def _news(result: CheckResult) -> list[tuple[str, list[Incompleteness]]]:
    """Pair each verdict's target with its faults, without those that an earlier micro version has as well."""
    told: dict[str, set[tuple[object, ...]]] = {}
    news: list[tuple[str, list[Incompleteness]]] = []
    for verdict in sorted(result.verdicts, key=lambda one: " at " in one.target):
        known = told.setdefault(verdict.target.partition(" ")[0], set())
        faults = [fault for fault in verdict.incomplete if fault.essence not in known]
        known |= {fault.essence for fault in faults}
        if faults or verdict.is_complete:
            news.append((verdict.target, faults))
    return news
