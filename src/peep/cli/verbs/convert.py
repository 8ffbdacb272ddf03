"""`peep convert`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, INDEX_PLACES, NETWORK, PROGRESS, PROJECT_PARTS, STORE, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.dataclass import replace
from peep.errors import UsageError
from peep.formats.names import normalised
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions

if TYPE_CHECKING:
    from peep.locking.readers.locked import Loss
    from peep.workflows.convert import ConvertResult

_MOST_NAMES = 5
"""So many projects are named of which the same is told."""

VERB = Verb(
    name="convert",
    usage=("convert [OPTIONS] IN -o OUT",),
    description=(
        "Reads a requirements file, pylock.toml, Pipfile.lock, poetry.lock, pdm.lock or uv.lock, and writes a "
        "requirements file, pylock.toml or Pipfile.lock: the same versions, markers and hashes, chosen by nobody anew. "
        "What the new format cannot hold is told; where that would change what is installed, nothing is written "
        "unless --allow-loss says so.\n\n"
        "Only the default group counts, unless others are asked for. No index is asked unless a lock file needs URLs "
        "that the input does not have."
    ),
    examples=(
        ("peep convert poetry.lock -o requirements.txt", "for pip and peep"),
        ("peep convert --group dev uv.lock -o dev.txt", "with the group dev"),
    ),
    sections=(
        Section(
            "Options",
            (
                Option(("-o", "--output-file"), "write FILE; its name says the format", OptionKind.VALUE, "FILE"),
                *PROJECT_PARTS,
                Option(("--allow-loss",), "write it although something else may be installed", has_variable=False),
                Option(("--annotate-files",), "name the file of each hash in a comment", is_peeps_own=True),
            ),
        ),
        Section("Where from", INDEX_PLACES),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*PROGRESS, *format_option("text", "json"), *GENERAL)),
    ),
    wants="lock file",
)


def run(parsed: ParsedArguments) -> int:
    """Convert a file; 1 when something would be lost that changes what is installed. Raises `PeepError`."""
    from peep.cli.options.lock_options import refuse_standard_output  # noqa: PLC0415 - help must not cost this
    from peep.locking.readers.locked import Selection  # noqa: PLC0415 - as above
    from peep.workflows.convert import ConvertOptions, convert_lock  # noqa: PLC0415 - as above
    from peep.workflows.lock import opened_pages  # noqa: PLC0415 - as above

    output = parsed.value("output-file")
    if len(parsed.words) != 1 or not output:
        raise UsageError("peep convert wants one file to read and one to write", f"usage: peep {VERB.usage[0]}")
    refuse_standard_output(output)
    base = install_options(parsed, verb=VERB.name, sources=SourceOptions())
    base = replace(base, settings_beside=(parsed.words[0],))
    selection = Selection(
        tuple(map(normalised, parsed.values("extra"))),
        tuple(map(normalised, parsed.values("group"))),
        all_groups=parsed.has("all-groups"),
    )
    options = ConvertOptions(parsed.words[0], output, selection, parsed.has("allow-loss"), parsed.has("annotate-files"))
    with Console(base.output) as console:
        with opened_pages(base, RunContext.of_process(console)) as pages:
            result = convert_lock(options, pages)
        _tell(result, console, is_json=base.output.format == "json")
    return 0 if result.is_written else 1


def _tell(result: ConvertResult, console: Console, *, is_json: bool) -> None:
    if is_json:
        console.result(json.dumps(_data(result), indent=2))
        return
    for name in result.left_out:
        console.note(f"left out: {name}")
    for changes_install, what in _told(result.losses):
        if changes_install:
            console.warning(f"lost: {what}")
        else:
            console.note(f"not kept: {what}")
    if result.is_written:
        console.note(f"wrote {result.path}: {len(result.packages)} pins")
        return
    final = any(loss.is_final for loss in result.losses)
    hint = "" if final else "; --allow-loss writes it all the same"
    console.error(f"{result.path} was not written: something else would be installed{hint}")


def _told(losses: Iterable[Loss]) -> Iterator[tuple[bool, str]]:
    """Yield each loss once, with the projects that it is of, and whether it changes what is installed."""
    names: dict[tuple[bool, str], list[str]] = {}
    for loss in losses:
        names.setdefault((loss.changes_install, loss.what), []).append(loss.name)
    for (changes_install, what), found in names.items():
        shown = [*found[:_MOST_NAMES], *([f"{len(found) - _MOST_NAMES} more"] if found[_MOST_NAMES:] else [])]
        yield changes_install, f"{', '.join(shown)}: {what}" if any(found) else what


def _data(result: ConvertResult) -> dict[str, object]:
    losses = [{"name": loss.name, "what": loss.what, "changes_install": loss.changes_install} for loss in result.losses]
    problems = [
        {"kind": "loss", "name": loss.name, "reason": loss.what} for loss in result.refusals if not result.is_written
    ]
    return {
        "written": result.is_written,
        "path": result.path,
        "targets": [],
        "pins": [
            {
                "name": one.name,
                "version": one.version,
                "marker": one.marker or None,
                "extras": list(one.extras),
                "index": one.index or None,
                "hashes": [str(file.digest) for file in one.files],
            }
            for one in result.packages
        ],
        "changes": [],
        "losses": losses,
        "warnings": [],
        "problems": problems,
    }
