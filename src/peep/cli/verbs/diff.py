"""Verb `peep diff`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, INDEXES, INTERPRETER, NETWORK, PROGRESS, STORE, VETTING, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.dataclass import replace
from peep.errors import PeepError, UsageError
from peep.system.files import ToldAs

if TYPE_CHECKING:
    from peep.examine.summary import SummaryLine
    from peep.examine.types import Change
    from peep.workflows.diff import DiffResult

_MOMENT_NAMES = "startup, build, import, command, native, code, metadata, data, test, doc"

VERB = Verb(
    name="diff",
    usage=(
        "diff [OPTIONS] NAME OLD NEW",
        "diff [OPTIONS] NAME NEW --full",
        "diff [OPTIONS] OLD-FILE|FOLDER NEW-FILE|FOLDER",
        "diff [OPTIONS] NEW-FILE|FOLDER",
    ),
    description=(
        "Opens the wheel and the source archive of two releases, in a sandbox and without running a line of them, and "
        "says what is new: on top what it amounts to, then every changed file, those first that would run without "
        "being asked for. A folder holds the archives of one release. One release alone: everything in it is new.\n\n"
        "Absent lines mean that there is nothing to say. Signals are an aid: no rule firing does not mean that "
        "anybody looked. The exit status is 0 whatever is found, 1 when an archive cannot be had or opened."
    ),
    examples=(
        ("peep diff httpx 0.28.1 0.28.2", "from the index: wheel and source archive of both"),
        ("peep diff --html review.html httpx 0.28.1 0.28.2", "a page to read, and to mark as read"),
        ("peep diff old/ new/", "archives in two folders"),
        ("peep diff --stat --format json some-1.0.tar.gz", "one archive, for a program"),
    ),
    sections=(
        Section(
            "What to show",
            (
                Option(("--html",), "write the review page to FILE", OptionKind.VALUE, "FILE", is_peeps_own=True),
                Option(("--stat",), "the summary only", is_peeps_own=True),
                Option(
                    ("--when",),
                    f"only files of these moments: {_MOMENT_NAMES}",
                    OptionKind.LIST,
                    "MOMENTS",
                    is_peeps_own=True,
                ),
                Option(("--all",), "also files that were read before", is_peeps_own=True),
                Option(
                    ("--read",), "leave out what READING says was read", OptionKind.LIST, "READING", is_peeps_own=True
                ),
                *format_option("text", "json"),
            ),
        ),
        Section(
            "What to compare",
            (
                Option(("--full",), "everything in the release is new", is_peeps_own=True),
                Option(
                    ("--wheel",),
                    "compare the wheel of that tag or file name",
                    OptionKind.VALUE,
                    "TAG|FILE",
                    is_peeps_own=True,
                ),
                Option(
                    ("--commit",),
                    "compare with the trees of that commit, or of the one that an attestation names, too",
                    OptionKind.VALUE,
                    "URL@ID|attested",
                    is_peeps_own=True,
                ),
                VETTING,
                Option(("--no-sandbox",), "open the archives without a sandbox", is_peeps_own=True),
                *INTERPRETER,
            ),
        ),
        Section("Where from", INDEXES),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*PROGRESS, *GENERAL)),
    ),
    wants="archive, or a project's name and two versions",
)


def run(parsed: ParsedArguments) -> int:
    """Compare and show; 0 whatever is found. Raises `PeepError` where an archive cannot be had or opened."""
    from peep.pipeline.context import RunContext  # noqa: PLC0415 - as above
    from peep.pipeline.options import SourceOptions  # noqa: PLC0415 - as above
    from peep.pipeline.readings import read_files  # noqa: PLC0415 - help describes this verb without running it
    from peep.pipeline.vetting.reading_record import ReadingRecord, data_folder  # noqa: PLC0415 - as above
    from peep.workflows.diff import diff, parse_commit, request_of  # noqa: PLC0415 - as above

    options = install_options(parsed, verb=VERB.name, sources=SourceOptions())
    moments = _moments(parsed)
    request = request_of(
        parsed.words, full=parsed.has("full"), wheel=parsed.value("wheel"), use_sandbox=not parsed.has("no-sandbox")
    )
    request = replace(request, vetting=parsed.value("vetting"))
    if commit := parsed.value("commit"):
        is_attested = commit == "attested"
        named = None if is_attested else parse_commit(commit)
        request = replace(request, commit=named, wants_attested_commit=is_attested)
    given = read_files(parsed.values("read"))
    with Console(options.output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        result = diff(request, options, RunContext.of_process(console))
        read = ReadingRecord(data_folder(), console).read_so_far(result.comparison.changes, given)
        if not result.is_sandboxed:
            console.warning("the archives were opened without a sandbox (--no-sandbox)")
    changes = [
        change
        for change in result.comparison.changes
        if change.moment in moments and (parsed.has("all") or (change.path, change.sha256) not in read)
    ]
    if page := parsed.value("html"):
        _write_page(page, result, read)
    if options.output.format == "json":
        from peep.cli.output.diff_json import diff_as_json  # noqa: PLC0415 - as above

        print(json.dumps(diff_as_json(result, read), indent=2, ensure_ascii=True))
    else:
        _show(result, changes if not parsed.has("stat") and not page else [], read, is_coloured=options.output.color)
    return 0


def _moments(parsed: ParsedArguments) -> frozenset[str]:
    from peep.examine.types import MOMENTS  # noqa: PLC0415 - as above

    given = [moment for text in parsed.values("when") for moment in text.replace(",", " ").split()]
    for moment in given:
        if moment not in MOMENTS:
            raise UsageError(f"--when: {moment!r} is none of {', '.join(MOMENTS)}")
    return frozenset(given or MOMENTS)


def title_of(result: DiffResult) -> str:
    """`httpx 0.28.1 -> 0.28.2`, or `httpx 0.28.2` for a release alone."""
    versions = [release.version or "?" for release in (result.old, result.new) if release is not None]
    return f"{result.project} {' -> '.join(versions)}"


def _summary(result: DiffResult, read: frozenset[tuple[str, str]]) -> list[SummaryLine]:
    from peep.examine.summary import OnRecord, summary_lines  # noqa: PLC0415 - as above

    return summary_lines(
        result.comparison,
        result.new.archives,
        on_record=OnRecord(result.records.verdict.value, result.records.publishers),
        read=read,
        is_sandboxed=result.is_sandboxed,
        commit=result.commit,
    )


def _show(result: DiffResult, changes: list[Change], read: frozenset[tuple[str, str]], *, is_coloured: bool) -> None:
    from peep.cli.output.diff_text import Painter, changes_text, screen_text  # noqa: PLC0415 - as above
    from peep.cli.output.pager import show_paged  # noqa: PLC0415 - as above
    from peep.cli.output.text import can_move_cursor  # noqa: PLC0415 - as above

    is_terminal = can_move_cursor(sys.stdout)
    painter = Painter(is_coloured=is_coloured and is_terminal)
    lines = _summary(result, read)
    screen = screen_text(title_of(result), lines, painter)
    if not changes:
        print(screen)
        return
    show_paged([screen, *changes_text(result.comparison, changes, painter)], is_paged=is_terminal)


def _write_page(path: str, result: DiffResult, read: frozenset[tuple[str, str]]) -> None:
    from peep.examine.page import page_of  # noqa: PLC0415 - as above

    lines = _summary(result, read)
    content = page_of(title_of(result), lines, result.comparison, base=result.reading_base(), read=read)
    with ToldAs(PeepError, f"--html {path}"), open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(content)
