"""Verbs `peep download -r` and `peep wheel -r`: verified like `install`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.sections import MEANS, WHERE_FROM
from peep.cli.options.tables import (
    CHECKS,
    DECLARED_TARGETS,
    FOREIGN_TARGET,
    GENERAL,
    INTERPRETER,
    NOT_HERE,
    PROGRESS,
    REMOVED_FROM_PIP,
    SOURCES,
    format_option,
)
from peep.cli.output.console import Console
from peep.cli.output.text import size_text
from peep.cli.verb import Section, Verb
from peep.dataclass import replace
from peep.errors import InstallRefused, UsageError
from peep.model import Digest
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions
from peep.requirements.hashes import hash_line

if TYPE_CHECKING:
    from peep.pipeline.save_archives import SavedFile


def sections(*own: Option) -> tuple[Section, ...]:
    """The options of a verb that fetches into a folder and changes no environment."""
    return (
        Section("What to fetch", (*SOURCES, *own, *CHECKS)),
        Section("Which files", (*INTERPRETER, *FOREIGN_TARGET)),
        WHERE_FROM,
        *MEANS,
        Section("General", (*PROGRESS, *format_option("text", "json"), *GENERAL, *NOT_HERE, *REMOVED_FROM_PIP)),
    )


VERB = Verb(
    name="download",
    usage=("download [OPTIONS] -r FILE [-d FOLDER]",),
    description=(
        "Fetches every archive that the files list, and when all of them match their hashes, keeps them byte for byte; "
        "else none. Nothing is downloaded that is not listed. A file that the folder already holds is kept when it is "
        "the very same, and an error when it is not.\n\n"
        "Without -r and --trust-local, pip's own download runs; `pip download --help` explains that one."
    ),
    examples=(
        ("peep download -r requirements.txt -d wheelhouse", "fill a folder for machines without network"),
        ("peep download --target cp312-win_amd64 --target here -r requirements.txt", "for two kinds of machines"),
    ),
    sections=sections(
        Option(
            ("-d", "--dest", "--destination-dir", "--destination-directory"),
            "put the archives there",
            OptionKind.VALUE,
            "FOLDER",
        ),
        *DECLARED_TARGETS,
    ),
)


_REFUSED = {"download": "No archive was saved.", "wheel": "No wheel was saved."}
"""What a refused run of each verb ends with."""


def run(parsed: ParsedArguments) -> int:
    """Fetch what was asked for; gives back the exit status. Raises `PeepError`."""
    from peep.workflows.download import download  # noqa: PLC0415 - help describes this verb without running it

    return fetch(VERB.name, parsed, download)


def _with_declared(options: InstallOptions, parsed: ParsedArguments) -> InstallOptions:
    """`--target` declares targets here. Raises `UsageError` where tags are given beside it."""
    targets, target = parsed.values("target"), options.target
    if targets and (target.platforms or target.abis or target.implementation or target.python_version):
        hint = "a target says all of them"
        raise UsageError("--target and --platform, --abi, --implementation, --python-version exclude each other", hint)
    return replace(options, target=replace(target, target=None), declared_targets=targets)


Workflow = Callable[[InstallOptions, RunContext], "tuple[SavedFile, ...]"]


def fetch(verb: str, parsed: ParsedArguments, workflow: Workflow) -> int:
    """Run the workflow of either verb, and tell what it has put into the folder."""
    options = install_options(parsed, verb=verb)
    if verb == VERB.name:
        options = _with_declared(options, parsed)
    with Console(options.output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        try:
            saved = workflow(options, RunContext.of_process(console))
        except InstallRefused as refused:
            from peep.cli.install_command import tell_refusal  # noqa: PLC0415 - runs that go well do without

            return tell_refusal(options, console, refused, _REFUSED[verb])
        _tell(saved, options, console, with_hashes=verb == "wheel")
    return 0


def _tell(saved: Sequence[SavedFile], options: InstallOptions, console: Console, *, with_hashes: bool) -> None:
    if options.output.format == "json":
        rows = [
            {
                "name": one.name,
                "filename": one.filename,
                "sha256": one.sha256,
                "size": one.size,
                "built": one.is_built,
                "was_there": one.was_there,
            }
            for one in saved
        ]
        console.result(json.dumps({"saved": rows, "problems": []}, indent=2))
        return
    for one in saved:
        verb = "kept" if one.was_there else "built" if one.is_built else "saved"
        console.row(f"{verb} {one.filename} ({size_text(one.size)})")
        if with_hashes:
            console.note(f"  {hash_line(Digest('sha256', one.sha256), one.hash_form)}")
