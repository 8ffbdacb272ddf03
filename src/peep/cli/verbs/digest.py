"""Verb `peep digest`."""

from __future__ import annotations

import json

from peep.cli.options.install_options import install_options
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.sections import OF_AN_ENVIRONMENT
from peep.cli.options.tables import GENERAL, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions

VERB = Verb(
    name="digest",
    usage=("digest [OPTIONS]",),
    description=(
        "The same archives on the same platform give the same digest, in whatever folder, on whatever day, in whatever "
        "order they were installed. `peep verify --digest` compares an environment with it: one line in a deployment "
        "script pins everything. docs/environment-digest.md says how to compute it without peep; --format lines prints "
        "what it is made of, as sha256sum does."
    ),
    examples=(
        ("peep digest --python .venv", "on the machine that was examined"),
        ("peep verify --python .venv --digest 5f0c…", "on all others"),
        (
            "peep digest --format lines --python a > a.txt",
            "a line for each file: the same for b, then diff a.txt b.txt",
        ),
    ),
    sections=(*OF_AN_ENVIRONMENT, Section("General", (*format_option("text", "lines", "json"), *GENERAL))),
    instead="name the environment by --python",
)


def run(parsed: ParsedArguments) -> int:
    """Print the digest. Raises `PeepError`."""
    options = install_options(parsed, sources=SourceOptions())
    style = options.output.format
    with Console(options.output, is_data=True) as console:
        from peep.workflows.digest import digest  # noqa: PLC0415 - help describes this verb without running it

        found = digest(options, RunContext.of_process(console))
        if style == "json":
            console.result(json.dumps({"digest": found.hex, "files": list(found.lines)}, indent=2))
        else:
            console.result("\n".join(found.lines) if style == "lines" else found.hex)
    return 0
