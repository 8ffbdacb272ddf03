"""`peep download -r` and `peep wheel -r`: verified like `install`; pip sees no hash in a comment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module

from peep.cli.arguments import install_options
from peep.cli.console import Console
from peep.cli.option import Kind, Option
from peep.cli.option_tables import (
    BUILD,
    FOREIGN_TARGET,
    GENERAL,
    INDEXES,
    INTERPRETER,
    NETWORK,
    PROGRESS,
    REMOVED_FROM_PIP,
    SOURCES,
    STORE,
    format_option,
)
from peep.cli.parser import parse
from peep.cli.verb import Section, Verb

_NO_CHECK = Option(
    ("--no-check-dependencies",), "do not insist that what the projects require is listed", is_peeps_own=True
)


def sections(destination: Option) -> tuple[Section, ...]:
    """The options of a verb that fetches into a folder and changes no environment."""
    return (
        Section("What to fetch", (*SOURCES, destination, _NO_CHECK)),
        Section("Which files", (*INTERPRETER, *FOREIGN_TARGET)),
        Section("Where from", INDEXES),
        Section("Building", BUILD),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*PROGRESS, *format_option("text", "json"), *GENERAL, *REMOVED_FROM_PIP)),
    )


VERB = Verb(
    name="download",
    summary="verify what requirements files list, and keep the archives",
    usage=("download [OPTIONS] -r FILE [-d FOLDER]",),
    description=(
        "Fetches every archive that the files list and keeps those whose hashes match, all or none. Without -r, pip's "
        "own download runs."
    ),
    examples=(("peep download -r requirements.txt -d wheelhouse", "fill a folder for machines without network"),),
    sections=sections(Option(("-d", "--dest", "--destination-dir"), "put the archives there", Kind.VALUE, "FOLDER")),
)


def run(verb: str, words: Sequence[str]) -> int:
    """Fetch what was asked for; gives back the exit status. Raises `PeepError`."""
    return fetch(VERB, verb, words)


def fetch(description: Verb, verb: str, words: Sequence[str]) -> int:
    """Run either verb: their workflows bear their names."""
    parsed = parse(words, description.options, verb=verb, environ=os.environ)
    if parsed.has("help"):
        print(description.help())
        return 0
    options = install_options(parsed, verb=verb)
    with Console(options.output) as console:
        for warning in parsed.warnings:
            console.warning(warning)
        workflow = getattr(import_module(f"peep.workflows.{verb}"), verb)
        status: int = workflow(options, os.environ, console)
    return status
