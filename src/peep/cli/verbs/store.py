"""Verb `peep store`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from peep.cli.options.install_options import install_options, number
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, STORE, format_option
from peep.cli.output.console import Console
from peep.cli.output.text import counted, size_text
from peep.cli.verb import Section, Verb
from peep.errors import UsageError
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions, StoreOptions

_DEFAULT_DAYS = 90.0
_ACTIONS = ("path", "size", "verify", "gc")

VERB = Verb(
    name="store",
    usage=tuple(f"store {action} [OPTIONS]" for action in _ACTIONS),
    description=(
        "`path` prints where the store is, `size` what it holds. `verify` hashes every file in it: wheels that are "
        "damaged are dropped, to be fetched again when they are needed, and the exit status is 1. `gc` removes wheels "
        "that nothing has asked for in 90 days and that share no file with an environment; it is safe beside installs."
    ),
    examples=(
        ("peep store size", "how much is there?"),
        ("peep store verify", "after a disk fault, or when something was edited"),
        ("peep store gc --unused-days 30", "keep what was used this month"),
    ),
    sections=(
        Section(
            "Options",
            (
                Option(("--unused-days",), "gc: for how long", OptionKind.VALUE, "DAYS", is_peeps_own=True),
                *format_option("text", "json"),
            ),
        ),
        Section("Store", STORE),
        Section("General", GENERAL),
    ),
)


Answer = tuple[int, list[str], object]
"""Exit status, lines for people, value for programs."""


def run(parsed: ParsedArguments) -> int:
    """Do what the first word says. Raises `PeepError`."""
    if len(parsed.words) != 1 or parsed.words[0] not in _ACTIONS:
        raise UsageError(f"peep store wants one of {', '.join(_ACTIONS)}", "see: peep store --help")
    options = install_options(parsed, sources=SourceOptions())
    stated = parsed.value("unused-days")
    days = _DEFAULT_DAYS if stated is None else number(stated, "--unused-days")
    with Console(options.output) as console:
        context = RunContext.of_process(console)
        status, lines, value = _ANSWERS[parsed.words[0]](options.store, context, days)
        console.result(json.dumps(value, indent=2) if options.output.format == "json" else "\n".join(lines))
    return status


def _path(options: StoreOptions, context: RunContext, _days: float) -> Answer:
    from peep.workflows.store_path import store_path  # noqa: PLC0415 - help describes this verb without it

    path = store_path(options, context)
    return 0, [path], {"path": path}


def _size(options: StoreOptions, context: RunContext, _days: float) -> Answer:
    from peep.workflows.store_size import store_size  # noqa: PLC0415 - help describes this verb without it

    found = store_size(options, context)
    line = f"{counted(found.wheels, 'wheel')}, {counted(found.files, 'file')}, {size_text(found.bytes)}"
    return 0, [line], {"wheels": found.wheels, "files": found.files, "bytes": found.bytes}


def _verify(options: StoreOptions, context: RunContext, _days: float) -> Answer:
    from peep.workflows.store_verify import verify_store  # noqa: PLC0415 - help describes this verb without it

    found = verify_store(options, context)
    lines = [
        f"{file.filename or file.sha256}: {file.path}: {file.reason}{'; dropped' if file.is_dropped else ''}"
        for file in found
    ]
    dropped = len({file.sha256 for file in found if file.is_dropped})
    kept = len({file.sha256 for file in found if not file.is_dropped})
    told = f"{counted(dropped, 'wheel')} dropped" if found else "every file is what was put there"
    told += f"; {counted(kept, 'wheel')} kept, for the store can't be written to" if kept else ""
    damaged = [
        {"sha256": file.sha256, "filename": file.filename, "path": file.path, "reason": file.reason} for file in found
    ]
    return (1 if found else 0), [*lines, told], {"damaged": damaged}


def _gc(options: StoreOptions, context: RunContext, days: float) -> Answer:
    from peep.workflows.store_gc import collect  # noqa: PLC0415 - help describes this verb without it

    found = collect(options, context, days)
    lines = [f"- {name}" for name in found.removed]
    told = f"removed {counted(len(found.removed), 'wheel')}, {size_text(found.freed)}; kept {found.kept}"
    return 0, [*lines, told], {"removed": list(found.removed), "freed": found.freed, "kept": found.kept}


_ANSWERS: Mapping[str, Callable[[StoreOptions, RunContext, float], Answer]] = {
    "path": _path,
    "size": _size,
    "verify": _verify,
    "gc": _gc,
}
