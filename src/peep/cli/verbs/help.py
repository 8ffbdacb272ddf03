"""Verb `peep help`: overview of peep's verbs and pip's, and the help of each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from peep import __version__
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL
from peep.cli.output.text import TERMINAL_WIDTH, wrap
from peep.cli.verb import Section, Verb, VerbModule
from peep.cli.verb_places import PIPS_VERBS, PLACES, SUMMARIES

VERB = Verb(
    name="help",
    usage=("help [VERB]",),
    description="Explains one verb of peep's or of pip's; without a verb, lists both.",
    examples=(
        ("peep help install", "what install takes, with examples"),
        ("peep help list", "pip's help for its list"),
    ),
    sections=(Section("General", GENERAL),),
)

EXTRAS = {
    "oci": "bundle push and pull, oci://",
    "object-store": "mirror publish to s3://, gs:// and az://",
    "inventory": "CycloneDX and SPDX of inventory, CycloneDX of audit",
    "binaries": "native files in diff",
    "severity": "CVSS scores in audit",
    "keyring": "credentials from it",
    "socks": "SOCKS proxies",
    "fast": "quicker unpacking",
}
"""What takes a library that few want, by the extra that brings it."""


class Help:
    """The verb, which is told how to find all others; it stands among them itself."""

    VERB = VERB

    def __init__(self, find: Callable[[str], VerbModule | None]) -> None:
        self._find = find

    def run(self, parsed: ParsedArguments) -> int:
        """Print the overview or the help of one verb; pip explains its own, and its exit status comes back."""
        topics = parsed.words
        if not topics:
            print(_overview())
            return 0
        if (module := self._find(topics[0])) is not None:
            print(module.VERB.help())
            return 0
        from peep.pipeline.delegation import run_pip  # noqa: PLC0415 - peep's own help does without pip

        sys.stdout.flush()
        return run_pip(["help", *topics])


def _overview() -> str:
    """The text of `peep help`."""
    width = max(map(len, SUMMARIES)) + 4
    return "\n".join(
        [
            f"peep {__version__}: prudently examine every package, then install exactly that",
            "",
            "Usage: peep VERB [OPTIONS]",
            "",
            *(line for title, verbs in PLACES for line in _place(title, verbs, width)),
            "download, wheel and check are peep's when they read requirements files (-r),",
            "freeze is with --hashes; otherwise they are pip's.",
            "",
            "Verbs that go to pip unchanged, whose exit status comes back:",
            wrap(", ".join(PIPS_VERBS) + ", and everything else", TERMINAL_WIDTH, "  "),
            "",
            "Options before the verb are pip's general options, such as --python PATH.",
            "",
            "Extras (in peep's source: pip install '.[NAME]'; the one-file edition has none):",
            *wrap(", ".join(f"{name} ({use})" for name, use in EXTRAS.items()), TERMINAL_WIDTH, "  ").split("\n"),
            "",
            "Exit status: 0 fine; 1 something is wrong, and nothing was changed;",
            "  2 the command line is wrong; 3 a bug in peep; 4 audit could not judge;",
            "  130 interrupted; 143 terminated; for verbs that go to pip, pip's own.",
            "",
            "peep help VERB explains one of them, with examples.",
        ]
    )


def _place(title: str, verbs: Mapping[str, str], width: int) -> list[str]:
    """The verbs of one place in the circle, under its title."""
    return [f"{title}:", *(f"  {verb.ljust(width - 2)}{summary}" for verb, summary in verbs.items()), ""]
