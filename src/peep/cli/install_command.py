"""Command that changes an environment: runs the workflow, prints its result, writes `--report`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from peep.cli.output.console import Console
from peep.cli.output.install_output import ToldBeside, result_json, result_lines
from peep.errors import InstallRefused, PeepError, UsageError
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.system.files import can_be_named, write_named

if TYPE_CHECKING:
    from peep.pipeline.result import InstallResult

Workflow = Callable[[InstallOptions, RunContext], "InstallResult"]


def report_result(options: InstallOptions, console: Console, workflow: Workflow) -> int:
    """Run `workflow`, print what it did or why it refused, write `--report`; give back the exit status.

    Raises `UsageError`, before anything is done, when the report has no place.
    """
    if options.report == "-" and options.output.format == "json":
        raise UsageError("--report - and --format json exclude each other", "let --report name a file")
    _check_place(options.report)
    try:
        result = workflow(options, RunContext.of_process(console))
    except InstallRefused as refused:
        return tell_refusal(options, console, refused)
    examined = result.examined.summary if result.examined is not None else None
    if options.output.format == "json":
        told = result_json(
            result.plan, result.pinned.skipped, is_dry_run=options.dry_run, examined=examined, pending=result.pending
        )
        console.result(json.dumps(told, indent=2))
    else:
        skipped = len(result.pinned.skipped)
        told_more = ToldBeside(examined, result.pending, skipped)
        for line in result_lines(result.plan, told_more, is_dry_run=options.dry_run):
            console.note(line)
    if options.report is not None:
        _write_report(options.report, result, console)
    return 0


def tell_refusal(options: InstallOptions, console: Console, refused: InstallRefused, last_line: str = "") -> int:
    """Print everything that is wrong; give back the exit status. `last_line`: of a verb that does not install."""
    # Imported for a refusal only: how to tell one is 2 ms of modules.
    if options.output.format == "text":
        from peep.cli.output.reports import LAST_LINE, report_text  # noqa: PLC0415

        console.result(report_text(refused.problems, console.width, last_line or LAST_LINE))
    else:
        from peep.cli.output.problem_json import problems_as_json  # noqa: PLC0415

        console.result(json.dumps(problems_as_json(refused.problems), indent=2))
    return refused.exit_status


def _write_report(path: str, result: InstallResult, console: Console) -> None:
    from peep.pipeline.installation_report import installation_report  # noqa: PLC0415 - few runs want one

    text = json.dumps(installation_report(result), indent=2)
    if path == "-":
        console.result(text)
        return
    try:
        write_named(path, (text + "\n").encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise PeepError(f"--report {path}: {reason}", "everything else was done as it was asked for") from error


def _check_place(report: str | None) -> None:
    """A report that cannot be written is noticed before the environment changes, as far as that can be foreseen."""
    if report is None or report == "-":
        return
    if not can_be_named(report):
        raise UsageError(f"--report {report}: no file can be written there")
