"""Pinned set of a run: every pin, and the options and directives that its files state."""

from __future__ import annotations

from peep.dataclass import dataclass, field
from peep.errors import UnusableRequirement
from peep.model import FormatControl, IndexOptions, Location, PinnedRequirement
from peep.requirements.lock_requirers import StatedRequirer


@dataclass(frozen=True, slots=True)
class Directive:
    """One `# peep: --option value` of a file. A relative path in `value` is meant from the file's own folder."""

    option: str
    value: str
    location: Location


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A requirement whose marker does not hold for the target."""

    location: Location
    name: str
    """Of the project, as written; '' where the line does not tell it."""
    marker: str

    def __str__(self) -> str:
        return f"{self.location}: {self.name or 'a requirement'} does not apply here: {self.marker}"


@dataclass(frozen=True, slots=True)
class PinnedSet:
    """Every requirement that holds for the target, as pins and as lines that cannot be used; the options stated."""

    pins: tuple[PinnedRequirement, ...] = ()
    """By first appearance; one per project."""
    unusable: tuple[UnusableRequirement, ...] = ()
    index_options: IndexOptions = field(default_factory=IndexOptions)
    format_control: FormatControl = field(default_factory=FormatControl)
    directives: tuple[Directive, ...] = ()
    warnings: tuple[str, ...] = ()
    """Each begins with file and line."""
    skipped: tuple[SkippedLine, ...] = ()
    """What does not apply to the target, constraints not counted."""
    requirers: tuple[StatedRequirer, ...] = ()
    """What a lock file says that its packages require, where every entry is read."""

    def directive_values(self, option: str) -> tuple[str, ...]:
        """The values that the directives of one name give, in order."""
        return tuple(directive.value for directive in self.directives if directive.option == option)
