"""`peep lock`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from peep.cli.arguments import install_options
from peep.cli.console import Console
from peep.cli.option import Kind, Option
from peep.cli.option_tables import GENERAL, INTERPRETER, NETWORK, PROGRESS, STORE, format_option
from peep.cli.parser import ParsedArguments
from peep.cli.verb import Section, Verb
from peep.errors import UsageError
from peep.locking.lock_paths import lock_paths
from peep.locking.settings import LockSettings
from peep.workflows.options import SourceOptions
from peep.workflows.surroundings import Surroundings

if TYPE_CHECKING:
    from peep.workflows.lock import LockOptions, LockResult

WHAT = (
    Option(("-r", "--requirement"), "read FILE, as if it were named without -r", Kind.LIST, "FILE"),
    Option(("-c", "--constraint"), "limits on versions of what else is required", Kind.LIST, "FILE"),
    Option(("-o", "--output-file"), "write FILE: pylock.toml, or else a requirements file", Kind.VALUE, "FILE"),
    Option(("--target",), "lock for that INTERPRETER-PLATFORM, or here", Kind.LIST, "ID", has_variable=False),
    Option(("--extra",), "with that extra of the project", Kind.LIST, "NAME", has_variable=False),
    Option(("--group",), "with that dependency group", Kind.LIST, "NAME", has_variable=False),
)

WHICH = (
    Option(("-U", "--upgrade"), "forget all locked versions", has_variable=False),
    Option(("-P", "--upgrade-package"), "forget that one; ==VERSION names the next", Kind.LIST, "NAME[==VERSION]"),
    Option(
        ("--min-age", "--exclude-newer", "--uploaded-prior-to"),
        "choose and list nothing younger: 7d, 36h, P7D, a date, a time; NAME=AGE for one project",
        Kind.LIST,
        "AGE",
        has_variable=False,
    ),
    Option(("--pre",), "pre-releases count as others do"),
    Option(("--hashes",), "list all files, or those of the targets", Kind.VALUE, "WHICH", ("all", "targets")),
    Option(("--refresh-hashes",), "hashes of kept versions are today's", is_peeps_own=True),
    Option(("--annotate-files",), "name the file of each hash in a comment", is_peeps_own=True),
    Option(("--check",), "write nothing; 1 if a run would change the file", is_peeps_own=True),
    Option(("--dry-run",), "write nothing; tell what would change"),
)

WHERE_FROM = (
    Option(("-i", "--index-url", "--pypi-url"), "the package index", Kind.VALUE, "URL"),
    Option(("--extra-index-url",), "a further package index", Kind.LIST, "URL"),
    Option(("--no-index",), "ask no index, only --find-links"),
    Option(("-f", "--find-links"), "look for archives in a folder or on a page, too", Kind.LIST, "URL"),
    Option(("--no-binary",), "no wheels of these projects; :all:, :none:, or names with commas", Kind.LIST, "NAMES"),
    Option(("--only-binary",), "only wheels of these projects; :all:, :none:, or names", Kind.LIST, "NAMES"),
)

VERB = Verb(
    name="lock",
    summary="choose versions for every declared target and list them with all their hashes",
    usage=("lock [OPTIONS] [SOURCE...] [-o FILE]",),
    description=(
        "Reads what a project requires, chooses a version of everything for each declared target, and writes one file "
        "that holds exactly those, with the hashes of all their files. Versions that the file has already stay, unless "
        "they are to be upgraded. The text is read back as an installer would, for each target, before it is written."
        "\n\n"
        "Nothing of an archive is executed, and nothing is examined: hashes are those that the index states."
    ),
    examples=(
        ("peep lock", "requirements.in, or pyproject.toml, into requirements.txt"),
        ("peep lock --target cp312-manylinux_2_28_x86_64 --target cp312-win_amd64", "one file for both"),
        ("peep lock --upgrade-package django", "the newest django, and what that forces"),
        ("peep lock --check", "in CI: 1 where the file is not what lock would write"),
    ),
    sections=(
        Section("What to lock", WHAT),
        Section("Which versions", WHICH),
        Section("Where from", WHERE_FROM),
        Section("Interpreter", INTERPRETER),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*PROGRESS, *format_option("text", "json"), *GENERAL)),
    ),
)


def run(parsed: ParsedArguments) -> int:
    """Make the lock; 1 when `--check` finds a difference. Raises `PeepError`."""
    from peep.workflows.lock import lock  # noqa: PLC0415 - help must not cost this

    options = lock_options(parsed)
    with Console(options.base.output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        if options.paths.were_chosen:
            console.note(f"locking {' '.join(options.paths.files)} into {options.paths.output}")
        result = lock(options, Surroundings.of_process(console))
        tell(result, options, console)
    return 1 if options.is_check and result.is_different else 0


def lock_options(parsed: ParsedArguments) -> LockOptions:
    """Give back what was asked for. Raises `UsageError`."""
    from peep.workflows.lock import LockOptions  # noqa: PLC0415 - as above

    files = parsed.values("requirement")
    output = parsed.value("output-file") or ""
    paths = lock_paths(parsed.words, files, output, os.path.exists, has_project=False)
    ages = parsed.values("min-age")
    settings = LockSettings(
        targets=parsed.values("target"),
        min_age=next((age for age in reversed(ages) if "=" not in age), ""),
        min_age_for=dict(age.split("=", 1) for age in ages if "=" in age),
        hashes=parsed.value("hashes") or "all",
        extras=parsed.values("extra"),
        groups=parsed.values("group"),
        constraints=parsed.values("constraint"),
        only_binary=parsed.values("only-binary"),
        no_binary=parsed.values("no-binary"),
        annotate_files=parsed.has("annotate-files"),
    )
    return LockOptions(
        install_options(parsed, verb=VERB.name, sources=SourceOptions()),
        paths,
        settings,
        upgrade=parsed.has("upgrade"),
        upgraded=tuple(_upgraded(text) for text in parsed.values("upgrade-package")),
        refresh_hashes=parsed.has("refresh-hashes"),
        allows_pre_releases=parsed.has("pre"),
        is_check=parsed.has("check"),
        is_dry_run=parsed.has("dry-run"),
        arguments=header_options(settings),
    )


def header_options(settings: LockSettings) -> tuple[str, ...]:
    """Options that say what is locked, as the header of the file repeats them; none that has its default."""
    lists = {
        "constraint": settings.constraints,
        "extra": settings.extras,
        "group": settings.groups,
        "no-binary": settings.no_binary,
        "only-binary": settings.only_binary,
    }
    options = [f"--{name}={value}" for name, values in lists.items() for value in values]
    if settings.annotate_files:
        options.append("--annotate-files")
    if settings.hashes != "all":
        options.append(f"--hashes={settings.hashes}")
    return tuple(options)


def _upgraded(text: str) -> tuple[str, str]:
    name, _, version = text.partition("==")
    if not name.strip():
        raise UsageError(f"--upgrade-package: {text!r} names no project", "write NAME, or NAME==VERSION")
    return name.strip(), version.strip()


def tell(result: LockResult, options: LockOptions, console: Console) -> None:
    """Print what became of the lock."""
    for warning in result.warnings:
        console.warning(warning)
    if options.base.output.format == "json":
        console.result(json.dumps(result_data(result), indent=2))
        return
    for change in result.changes:
        before, after = ", ".join(change.before), ", ".join(change.after)
        if change.before == change.after:
            counts = f"{len(change.hashes_added)} hashes more, {len(change.hashes_removed)} fewer"
            console.note(f"{change.name} {after}: {counts}")
        else:
            forced = f" ({'; '.join(change.forced_by)})" if change.forced_by else ""
            console.note(f"{change.name}: {before or 'new'} -> {after or 'gone'}{forced}")
    names = {pin.merged.name for pin in result.pins}
    title = f"{len(names)} projects for {len(result.targets)} targets"
    if result.is_written:
        console.note(f"wrote {result.path}: {title}; nothing of them was examined")
    elif result.is_different:
        console.note(f"{result.path} would change: {title}")
    else:
        console.note(f"{result.path} is as it should be: {title}")


def result_data(result: LockResult) -> dict[str, object]:
    """Give back a result as docs/json-output.md promises it."""
    return {
        "written": result.is_written,
        "path": result.path,
        "targets": list(result.targets),
        "pins": [
            {
                "name": pin.merged.name,
                "version": str(pin.merged.version),
                "marker": pin.merged.marker or None,
                "extras": list(pin.merged.extras),
                "index": pin.merged.solved[0][1].candidate.files[0][1].file.index,
                "hashes": [str(digest) for digest in pin.listed.hashes],
            }
            for pin in result.pins
        ],
        "changes": [
            {
                "name": change.name,
                "before": list(change.before),
                "after": list(change.after),
                "marker": change.marker or None,
                "forced_by": list(change.forced_by),
                "hashes_added": [str(digest) for digest in change.hashes_added],
                "hashes_removed": [str(digest) for digest in change.hashes_removed],
            }
            for change in result.changes
        ],
        "warnings": list(result.warnings),
        "problems": [],
    }
