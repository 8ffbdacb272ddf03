"""`peep completion`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from peep.cli.catalogue import PIPS_VERBS, peeps_verbs
from peep.cli.completion import bash_script, fish_script, zsh_script
from peep.cli.option import Option
from peep.cli.option_tables import GENERAL
from peep.cli.parser import parse
from peep.cli.verb import Section, Verb
from peep.errors import UsageError
from peep.workflows.delegate import run_pip

VERB = Verb(
    name="completion",
    summary="print a script that completes peep's and pip's words in a shell",
    usage=("completion --bash|--zsh|--fish",),
    description="Prints a script for the shell that is named; pip's verbs are completed by pip itself.",
    examples=(
        ('eval "$(peep completion --bash)"', "in ~/.bashrc"),
        ('eval "$(peep completion --zsh)"', "in ~/.zshrc, after compinit"),
        ("peep completion --fish > ~/.config/fish/completions/peep.fish", "once"),
    ),
    sections=(
        Section(
            "Options",
            (
                Option(("-b", "--bash"), "for bash"),
                Option(("-z", "--zsh"), "for zsh"),
                Option(("-f", "--fish"), "for fish"),
            ),
        ),
        Section("General", GENERAL),
    ),
)

_SCRIPTS = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}


def run(verb: str, words: Sequence[str]) -> int:
    """Print the script; pip has one for PowerShell. Raises `UsageError`."""
    if "--powershell" in words or "-p" in words:
        return run_pip([verb, *words])
    parsed = parse(words, VERB.options, verb=verb, environ=os.environ)
    if parsed.has("help"):
        print(VERB.help())
        return 0
    shells = [name for name in _SCRIPTS if parsed.has(name)]
    if len(shells) != 1:
        raise UsageError("peep completion wants one shell", "usage: peep completion --bash|--zsh|--fish")
    sys.stdout.write(_SCRIPTS[shells[0]](peeps_verbs(), PIPS_VERBS))
    return 0
