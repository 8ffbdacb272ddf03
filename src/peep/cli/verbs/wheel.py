"""Verb `peep wheel -r`."""

from __future__ import annotations

from peep.cli.options.option import Option, OptionKind, OptionSupport
from peep.cli.options.parser import ParsedArguments
from peep.cli.verb import Verb
from peep.cli.verbs.download import fetch, sections

VERB = Verb(
    name="wheel",
    usage=("wheel [OPTIONS] -r FILE [-w FOLDER]",),
    description=(
        "Fetches every archive that the files list, verifies all of them, builds wheels from those that are sdists, "
        "and puts all wheels into a folder, telling the hash of each.\n\n"
        "Without -r and --trust-local, pip's own wheel runs; `pip wheel --help` explains that one."
    ),
    examples=(("peep wheel -r requirements.txt -w wheelhouse", "build once, install on many machines"),),
    sections=sections(
        Option(("-w", "--wheel-dir"), "put the wheels there", OptionKind.VALUE, "FOLDER"),
        Option(("--no-verify",), "built wheels are checked like all others", standing=OptionSupport.OBSOLETE),
    ),
)


def run(parsed: ParsedArguments) -> int:
    """Make the wheels; gives back the exit status. Raises `PeepError`."""
    from peep.workflows.wheel import wheel  # noqa: PLC0415 - help describes this verb without running it

    return fetch(VERB.name, parsed, wheel)
