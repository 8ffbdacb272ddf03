"""Verb `peep embed`."""

from __future__ import annotations

import hashlib

from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, INDEXES, NETWORK, PROGRESS, STORE, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.errors import UsageError
from peep.model import Digest, HashForm
from peep.pipeline.options import InstallOptions, SourceOptions
from peep.system.files import ToldAs, write_named

VERB = Verb(
    name="embed",
    usage=("embed [OPTIONS] [-o FILE]",),
    description=(
        "Writes peep and the libraries that it needs into one file, which runs on any CPython from 3.10 on without "
        "being installed. The libraries are fetched and verified against the hashes that peep carries; the same peep "
        "makes the same file, byte for byte, on any machine. Prints the hash of the file."
    ),
    examples=(
        ("peep embed -o tools/peep.pyz", "then commit it, and call it from the deployment script"),
        ("python3 tools/peep.pyz install -r requirements.txt", "needs nothing but a Python"),
        ("peep embed --check tools/peep.pyz", "exit status 1 when it is not what this peep would make"),
    ),
    sections=(
        Section(
            "Options",
            (
                Option(("-o", "--output"), "where to write it", OptionKind.VALUE, "FILE", is_peeps_own=True),
                Option(("--check",), "write nothing, compare FILE", OptionKind.VALUE, "FILE", is_peeps_own=True),
                *format_option("comment", "pip", "sum"),
            ),
        ),
        Section("Where from", INDEXES),
        Section("Store", STORE),
        Section("Network", NETWORK),
        Section("General", (*PROGRESS, *GENERAL)),
    ),
    instead="name the file: peep embed -o FILE",
)

DEFAULT_NAME = "peep.pyz"
MODE = 0o755


def run(parsed: ParsedArguments) -> int:
    """Make or check the file; gives back the exit status. Raises `PeepError`."""
    options = install_options(parsed, sources=SourceOptions())
    checked = parsed.value("check")
    with Console(options.output) as console:
        if checked is not None:
            _check_is_there(checked)
        content = _made(options, console)
        if checked is not None:
            return _compare(checked, content, console)
        path = parsed.value("output") or DEFAULT_NAME
        with ToldAs(UsageError, f"{path} can't be written"):
            write_named(path, content, MODE)
        console.result(_line(path, content, options.output.format))
    return 0


def _made(options: InstallOptions, console: Console) -> bytes:
    from peep.pipeline.context import RunContext  # noqa: PLC0415 - as above
    from peep.workflows.embed import embed  # noqa: PLC0415 - help describes this verb without running it

    return embed(options, RunContext.of_process(console))


def _check_is_there(path: str) -> None:
    """Raise `UsageError` before anything is fetched for a comparison that cannot be."""
    with ToldAs(UsageError, f"--check {path}"), open(path, "rb"):
        pass


def _compare(path: str, content: bytes, console: Console) -> int:
    with ToldAs(UsageError, f"--check {path}"), open(path, "rb") as file:
        is_same = file.read() == content
    console.result(f"{path} is {'' if is_same else 'not '}what this peep makes")
    return 0 if is_same else 1


def _line(path: str, content: bytes, style: str) -> str:
    from peep.requirements.hashes import hash_line  # noqa: PLC0415 - as above

    digest = Digest("sha256", hashlib.sha256(content).hexdigest())
    if style == "sum":
        return f"{digest.hex}  {path}"
    return hash_line(digest, HashForm.OPTION if style == "pip" else HashForm.COMMENT)
