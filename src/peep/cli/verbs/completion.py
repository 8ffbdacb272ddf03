"""Verb `peep completion`."""

from __future__ import annotations

import sys
from collections.abc import Callable

from peep.cli.options.option import Option
from peep.cli.options.parser import ParsedArguments
from peep.cli.options.tables import GENERAL
from peep.cli.output.completion import bash_script, fish_script, zsh_script
from peep.cli.verb import Section, Verb
from peep.cli.verb_places import PIPS_VERBS
from peep.errors import UsageError

VERB = Verb(
    name="completion",
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
    instead="name the shell: peep completion --bash|--zsh|--fish",
)

_SCRIPTS = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}


class Completion:
    """The verb, which is told all others; it stands among them itself."""

    VERB = VERB

    def __init__(self, verbs: Callable[[], tuple[Verb, ...]]) -> None:
        self._verbs = verbs

    def run(self, parsed: ParsedArguments) -> int:
        """Print the script. Raises `UsageError`."""
        shells = [name for name in _SCRIPTS if parsed.has(name)]
        if len(shells) != 1:
            raise UsageError("peep completion wants one shell", "usage: peep completion --bash|--zsh|--fish")
        sys.stdout.write(_SCRIPTS[shells[0]](self._verbs(), PIPS_VERBS))
        return 0
