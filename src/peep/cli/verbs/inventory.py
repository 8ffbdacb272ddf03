"""Verb `peep inventory`."""

from __future__ import annotations

import json
import os

from peep.cli.options.install_options import install_options
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.sections import OF_AN_ENVIRONMENT
from peep.cli.options.tables import GENERAL, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions

VERB = Verb(
    name="inventory",
    usage=("inventory [OPTIONS]",),
    description=(
        "Lists every installed project with the URL and the digests of its archive, and what needs what. CycloneDX 1.6 "
        "and SPDX 2.3 are written through the libraries kept for them, which come with peep's extra `inventory`. "
        "SOURCE_DATE_EPOCH, where set, is the time that they state; then the same environment gives the same bytes."
    ),
    examples=(
        ("peep inventory --format cyclonedx --python .venv > bom.json", "a bill of materials"),
        ("peep inventory --format json", "without further libraries"),
    ),
    sections=(*OF_AN_ENVIRONMENT, Section("General", (*format_option("json", "cyclonedx", "spdx"), *GENERAL))),
    instead="name the environment by --python",
)


def run(parsed: ParsedArguments) -> int:
    """Print the inventory. Raises `PeepError`."""
    options = install_options(parsed, sources=SourceOptions())
    style = parsed.value("format") or "json"
    with Console(options.output, is_data=True) as console:
        from peep.proof.inventory import entry_json  # noqa: PLC0415 - help describes this verb without running it
        from peep.workflows.inventory import bill_of_materials, inventory  # noqa: PLC0415 - as above

        entries = inventory(options, RunContext.of_process(console))
        if style == "json":
            console.result(json.dumps([entry_json(entry) for entry in entries], indent=2))
        else:
            console.result(bill_of_materials(entries, style, os.environ))
    return 0
