"""Verb of the command line, as data for parser, help and completion; and its execution."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

from peep.cli.options.option import Option, OptionKind, OptionSupport
from peep.cli.options.parser import ParsedArguments, parse
from peep.cli.output.text import TERMINAL_WIDTH, wrap
from peep.cli.signals import unwind_on_sigterm
from peep.cli.verb_places import SUMMARIES
from peep.dataclass import dataclass
from peep.errors import UsageError

_COLUMN = 30
"""Where the explanations of options begin."""


@dataclass(frozen=True, slots=True)
class Section:
    """Options of one subject."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    usage: tuple[str, ...]
    """Each way to call it, without the program's name."""
    description: str
    """Paragraphs, with an empty line between two."""
    examples: tuple[tuple[str, str], ...]
    """Pairs of a command line and what it is for."""
    sections: tuple[Section, ...]
    wants: str = ""
    """What its plain arguments are, such as `wheel`, where it wants at least one."""
    instead: str = ""
    """What to give in place of plain arguments, where it takes none."""

    @property
    def summary(self) -> str:
        """One line, lower case."""
        return SUMMARIES[self.name]

    @property
    def options(self) -> tuple[Option, ...]:
        return tuple(option for section in self.sections for option in section.options)

    def help(self) -> str:
        """The text of `--help`, at most 80 columns wide."""
        lines = [*_usage(self.usage), ""]
        for paragraph in self.description.split("\n\n"):
            lines += [wrap(paragraph, TERMINAL_WIDTH), ""]
        lines.append("Examples:")
        for command, purpose in self.examples:
            lines += [f"  {command}", wrap(purpose, TERMINAL_WIDTH, " " * 6)]
        for section in self.sections:
            lines += ["", f"{section.title}:"]
            lines += [line for option in section.options for line in _option_lines(option)]
        for title, standing in _WITHOUT_EFFECT.items():
            names = ", ".join(name for one in self.options if one.standing is standing for name in one.names)
            lines += ["", f"{title}:", wrap(names, TERMINAL_WIDTH, "  ")] if names else []
        return "\n".join(lines)


_WITHOUT_EFFECT = {
    "Options of pip that are taken, and change nothing here": OptionSupport.IMPLIED,
    "Options of pip that are passed over with a warning": OptionSupport.OBSOLETE,
    "Options of pip that are refused": OptionSupport.REFUSED,
}


class VerbModule(Protocol):
    """A module of `cli/verbs`."""

    @property
    def VERB(self) -> Verb: ...  # noqa: N802 - a constant of the module

    def run(self, parsed: ParsedArguments, /) -> int:
        """Do what was asked; give back the exit status. Raises `PeepError`."""


def run_verb(module: VerbModule, words: Sequence[str]) -> int:
    """Parse `words`, those after the verb, and run it, or print its help; give back the exit status.

    Raises `UsageError` for options and plain arguments that the verb does not take, and what the verb itself raises.
    """
    unwind_on_sigterm()
    verb = module.VERB
    parsed = parse(words, verb.options, verb=verb.name, environ=os.environ)
    if parsed.has("help"):
        print(verb.help())
        return 0
    if verb.wants and not parsed.words:
        raise UsageError(f"peep {verb.name} wants at least one {verb.wants}", f"usage: peep {verb.usage[0]}")
    if verb.instead and parsed.words:
        raise UsageError(f"peep {verb.name} takes no such argument: {parsed.words[0]}", verb.instead)
    try:
        return module.run(parsed)
    except Exception as error:
        if prints_json(verb, parsed):
            _tell_failure(error)
        raise


def prints_json(verb: Verb, parsed: ParsedArguments) -> bool:
    """Whether what the verb prints is to be JSON: as it was asked, or because its first choice is."""
    option = next((one for one in verb.options if "--format" in one.names), None)
    if option is None:
        return False
    given = parsed.values("format") or option.choices[:1]
    return "json" in given if option.kind is OptionKind.LIST else given[-1:] == ("json",)


def _tell_failure(error: Exception) -> None:
    from peep.cli.output.failures import failure_document  # noqa: PLC0415 - only a failing run pays for it

    if document := failure_document(error):
        print(document)


def _usage(calls: Sequence[str]) -> list[str]:
    heads = ["Usage:", *["   or:"] * (len(calls) - 1)]
    return [f"{head} peep {call}" for head, call in zip(heads, calls, strict=True)]


def _option_lines(option: Option) -> list[str]:
    if option.standing is not OptionSupport.HONOURED:
        return []
    value = f" {option.metavar}" if option.takes_value else ""
    if option.kind is OptionKind.OPTIONAL:
        value = f"[={option.metavar}]"
    spelled = "  " + ", ".join(option.names[:2]) + value
    explanation = option.help
    if option.choices:
        explanation += f": {', '.join(option.choices)}"
    text = wrap(explanation, TERMINAL_WIDTH, " " * _COLUMN)
    if len(spelled) < _COLUMN - 1:
        return (spelled.ljust(_COLUMN) + text[_COLUMN:]).split("\n")
    return [spelled, *text.split("\n")]
