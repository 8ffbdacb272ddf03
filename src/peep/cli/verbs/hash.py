"""Verb `peep hash`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from peep.cli.options.install_options import network_options, output_options
from peep.cli.options.option import Option, OptionKind
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL, NETWORK, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.errors import UsageError
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import STRONG_ALGORITHMS, HashForm
from peep.pipeline.open_transport import open_transport
from peep.pipeline.options import NetworkOptions

if TYPE_CHECKING:
    from peep.workflows.hash import HashedSource, HashFailure

VERB = Verb(
    name="hash",
    usage=("hash [OPTIONS] FILE|FOLDER|URL...",),
    description=(
        "Prints one line for each file, in the order given: the form that stands above a requirement, or pip's. "
        "For a folder, every archive in it, with its name above. What can't be read is told on standard error; "
        "the rest is printed all the same, and the exit status is 1.\n\n"
        "Hash what you have examined, not what you are about to."
    ),
    examples=(
        ("peep hash mock-0.8.0.tar.gz", "a line to put above mock==0.8.0"),
        ("peep hash --format pip dist/*.whl", "--hash=sha256:... for the end of a requirement's line"),
        ("peep hash --format json wheels/", "all archives of a folder, for a program"),
    ),
    sections=(
        Section(
            "Options",
            (
                *format_option("comment", "pip", "json"),
                Option(("-a", "--algorithm"), "which hash", OptionKind.VALUE, "NAME", STRONG_ALGORITHMS),
            ),
        ),
        Section("Network", NETWORK),
        Section("General", GENERAL),
    ),
    wants="file",
)


def run(parsed: ParsedArguments) -> int:
    """Print what was asked; 1 when something could not be read. Raises `UsageError`."""
    output = output_options(parsed, "comment")
    algorithm = parsed.value("algorithm") or "sha256"
    if output.format == "comment" and algorithm != "sha256":
        raise UsageError(f"a hash comment can only hold sha256, not {algorithm}", "add --format pip")
    opener = _opener(network_options(parsed), parsed.values("trusted-host"))
    from peep.workflows.hash import HashedSource, HashFailure, hash_sources  # noqa: PLC0415 - help describes this verb without it

    with Console(output) as console:
        results = []
        for result in hash_sources(parsed.words, opener, algorithm):
            results.append(result)
            _show(result, output.format, console)
        if output.format == "json":
            console.result(json.dumps([_fields(one) for one in results if isinstance(one, HashedSource)], indent=2))
    return 1 if any(isinstance(result, HashFailure) for result in results) else 0


def _opener(network: NetworkOptions, trusted_hosts: tuple[str, ...]) -> Callable[[], Transport]:
    return lambda: open_transport(network, os.environ, trusted_hosts=trusted_hosts)


def _show(result: HashedSource | HashFailure, style: str, console: Console) -> None:
    from peep.requirements.hashes import hash_line  # noqa: PLC0415 - likewise
    from peep.workflows.hash import HashFailure  # noqa: PLC0415 - likewise

    if isinstance(result, HashFailure):
        name = redacted(result.source.text)
        console.error(result.reason if result.reason.startswith(name) else f"{name}: {result.reason}")
        return
    if style == "json":
        return
    if result.source.is_in_folder:
        console.result(f"# {os.path.basename(result.source.text)}")
    console.result(hash_line(result.digest, HashForm.COMMENT if style == "comment" else HashForm.OPTION))


def _fields(result: HashedSource) -> dict[str, object]:
    from peep.workflows.hash import is_url  # noqa: PLC0415 - likewise

    kind = "url" if is_url(result.source.text) else "path"
    return {
        kind: redacted(result.source.text),
        "size": result.size,
        "hashes": {result.digest.algorithm: result.digest.hex},
    }
