"""Verb `peep freeze --hashes`; without `--hashes` it is pip's."""

from __future__ import annotations

from peep.cli.options.install_options import install_options
from peep.cli.options.option import Option
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.sections import OF_AN_ENVIRONMENT
from peep.cli.options.tables import GENERAL, format_option
from peep.cli.output.console import Console
from peep.cli.verb import Section, Verb
from peep.model import HashForm
from peep.pipeline.context import RunContext
from peep.pipeline.options import SourceOptions
from peep.requirements.hashes import hash_line

_TOOLS = frozenset({"distribute", "peep", "pip", "setuptools", "wheel"})

VERB = Verb(
    name="freeze",
    usage=("freeze --hashes [OPTIONS]",),
    description=(
        "Prints a requirement for every installed project, with the digests of the archive that it came from, in the "
        "form of comments or of pip's --hash. A project of which nobody knows the archive is told on standard error; "
        "the rest is printed all the same, and the exit status is 1. As with pip, the tools themselves are left out "
        "unless --all is given.\n\n"
        "Without --hashes, pip's own freeze runs; `pip freeze --help` explains that one."
    ),
    examples=(
        ("peep freeze --hashes --python .venv > requirements.txt", "what `peep install -r` makes again"),
        ("peep freeze --hashes --format pip", "for pip install --require-hashes"),
    ),
    sections=(
        Section(
            "Options",
            (
                Option(("--hashes",), "list the archives' digests", is_peeps_own=True),
                Option(("--all",), "list pip, setuptools, wheel and peep, too"),
                *format_option("comment", "pip"),
            ),
        ),
        *OF_AN_ENVIRONMENT,
        Section("General", GENERAL),
    ),
    instead="name the environment by --python",
)


def run(parsed: ParsedArguments) -> int:
    """Print the requirements; 1 when a project has no known archive. Raises `PeepError`."""
    options = install_options(parsed, sources=SourceOptions())
    form = HashForm.OPTION if parsed.value("format") == "pip" else HashForm.COMMENT
    status = 0
    with Console(options.output, is_data=True) as console:
        from peep.proof.inventory import requirement_lines, unlistable  # noqa: PLC0415 - help must not cost this
        from peep.workflows.inventory import inventory  # noqa: PLC0415 - as above

        for entry in inventory(options, RunContext.of_process(console)):
            if entry.name in _TOOLS and not parsed.has("all"):
                continue
            if reason := unlistable(entry, form):
                console.error(f"{entry.name} {entry.version}: {reason}")
                status = 1
            else:
                console.result("\n".join(requirement_lines(entry, form, hash_line)))
    return status
