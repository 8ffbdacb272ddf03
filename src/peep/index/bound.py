"""Indexes bound to projects: each alone is asked for its projects, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from peep.dataclass import dataclass
from peep.formats.names import normalised
from peep.index.answers import ProjectAnswers
from peep.index.client import PackageIndex
from peep.model import ProjectDetail


@dataclass(frozen=True, slots=True)
class BoundIndex:
    """An index of the settings that alone is asked for some projects, and for nothing else."""

    name: str
    patterns: tuple[str, ...]
    """Normalised names, or patterns such as `corp-*`."""
    index: PackageIndex

    def holds(self, project: str) -> bool:
        return any(fnmatchcase(project, pattern) for pattern in self.patterns)


def name_pattern(text: str) -> str:
    """Normalise a name or a pattern of names, whose stars stay."""
    return "*".join(normalised(part) for part in text.split("*"))


def index_of(project: str, bound: Sequence[BoundIndex]) -> BoundIndex | None:
    """Give back the index that a project, by its normalised name, is bound to; the first that holds it."""
    return next((one for one in bound if one.holds(project)), None)


class DividedIndexes:
    """`PackageIndex` of a run: bound projects from their index, all others from what pip is configured with."""

    def __init__(self, bound: Sequence[BoundIndex], open_others: Callable[[], PackageIndex]) -> None:
        """`open_others`: opened when the first unbound project is wanted; it may be called more than once."""
        self._bound = tuple(bound)
        self._open_others = open_others
        self._others: PackageIndex | None = None

    def project(self, name: str) -> tuple[ProjectDetail, ...]:
        return self._index(name).project(name)

    def answers(self, name: str) -> ProjectAnswers:
        return self._index(name).answers(name)

    def _index(self, name: str) -> PackageIndex:
        bound = index_of(normalised(name), self._bound)
        if bound is not None:
            return bound.index
        if self._others is None:
            self._others = self._open_others()
        return self._others
