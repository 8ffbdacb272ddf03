"""`peep add`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, INTERPRETER, NETWORK, PROGRESS, STORE, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.cli.verbs.lock import WHERE_FROM
from peep.errors import UsageError
from peep.pipeline.context import RunContext

if TYPE_CHECKING:
    from peep.workflows.add import AddResult

VERB = Verb(
    name="add",
    usage=("add [OPTIONS] NAME[==VERSION]... -r FILE", "add [OPTIONS] REQUIREMENT... [-r SOURCE]"),
    description=(
        "In a list with hashes, the project's block is replaced, or put at the end: the version that is named, else "
        "the newest allowed, with the hashes of all files of that release as the index states them. Nothing else of "
        "the file changes.\n\n"
        "In a requirements file without hashes, or pyproject.toml, the requirement is put at the end, or in the place "
        "of the same name, and the lock of that source is renewed. All is written or nothing. Without -r the source is "
        "requirements.in, else pyproject.toml with [project], in the working folder."
    ),
    examples=(
        ("peep add 'django==5.1' -r requirements.txt", "that version, with all its hashes"),
        ("peep add 'django>=5'", "into requirements.in, or pyproject.toml; requirements.txt follows"),
    ),
    sections=(
        Section(
            "Options",
            (
                Option(("-r", "--requirement"), "the list, or the source", OptionKind.LIST, "FILE"),
                Option(
                    ("--target",), "for that INTERPRETER-PLATFORM, or here", OptionKind.LIST, "ID", has_variable=False
                ),
                Option(
                    ("--min-age", "--exclude-newer", "--uploaded-prior-to"),
                    "choose and list nothing younger",
                    OptionKind.LIST,
                    "AGE",
                    has_variable=False,
                ),
                Option(("--pre",), "pre-releases count as others do"),
                Option(("--dry-run",), "write nothing; tell what would change"),
            ),
        ),
        Section("Where from", WHERE_FROM),
        Section("Interpreter", INTERPRETER),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*PROGRESS, *format_option("text", "json"), *GENERAL)),
    ),
    wants="requirement",
)


def run(parsed: ParsedArguments) -> int:
    """Add what was asked for. Raises `PeepError`; then nothing was written."""
    from peep.cli.options.lock_options import options_for_file, source_here  # noqa: PLC0415 - help must not cost this
    from peep.cli.options.source_options import options_for_source  # noqa: PLC0415 - as above
    from peep.workflows.add import AddOptions, add, is_source  # noqa: PLC0415 - as above

    files = parsed.values("requirement") or tuple(filter(None, [source_here()]))
    if len(files) != 1 or not parsed.words:
        raise UsageError("peep add wants one file to add to", f"usage: peep {VERB.usage[0]}")
    made_with = options_for_source if is_source(files[0]) else options_for_file
    options = AddOptions(made_with(parsed, VERB, files[0]), parsed.words, files[0], parsed.has("dry-run"))
    with Console(options.lock.base.output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        result = add(options, RunContext.of_process(console))
        _tell(result, console, is_json=options.lock.base.output.format == "json", is_dry_run=options.is_dry_run)
    return 0


def _tell(result: AddResult, console: Console, *, is_json: bool, is_dry_run: bool) -> None:
    from peep.cli.output.lock_output import result_data, tell_changes  # noqa: PLC0415 - as above

    if is_json:
        console.result(json.dumps(_data(result) if result.lock is None else result_data(result.lock), indent=2))
        return
    for warning in result.warnings:
        console.warning(warning)
    for one in result.added:
        console.note(f"{one.name}=={one.version}: {len(one.hashes)} {'hash' if len(one.hashes) == 1 else 'hashes'}")
    if result.lock is not None:
        tell_changes(result.lock, console)
    if result.is_written:
        also = f" and {result.lock.path}" if result.lock is not None and result.lock.is_written else ""
        console.note(f"wrote {result.path}{also}; nothing of it was examined")
    elif is_dry_run:
        console.note(f"{result.path} was not written")
    else:
        console.note(f"{result.path} is as it should be")


def _data(result: AddResult) -> dict[str, object]:
    pins = [
        {
            "name": one.name,
            "version": one.version,
            "marker": None,
            "extras": [],
            "index": None,
            "hashes": [str(digest) for digest in one.hashes],
        }
        for one in result.added
    ]
    empty: dict[str, object] = {name: [] for name in ("targets", "changes", "problems")}
    warnings = list(result.warnings)
    head = {"written": result.is_written, "path": result.path, "pins": pins, "build_constraints": None}
    return {**head, "warnings": warnings, **empty}
