"""Division of the command line (argv) into options and plain arguments, as optparse does it.

The standard library's `optparse` takes them apart, as it does for pip: `-rFILE`, `-qr FILE`, `--requirement=FILE`,
unambiguous abbreviations, `--`, and a file named `-r` all mean what they mean there.
"""

from __future__ import annotations

import optparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from peep.cli.options.option import Option
from peep.dataclass import dataclass
from peep.errors import UsageError


@dataclass(frozen=True, slots=True)
class OptionUse:
    """One occurrence of an option: `value` is None for flags; `source` is the word or the variable it came by."""

    name: str
    value: str | None
    source: str


def split(words: Sequence[str], options: Sequence[Option], verb: str) -> tuple[list[OptionUse], list[str]]:
    """Give back the options and the plain arguments, each in order; a `--hash` is part of the argument before it.

    Raises `UsageError` for what is no option of `verb`, for a missing value and for one too many.
    """
    parser = _Parser(options, verb)
    plain = parser.parse_args(list(words))[1]
    return parser.given, plain


class _Parser(optparse.OptionParser):
    """`optparse` that remembers every occurrence in order, and raises `UsageError` where it would exit."""

    def __init__(self, options: Sequence[Option], verb: str) -> None:
        super().__init__(add_help_option=False)
        self.given: list[OptionUse] = []
        self._verb = verb
        self._long_names = [name for option in options for name in option.names if name.startswith("--")]
        for option in options:
            kind = "string" if option.takes_value else None
            self.add_option(*option.names, dest=option.name, action="callback", callback=self._remember, type=kind)
        if "--requirement" in self._long_names:
            self._long_names.append("--hash")
            self.add_option("--hash", action="callback", callback=self._attach, type="string")

    def error(self, msg: str) -> NoReturn:
        raise UsageError(msg, f"{self._likely(sys.exc_info()[1])}see: peep {self._verb} --help")

    def _likely(self, wrong: BaseException | None) -> str:
        """Ask what was meant, where `wrong` is what optparse raises for an option that it does not know."""
        if not isinstance(wrong, optparse.BadOptionError) or isinstance(wrong, optparse.AmbiguousOptionError):
            return ""
        from difflib import get_close_matches  # noqa: PLC0415 - for slips of the keyboard only

        near = get_close_matches(wrong.opt_str, self._long_names, n=1, cutoff=0.75)
        return f"did you mean {near[0]}? " if near else ""

    def _remember(self, option: optparse.Option, spelled: str, value: str | None, _: optparse.OptionParser) -> None:
        self.given.append(OptionUse(str(option.dest), value, spelled))

    def _attach(self, _option: optparse.Option, _spelled: str, value: str, parser: optparse.OptionParser) -> None:
        if not parser.largs:
            example = "flask==3.1.0 --hash=sha256:…"
            parser.error(f"--hash belongs after the requirement that it vouches for, as in: {example}")
        parser.largs[-1] += f" --hash={value}"
