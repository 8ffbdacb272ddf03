"""An audit in every format that `--format` knows, and where each goes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from peep import __version__
from peep.advisories.report import AuditReport
from peep.cli.output.audit_text import audit_lines
from peep.dataclass import dataclass
from peep.errors import MissingExtra, PeepError, UsageError
from peep.system.files import ToldAs, beside, replace_file

FORMATS = ("text", "json", "jsonl", "sarif", "markdown", "github", "openvex", "cyclonedx")


@dataclass(frozen=True, slots=True)
class Output:
    """One rendering of a report; `path` None: standard output."""

    format: str
    path: str | None = None


def outputs_of(stated: Sequence[str], path: str | None) -> tuple[Output, ...]:
    """What `--format X`, `--format X=FILE` and `-o FILE` ask for, standard output first. Raises `UsageError`."""
    printed: list[str] = []
    files: list[Output] = []
    for text in stated:
        name, equals, place = text.partition("=")
        if name not in FORMATS:
            raise UsageError(f"--format: {name!r} is none of {', '.join(FORMATS)}")
        if equals and not place:
            raise UsageError(f"--format {text}: no file is named")
        if equals:
            files.append(Output(name, place))
        else:
            printed.append(name)
    if len(set(printed)) > 1:
        hint = "give one of them a file, as in --format X=FILE"
        raise UsageError(f"--format {printed[0]} and --format {printed[1]} can't both be printed", hint)
    paths = [one.path for one in files]
    if len(set(paths)) < len(paths):
        raise UsageError("two formats can't go into one file")
    return (Output(printed[0] if printed else "text", path), *files)


def rendered(report: AuditReport, format_: str, *, is_verbose: bool = False) -> Iterator[str]:
    """The report as lines in one format, for a fleet's is long. Raises `PeepError` for a library that is missing."""
    if format_ == "text":
        return audit_lines(report, is_verbose=is_verbose)
    if format_ == "json":
        from peep.advisories.report_json import report_lines  # noqa: PLC0415 - each run wants one or two of these

        return report_lines(report)
    if format_ == "jsonl":
        from peep.advisories.report_json import subject_lines  # noqa: PLC0415

        return subject_lines(report)
    if format_ == "github":
        from peep.advisories.report_github import github_commands  # noqa: PLC0415

        return github_commands(report)
    return iter(_other(report, format_).split("\n"))


def _other(report: AuditReport, format_: str) -> str:
    if format_ == "sarif":
        from peep.advisories.report_sarif import report_sarif  # noqa: PLC0415

        return json.dumps(report_sarif(report, __version__, os.getcwd()), indent=2)
    if format_ == "markdown":
        from peep.advisories.report_markdown import report_markdown  # noqa: PLC0415

        return report_markdown(report).rstrip("\n")
    if format_ == "openvex":
        from peep.advisories.vex_openvex import report_openvex  # noqa: PLC0415

        return json.dumps(report_openvex(report, __version__), indent=2)
    return _cyclonedx(report)


def _cyclonedx(report: AuditReport) -> str:
    try:
        from peep.advisories.vex_cyclonedx import report_cyclonedx  # noqa: PLC0415
    except ImportError as error:
        instead = "use --format openvex, which needs nothing"
        raise MissingExtra("--format cyclonedx", "inventory", error, instead) from error
    return report_cyclonedx(report, __version__)


def write_files(report: AuditReport, outputs: Iterable[Output], environ: Mapping[str, str]) -> None:
    """Write what goes into files, and a job summary beside annotations. Raises `PeepError`."""
    for one in outputs:
        if one.path is not None:
            _write(one.path, rendered(report, one.format))
        summary = environ.get("GITHUB_STEP_SUMMARY")
        if one.format == "github" and summary:
            from peep.advisories.report_markdown import report_markdown  # noqa: PLC0415

            with ToldAs(PeepError, summary), open(summary, "a", encoding="utf-8") as file:
                file.write(report_markdown(report))


def _write(path: str, lines: Iterable[str]) -> None:
    """Put the lines into a file, which then is whole or as it was."""
    real = os.path.realpath(path)
    with ToldAs(PeepError, path), beside(real) as aside:
        with open(aside, "x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
        replace_file(aside, real)
