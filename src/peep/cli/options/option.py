"""Command-line option as data: parser, `--help`, completion and variables are made from it."""

from __future__ import annotations

from enum import Enum

from peep.dataclass import dataclass


class OptionKind(Enum):
    """What an option takes and what giving it twice means."""

    FLAG = "flag"
    COUNT = "count"
    VALUE = "value"
    """One value; the last one given wins."""
    LIST = "list"
    """One value each time; all of them count. In a variable they are separated by white space, as in pip."""


class OptionSupport(Enum):
    """What peep does with an option that pip knows."""

    HONOURED = "honoured"
    IMPLIED = "implied"
    """peep always does that, or it can't make a difference to pinned and hashed requirements: accepted, no effect."""
    OBSOLETE = "obsolete"
    """pip once had it, old scripts still give it: skipped, with a warning that names it."""
    REFUSED = "refused"
    """peep can't honour it: an error that names it."""


@dataclass(frozen=True, slots=True)
class Option:
    """`names`: short and long spellings, the first long one is the option's name everywhere else."""

    names: tuple[str, ...]
    help: str = ""
    """What it does; for options that are not honoured: why not."""
    kind: OptionKind = OptionKind.FLAG
    metavar: str = ""
    choices: tuple[str, ...] = ()
    standing: OptionSupport = OptionSupport.HONOURED
    is_inverted: bool = False
    """In a variable, *false* switches it on: pip's rule for those `--no-…` options that it stores as false."""
    is_peeps_own: bool = False
    """Its variable begins with `PEEP_`, not with `PIP_`."""

    has_variable: bool = True
    """False where something else reads the variable of that name."""

    @property
    def name(self) -> str:
        """The first long spelling without its dashes."""
        return next(name for name in self.names if name.startswith("--")).removeprefix("--")

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that give it, one for each long spelling."""
        if not self.has_variable:
            return ()
        prefix = "PEEP_" if self.is_peeps_own else "PIP_"
        long_names = [name.removeprefix("--") for name in self.names if name.startswith("--")]
        return tuple(prefix + name.upper().replace("-", "_") for name in long_names)

    @property
    def takes_value(self) -> bool:
        return self.kind in {OptionKind.VALUE, OptionKind.LIST}
