"""Verb `peep port`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from peep.cli.options.install_options import network_options, output_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, NETWORK
from peep.cli.output.console import Console
from peep.cli.output.text import counted, escape_controls
from peep.cli.verb import Section, Verb
from peep.errors import RequirementsError, RequirementsErrors, UsageError
from peep.pipeline.context import read_standard_input

if TYPE_CHECKING:
    from peep.requirements.porting import PortedFile

VERB = Verb(
    name="port",
    usage=("port [OPTIONS] FILE...",),
    description=(
        "Prints the files, and those that they include, with the hashes of each requirement in the other form; "
        "comments, markers, options and order stay. The result works with pip install --require-hashes.\n\n"
        "A file with a malformed hash is told and left as it is, and not among what is printed; the exit status is "
        "then 1."
    ),
    examples=(
        ("peep port requirements.txt > pip-requirements.txt", "all in one file, for pip"),
        ("peep port --in-place requirements.txt", "rewrite it, and what it includes"),
        ("peep port --check requirements.txt", "exit status 1 when there is something left to port"),
        ("peep port --to comment --in-place requirements.txt", "back to comments"),
    ),
    sections=(
        Section(
            "Options",
            (
                Option(("--in-place",), "rewrite the files, each whole or not at all", is_peeps_own=True),
                Option(("--check",), "change nothing; 1 when there is something to port", is_peeps_own=True),
                Option(
                    ("--to",), "the form to port to", OptionKind.VALUE, "FORM", ("pip", "comment"), is_peeps_own=True
                ),
            ),
        ),
        Section("Network", NETWORK),
        Section("General", GENERAL),
    ),
    wants="requirements file",
)


def run(parsed: ParsedArguments) -> int:
    """Port what was named; gives back the exit status. Raises `PeepError`."""
    if parsed.has("in-place") and parsed.has("check"):
        raise UsageError("--in-place and --check exclude each other")
    return _port(parsed)


def _port(parsed: ParsedArguments) -> int:
    from peep.pipeline.open_transport import open_transport  # noqa: PLC0415 - as above
    from peep.pipeline.read_pins import Reading  # noqa: PLC0415 - as above
    from peep.requirements.porting import ported_files  # noqa: PLC0415 - help describes this verb without running it
    from peep.workflows.port import PORTERS, one_text  # noqa: PLC0415 - as above

    network, hosts = network_options(parsed), parsed.values("trusted-host")
    reading = Reading(lambda: open_transport(network, os.environ, trusted_hosts=hosts), read_standard_input)
    ported = ported_files(parsed.words, reading.read, os.environ, PORTERS[parsed.value("to") or "pip"])
    with Console(output_options(parsed)) as console:
        files, is_whole = _collected(ported, console)
        if parsed.has("check"):
            is_whole &= _checked(files, console)
        elif parsed.has("in-place"):
            _replaced(files, console)
        else:
            _write(one_text(files, parsed.words))
    return 0 if is_whole else 1


def _collected(ported: Iterator[PortedFile], console: Console) -> tuple[list[PortedFile], bool]:
    """Those that could be ported, and whether that is all; tells what is odd, and what is wrong with the others."""
    files: list[PortedFile] = []
    faults: list[RequirementsError] = []
    try:
        for file in ported:
            faults += file.errors
            for warning in file.warnings:
                console.warning(warning)
            if not file.errors:
                files.append(file)
    except RequirementsErrors as unread:
        faults += unread.errors
    for fault in faults:
        console.error(f"{fault}\nhint: {fault.hint}" if fault.hint else str(fault))
    return files, not faults


def _checked(files: Sequence[PortedFile], console: Console) -> bool:
    """Tell what is left to port; True when nothing is."""
    left = [file for file in files if file.is_changed]
    for file in left:
        console.result(f"{file.path}: {counted(len(file.ported), 'requirement')} to port")
    return not left


def _replaced(files: Sequence[PortedFile], console: Console) -> None:
    from peep.workflows.port import replace_file  # noqa: PLC0415 - as above

    for file in files:
        if file.is_changed:
            replace_file(file)
            console.note(f"{file.path}: {counted(len(file.ported), 'requirement')} ported")
        else:
            console.note(f"{file.path}: nothing to port")


def _write(text: str) -> None:
    """Print the text as it is, line ends included; on a terminal without what a terminal would obey."""
    if sys.stdout.isatty():
        print(escape_controls(text.replace("\r\n", "\n")), end="")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8"))
