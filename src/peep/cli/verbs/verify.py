"""Verb `peep verify`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from peep import __version__
from peep.cli.install_command import tell_refusal
from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.sections import MEANS, WHERE_FROM
from peep.cli.options.tables import ALLOW_RECORD_MISMATCH, EXAMINED, GENERAL, PROGRESS, SOURCES, TARGET, format_option
from peep.cli.output.console import Console
from peep.cli.output.text import counted
from peep.cli.verb import Section, Verb
from peep.errors import InstallRefused, UsageError
from peep.pins import read_sha256
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions, SourceOptions

if TYPE_CHECKING:
    from peep.proof.findings import Finding
    from peep.workflows.verify import Verification, VerifyOptions

_MOST_LINES = 100
"""Findings that are told one by one, unless `-v` asks for all."""

OWN = (
    Option(
        ("--digest",), "what `peep digest` printed: compare with that", OptionKind.VALUE, "SHA256", is_peeps_own=True
    ),
    Option(("--refetch",), "take all archives from the index again, trust no store", is_peeps_own=True),
    Option(("--bytecode",), "recompile every .pyc file and compare", is_peeps_own=True),
    Option(("--fix",), "put back what differs, from verified archives", is_peeps_own=True),
    ALLOW_RECORD_MISMATCH,
    *EXAMINED,
)

VERB = Verb(
    name="verify",
    usage=("verify [OPTIONS] [-r FILE...]",),
    description=(
        "Compares every file of every installed project with the verified archive that it came from, and tells what "
        "was changed, removed or added. With -r, each archive must also be one that the files list, with nothing "
        "missing and nothing extra. Nothing of the environment is executed. The exit status is 0 when all is proven, "
        "1 when it is not.\n\n"
        "Archives come from the store; those that it lacks are fetched from where they came from and verified again. "
        "With --digest alone, only the digest of the whole is compared: that needs neither store nor network."
    ),
    examples=(
        ("peep verify --python .venv -r requirements.txt", "is it what these files list, byte for byte?"),
        ("peep verify --python .venv --refetch -r requirements.txt", "the same, without trusting the store"),
        ("peep verify --python .venv --digest 5f0c…", "is it what was built elsewhere?"),
        ("peep verify --python .venv --fix -r requirements.txt", "and put back what is not"),
        ("peep verify --python .venv --format sarif", "for a code scanning service"),
    ),
    sections=(
        Section("Against what", (*SOURCES, *OWN)),
        Section("Which environment", TARGET),
        WHERE_FROM,
        *MEANS,
        Section("General", (*PROGRESS, *format_option("text", "json", "sarif"), *GENERAL)),
    ),
)


def run(parsed: ParsedArguments) -> int:
    """Verify what was asked; 0 when it is proven, else 1. Raises `PeepError`."""
    options = verify_options(parsed)
    output = options.run.output
    with Console(output, is_data=output.format != "text") as console:
        for warning in parsed.warnings:
            console.warning(warning)
        from peep.workflows.verify import verify  # noqa: PLC0415 - help describes this verb without running it

        try:
            verification = verify(options, RunContext.of_process(console))
        except InstallRefused as refused:
            return tell_refusal(options.run, console, refused, "Nothing was verified.")
        show(verification, output.format, console, is_verbose=output.verbose > 0)
        if hint := _about_fixing(verification, is_fixed=options.fix):
            console.note(hint)
    return 0 if verification.is_proven else 1


def _about_fixing(verification: Verification, *, is_fixed: bool) -> str:
    """What `--fix` would do about the findings, or has left; '' where there is nothing to say."""
    is_added = [one.rule.startswith(("added", "foreign", "not-listed")) for one in verification.findings]
    if is_fixed:
        return "--fix puts back what is listed; what was added is left for you to remove" if any(is_added) else ""
    is_curable = any(one.rule.startswith(("changed", "missing", "altered")) for one in verification.findings)
    return "the same command with --fix puts back what is listed" if is_curable else ""


def verify_options(parsed: ParsedArguments) -> VerifyOptions:
    """The options of a verification; raises `UsageError`."""
    from peep.workflows.verify import VerifyOptions  # noqa: PLC0415 - as above

    has_files = bool(parsed.values("requirement") or parsed.words)
    options: InstallOptions = install_options(parsed, verb=VERB.name, sources=None if has_files else SourceOptions())
    return VerifyOptions(
        options,
        digest=_digest(parsed.value("digest")),
        refetch=parsed.has("refetch"),
        bytecode=parsed.has("bytecode"),
        fix=parsed.has("fix"),
    )


def _digest(text: str | None) -> str | None:
    if text is None:
        return None
    if digest := read_sha256(text.strip()):
        return digest
    raise UsageError(f"--digest: {text!r} is no sha256", "give what `peep digest` printed, 64 digits")


def show(verification: Verification, style: str, console: Console, *, is_verbose: bool) -> None:
    """Print a verification in the style asked for."""
    if style == "json":
        console.result(json.dumps(as_json(verification), indent=2))
    elif style == "sarif":
        from peep.proof.report import sarif  # noqa: PLC0415 - as above

        versions = {project.name: project.version for project in verification.projects}
        root = verification.target.paths["data"]
        console.result(json.dumps(sarif(verification.findings, root, __version__, versions), indent=2))
    else:
        for line in finding_lines(verification, limit=None if is_verbose else _MOST_LINES):
            console.result(line)
        console.note(summary(verification))


def as_json(verification: Verification) -> dict[str, object]:
    """The whole verification for a program."""
    from peep.proof.report import finding_json, project_json, target_json  # noqa: PLC0415 - as above

    root = verification.target.paths["data"]
    archives = verification.archives
    return {
        "proven": verification.is_proven,
        "environment": target_json(verification.target),
        "digest": verification.digest,
        "files": verification.files,
        "bytes": verification.bytes,
        "fixed": list(verification.fixed),
        "projects": [project_json(project, archives.get(project.name)) for project in verification.projects],
        "findings": [finding_json(one, root) for one in verification.findings],
    }


def finding_lines(verification: Verification, limit: int | None) -> list[str]:
    """One line for each finding, at most `limit`, then how many more there are."""
    from peep.environment.scheme_paths import shown_path  # noqa: PLC0415 - as above

    root = verification.target.paths["data"]
    shown = verification.findings[:limit]
    lines = [_line(one, shown_path(one.path, root) if one.path else "") for one in shown]
    if len(shown) < len(verification.findings):
        lines.append(f"... and {len(verification.findings) - len(shown)} more (-v shows all)")
    return lines


def _line(one: Finding, path: str) -> str:
    return ": ".join(part for part in (one.rule, one.project, path, one.message) if part)


def summary(verification: Verification) -> str:
    """Such as `proven: 69 projects, 8123 files`."""
    fixed = f"put back {counted(len(verification.fixed), 'project')}; " if verification.fixed else ""
    what = _what(verification)
    if verification.is_proven:
        return f"{fixed}proven: {what}"
    return f"{fixed}not proven: {counted(len(verification.findings), 'finding')} in {what}"


def _what(verification: Verification) -> str:
    parts: Iterable[tuple[int, str]] = ((len(verification.projects), "project"), (verification.files, "file"))
    told = [counted(count, noun) for count, noun in parts if count or noun == "file"]
    return ", ".join(told) + (f", digest {verification.digest}" if verification.digest else "")
