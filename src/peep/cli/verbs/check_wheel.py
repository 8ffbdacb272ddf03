"""Verb `peep check-wheel`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from peep.cli.options.install_options import output_options
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, format_option
from peep.cli.output.console import Console
from peep.cli.output.text import counted
from peep.cli.verb import Section, Verb

if TYPE_CHECKING:
    from peep.workflows.check_wheel import WheelReport

VERB = Verb(
    name="check-wheel",
    usage=("check-wheel [OPTIONS] FILE...",),
    description=(
        "Looks at wheels as install would, structure, metadata, RECORD and every byte of every file, and tells all "
        "that it finds. The exit status is 1 when install would refuse one of them. Nothing is unpacked or run."
    ),
    examples=(
        ("peep check-wheel dist/*.whl", "before an upload"),
        ("peep check-wheel --format json some.whl", "for a program"),
    ),
    sections=(Section("Options", format_option("text", "json")), Section("General", GENERAL)),
    wants="wheel",
)


def run(parsed: ParsedArguments) -> int:
    """Check the wheels; 1 when one would be refused. Raises `UsageError`."""
    from peep.workflows.check_wheel import check_wheels  # noqa: PLC0415 - help describes this verb without running it

    reports = check_wheels(parsed.words)
    output = output_options(parsed)
    with Console(output) as console:
        if output.format == "json":
            console.result(json.dumps([_fields(report) for report in reports], indent=2))
        else:
            for report in reports:
                if report.problems or report.warnings or report.startup_files or not output.quiet:
                    console.result("\n".join(report_lines(report)))
    return 0 if all(report.is_acceptable for report in reports) else 1


def report_lines(report: WheelReport) -> list[str]:
    """The verdict on one wheel, then an indented line for each finding."""
    fine = f"fine ({counted(report.file_count, 'file')}, {report.unpacked_size} bytes)"
    lines = [f"{report.path}: {counted(len(report.problems), 'problem') if report.problems else fine}"]
    lines += [f"  problem: {problem}" for problem in report.problems]
    lines += [f"  warning: {warning}" for warning in report.warnings]
    return lines + [f"  runs at every start of the interpreter: {path}" for path in report.startup_files]


def _fields(report: WheelReport) -> dict[str, Any]:
    return {
        "path": report.path,
        "acceptable": report.is_acceptable,
        "problems": report.problems,
        "warnings": report.warnings,
        "startup_files": report.startup_files,
        "files": report.file_count,
        "unpacked_size": report.unpacked_size,
    }
