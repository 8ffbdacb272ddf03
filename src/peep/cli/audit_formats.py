"""An audit in every format that `--format` knows, and where each goes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence

from peep import __version__
from peep.advisories.report import AuditReport
from peep.cli.audit_text import audit_lines
from peep.dataclass import dataclass
from peep.errors import PeepError, UsageError
from peep.system.files import write_atomically

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


def rendered(report: AuditReport, format_: str, *, is_verbose: bool = False) -> str:
    """The report as text in one format, without a line feed at its end. Raises `PeepError` for a missing library."""
    if format_ == "text":
        return "\n".join(audit_lines(report, is_verbose=is_verbose))
    if format_ == "json":
        from peep.advisories.report_json import report_text  # noqa: PLC0415 - each run wants one or two of these

        return report_text(report)
    if format_ == "jsonl":
        from peep.advisories.report_json import subject_lines  # noqa: PLC0415

        return "\n".join(json.dumps(value, separators=(",", ":")) for value in subject_lines(report))
    return _other(report, format_)


def _other(report: AuditReport, format_: str) -> str:
    if format_ == "sarif":
        from peep.advisories.report_sarif import report_sarif  # noqa: PLC0415

        return json.dumps(report_sarif(report, __version__), indent=2)
    if format_ == "markdown":
        from peep.advisories.report_markdown import report_markdown  # noqa: PLC0415

        return report_markdown(report).rstrip("\n")
    if format_ == "github":
        from peep.advisories.report_github import github_commands  # noqa: PLC0415

        return "\n".join(github_commands(report))
    if format_ == "openvex":
        from peep.advisories.vex_openvex import report_openvex  # noqa: PLC0415

        return json.dumps(report_openvex(report, __version__), indent=2)
    return _cyclonedx(report)


def _cyclonedx(report: AuditReport) -> str:
    try:
        from peep.advisories.vex_cyclonedx import report_cyclonedx  # noqa: PLC0415
    except ImportError as error:
        raise PeepError(
            f"--format cyclonedx needs cyclonedx-python-lib, which is not installed ({error.name or error})",
            "install peep with its extra: 'peep[inventory]'; or use --format openvex, which needs nothing",
        ) from error
    return report_cyclonedx(report, __version__)


def write_files(report: AuditReport, outputs: Iterable[Output], environ: Mapping[str, str]) -> None:
    """Write what goes into files, and a job summary beside annotations. Raises `PeepError`."""
    for one in outputs:
        if one.path is not None:
            _write(one.path, rendered(report, one.format) + "\n")
        summary = environ.get("GITHUB_STEP_SUMMARY")
        if one.format == "github" and summary:
            from peep.advisories.report_markdown import report_markdown  # noqa: PLC0415

            with _told(summary), open(summary, "a", encoding="utf-8") as file:
                file.write(report_markdown(report))


def _write(path: str, text: str) -> None:
    with _told(path):
        write_atomically(os.path.realpath(path), text.encode("utf-8", "backslashreplace"))


class _told:  # noqa: N801 - reads as the function that it is
    """Turns an `OSError` into an error that names the file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise PeepError(f"{self._path}: {error.strerror or error}") from error
