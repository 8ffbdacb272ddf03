"""`peep audit`."""

from __future__ import annotations

import os
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING

from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.shared_texts import refuse_secrets
from peep.cli.options.tables import GENERAL, INDEXES, INTERPRETER, NETWORK, SOURCES, STORE
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.dataclass import replace
from peep.errors import UsageError
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions

if TYPE_CHECKING:
    from peep.advisories.report import AuditReport
    from peep.pipeline.audits.rules import AuditOptions

_AT_ONCE = 1000
"""Lines printed together."""
FLAG, VALUE, LIST = OptionKind.FLAG, OptionKind.VALUE, OptionKind.LIST


def _own(name: str, help_: str, kind: OptionKind = FLAG, metavar: str = "", choices: tuple[str, ...] = ()) -> Option:
    return Option((f"--{name}",), help_, kind, metavar, choices, is_peeps_own=True, has_variable=False)


SUBJECTS = (
    *(option for option in SOURCES if option.name in {"requirement", "constraint"}),
    _own("files-from", "read the names of requirements and lock files from FILE, one a line", VALUE, "FILE"),
    _own("here", "leave out what markers rule out for the target"),
)
ADVISORIES = (
    _own("advisories", "judge by FILE: a zip, a folder of OSV records, or one", LIST, "FILE"),
    _own("offline", "use no network at all"),
    _own("no-index-facts", "ask no index what it says of the files"),
    _own("watch", "tell as well when the newest release has another attested publisher", LIST, "WHAT", ("publisher",)),
    _own("max-age", "how old the advisories may be, such as 7d or 36h", VALUE, "DURATION"),
    _own("kev", "FILE lists exploited vulnerabilities (CISA's JSON): errors, and first", VALUE, "FILE"),
    _own("epss", "FILE holds EPSS scores (CSV)", VALUE, "FILE"),
    _own("at", "judge as of this time (RFC 3339)", VALUE, "TIME"),
)
JUDGEMENT = (
    _own("fail-on", "the lowest severity that fails", VALUE, "LEVEL", ("low", "medium", "high", "critical")),
    _own("strict", "warnings fail as well; whatever could not be judged makes the run incomplete"),
    _own("policy", "the table [audit] of FILE in place of the project's own", VALUE, "FILE"),
    _own("suppressions", "FILE in place of the project's peep-audit.toml", VALUE, "FILE"),
    _own("baseline", "only what the former report FILE (JSON) lacks fails", VALUE, "FILE"),
    _own("vex-in", "take `not affected` of an OpenVEX or CycloneDX document for a suppression", LIST, "FILE"),
)
SUPPRESS = (
    _own("suppress", "write into peep-audit.toml that ID does not count for the project that is named", VALUE, "ID"),
    _own("reason", "why not", VALUE, "TEXT"),
    _own("expires", "the last day of it", VALUE, "DATE"),
    _own("status", "what was found", VALUE, "STATUS", ("not_affected", "under_investigation", "affected")),
    _own("justification", "why it is not affected: one of OpenVEX's words", VALUE, "WORD"),
    _own("by", "who says so", VALUE, "NAME"),
)
FIX = (
    _own("fix", "move affected pins to the smallest versions that nothing affects: shown as a diff"),
    _own("in-place", "with --fix: write them"),
)
OUTPUT = (
    _own(
        "format", "how to print: text, json, jsonl, sarif, markdown, github, openvex, cyclonedx", LIST, "FORMAT[=FILE]"
    ),
    Option(("-o", "--output"), "write to FILE", VALUE, "FILE", is_peeps_own=True, has_variable=False),
)

VERB = Verb(
    name="audit",
    usage=(
        "audit [OPTIONS] [-r FILE...]",
        "audit --fix [--in-place] -r FILE...",
        "audit --suppress ID NAME --reason TEXT --expires DATE [-r FILE...]",
    ),
    description=(
        "Compares what files list, or without -r what is installed, with a snapshot of OSV's advisories: malware by "
        "the digests of the archives first, everything else by name and version. No service learns what you use; the "
        "configured indexes, which see these names at every install, are asked what they say of the files now. "
        "Nothing is installed or executed.\n\n"
        "The exit status is 0 when nothing fails, 1 when a finding fails, 4 when nothing fails but not everything "
        "could be judged: advisories that are stale, missing or broken, files that can't be read. Policy and "
        "suppressions stand beside the first file: docs/audit.md."
    ),
    examples=(
        ("peep audit -r requirements.txt", "what is pinned there"),
        ("peep audit --python .venv --offline", "what is installed, by the advisories that were fetched last"),
        ("peep audit -r pylock.toml --format sarif -o audit.sarif", "for a code scanning service"),
        ("peep audit -r requirements.txt --baseline main.json --format github", "what a pull request adds"),
        ("peep audit --bundle vendor.tar", "what a bundle carries, without a network"),
        ("peep audit -r requirements.txt --fix", "a diff that cures it"),
    ),
    sections=(
        Section("What", (*SUBJECTS, *INTERPRETER)),
        Section("By which advisories", ADVISORIES),
        Section("What fails", JUDGEMENT),
        Section("Suppressing a finding", SUPPRESS),
        Section("Fixing", FIX),
        Section("Output", OUTPUT),
        Section("Indexes", INDEXES),
        Section("Network", NETWORK),
        Section("Store", STORE),
        Section("General", GENERAL),
    ),
)


def run(parsed: ParsedArguments) -> int:
    """Audit what was asked; give back the exit status. Raises `PeepError`."""
    from peep.cli.output.audit_formats import outputs_of, rendered, write_files  # noqa: PLC0415 - help does without
    from peep.workflows.audit import audit  # noqa: PLC0415 - as above

    outputs = outputs_of(parsed.values("format"), parsed.value("output"))
    options = audit_options(parsed)
    is_data = outputs[0].format != "text"
    with Console(replace(options.run.output, format="json" if is_data else "text")) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        context = RunContext.of_process(console)
        report = _fixed(parsed, options, context) if parsed.has("fix") else audit(options, context)
        if parsed.has("suppress"):
            return _suppress(parsed, options, report, console)
        write_files(report, outputs, os.environ)
        if outputs[0].path is None:
            lines = rendered(report, outputs[0].format, is_verbose=options.run.output.verbose > 0)
            while batch := list(islice(lines, _AT_ONCE)):
                console.result("\n".join(batch))
    return report.exit_status


def _fixed(parsed: ParsedArguments, options: AuditOptions, context: RunContext) -> AuditReport:
    from peep.cli.options.audit_fix_options import fix_options  # noqa: PLC0415 - all of locking, for runs that fix
    from peep.workflows.audit_fix import audit_and_fix  # noqa: PLC0415 - as above

    if parsed.has("suppress"):
        raise UsageError("--fix and --suppress can't be had in one run", "fix first, then suppress what is left")
    return audit_and_fix(options, fix_options(parsed, options), context)


def audit_options(parsed: ParsedArguments) -> AuditOptions:
    """The options of an audit; raises `UsageError`."""
    from peep.pipeline.audits.rules import AuditOptions  # noqa: PLC0415 - as above

    if parsed.words and not parsed.has("suppress"):
        raise UsageError(
            f"peep audit takes no such argument: {parsed.words[0]}", f"did you mean: peep audit -r {parsed.words[0]}"
        )
    if parsed.has("in-place") and not parsed.has("fix"):
        raise UsageError("--in-place is for --fix, which is not given")
    if parsed.has("watch") and (parsed.has("offline") or parsed.has("no-index-facts")):
        raise UsageError("--watch asks the indexes, and they are not to be asked", "leave one of them out")
    files, constraints = parsed.values("requirement"), parsed.values("constraint")
    sources = SourceOptions(requirement_files=files, constraint_files=constraints)
    if not all((*files, *constraints)):
        raise UsageError("an empty text names no requirements file", "is a variable of your shell unset?")
    if constraints and not (files or parsed.has("files-from")):
        raise UsageError("-c narrows what -r lists, and there is no -r", "audit a constraints file by -r")
    run = install_options(parsed, verb=VERB.name, sources=sources)
    return AuditOptions(
        run,
        files_from=parsed.value("files-from"),
        advisories=parsed.values("advisories"),
        is_offline=parsed.has("offline"),
        asks_indexes=not parsed.has("no-index-facts"),
        watches_publishers=parsed.has("watch"),
        max_age=parsed.value("max-age"),
        fail_on=parsed.value("fail-on"),
        is_strict=parsed.has("strict"),
        only_here=parsed.has("here"),
        policy=parsed.value("policy"),
        suppressions=parsed.value("suppressions"),
        baseline=parsed.value("baseline"),
        vex_in=parsed.values("vex-in"),
        kev=parsed.value("kev"),
        epss=parsed.value("epss"),
        at=moment(parsed.value("at")),
    )


def moment(text: str | None) -> datetime | None:
    """The value of `--at`; raises `UsageError`."""
    from peep.formats.ages import utc_time  # noqa: PLC0415 - as above

    if text is None:
        return None
    found = utc_time(text)
    if found is None:
        raise UsageError(f"--at: {text!r} is no time", "write it as 2026-11-26T07:00:00Z")
    return found


def _suppress(parsed: ParsedArguments, options: AuditOptions, report: AuditReport, console: Console) -> int:
    from peep.pipeline.audits.rules import read_rules  # noqa: PLC0415
    from peep.pipeline.audits.settings import suppressions_path  # noqa: PLC0415 - as above
    from peep.pipeline.audits.suppress import SuppressRequest, suppress_finding  # noqa: PLC0415
    from peep.pipeline.settings_place import settings_folder  # noqa: PLC0415

    refuse_secrets(parsed, "reason", "by", "justification")
    if len(parsed.words) != 1:
        raise UsageError("--suppress wants one project", "peep audit --suppress ID NAME --reason TEXT --expires DATE")
    if parsed.has("files-from"):
        raise UsageError("--suppress writes beside one file, and --files-from names many", "name that file by -r")
    for name in ("reason", "expires"):
        if not (parsed.value(name) or "").strip():
            raise UsageError(f"--suppress wants --{name}", "say why, and until when")
    files = options.run.sources.requirement_files
    request = SuppressRequest(
        id=parsed.value("suppress") or "",
        project=parsed.words[0],
        reason=parsed.value("reason") or "",
        expires=_day(parsed.value("expires") or ""),
        status=parsed.value("status") or ("not_affected" if parsed.has("justification") else "affected"),
        path=suppressions_path(settings_folder(files), options.suppressions),
        justification=parsed.value("justification"),
        by=parsed.value("by"),
    )
    for entry in suppress_finding(request, report, read_rules(options, files).policy):
        console.note(f"{request.path}: {entry.id} of {entry.project} is suppressed until {entry.expires.isoformat()}")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--expires: {text!r} is no day", "write it as 2027-02-26") from None
