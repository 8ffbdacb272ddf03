"""Dependency check among listed projects: all unmet requirements at once.

Specifications: core metadata (`Requires-Dist`), dependency specifiers (PEP 508), version specifiers (PEP 440).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from peep.dataclass import NamedTuple
from peep.errors import ConflictingDependency, OmittedDependency
from peep.formats.dependency_specifiers import read_marker, read_requirement, read_specifiers, read_version
from peep.formats.names import normalised
from peep.formats.open_markers import Truth, judge
from peep.model import PinnedRequirement

_PLAIN = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?\s*"
    r"(?P<bracket>\()?\s*(?P<specifier>[^;()@\[\]]*?)\s*(?(bracket)\))\s*(?:;\s*(?P<marker>.*))?",
    re.DOTALL,
)
"""Everything but URLs; what does not match goes to the full parser."""


class RequiringProject(NamedTuple):
    """A project of the run, to be installed or to stay, and what its metadata requires."""

    name: str
    """Normalised."""
    version: str
    requires_dist: Sequence[str]


class _Requirement(NamedTuple):
    name: str
    extras: tuple[str, ...]
    specifier: str
    marker: str


def check_dependencies(
    projects: Iterable[RequiringProject], pins: Sequence[PinnedRequirement], markers: Mapping[str, str]
) -> tuple[OmittedDependency | ConflictingDependency, ...]:
    """Find every requirement of `projects` that no project of the run meets, for the target's `markers`.

    `pins` give the extras that were asked for; extras that requirements ask for count as well. A `Requires-Dist` that
    can't be parsed is checked by its name alone, as far as it has one.
    """
    graph = _Graph({project.name: project for project in projects}, dict(markers))
    for name in sorted(graph.projects):
        graph.want(name, "")
    for pin in pins:
        for extra in pin.extras:
            graph.want(pin.name, extra)
    graph.follow()
    return graph.faults()


def protected_projects(requirements_of: Callable[[str], Sequence[str]], markers: Mapping[str, str]) -> frozenset[str]:
    """peep, pip and all they need, by name: what `sync` must leave so that the next run still starts.

    `requirements_of` gives the `Requires-Dist` lines of an installed project, none for one that is not installed.
    """
    waiting = ["peep", "pip"]
    found = set(waiting)
    environment = {**markers, "extra": ""}
    while waiting:
        for text in requirements_of(waiting.pop()):
            requirement = _parsed(text)
            if requirement and requirement.name not in found and _applies(requirement.marker, environment):
                found.add(requirement.name)
                waiting.append(requirement.name)
    return frozenset(found)


class _Graph:
    """The requirements among the projects of a run, followed from extra to extra."""

    def __init__(self, projects: Mapping[str, RequiringProject], markers: dict[str, str]) -> None:
        self.projects = projects
        self._markers = markers
        self._wanted: set[tuple[str, str]] = set()
        self._waiting: deque[tuple[str, str]] = deque()
        self._edges: dict[str, list[str]] = {name: [] for name in projects}
        self._omitted: dict[tuple[str, str, str], None] = {}
        self._conflicts: dict[tuple[str, str], ConflictingDependency] = {}
        self._verdicts: dict[tuple[str, str], bool] = {}

    def want(self, name: str, extra: str) -> None:
        if (name, extra) not in self._wanted and name in self.projects:
            self._wanted.add((name, extra))
            self._waiting.append((name, extra))

    def follow(self) -> None:
        while self._waiting:
            name, extra = self._waiting.popleft()
            for text in self.projects[name].requires_dist:
                if requirement := self._active(text, extra):
                    self._add(name, text, requirement)

    def _active(self, text: str, extra: str) -> _Requirement | None:
        """The requirement, if it counts with that extra and did not count without."""
        names_extra = "extra" in text
        if (extra and not names_extra) or (not extra and names_extra and _is_for_an_extra_only(text)):
            return None
        requirement = _parsed(text)
        if requirement is None or not self._holds(requirement.marker, extra):
            return None
        return requirement

    def _holds(self, marker: str, extra: str) -> bool:
        known = self._verdicts.get((marker, extra))
        if known is None:
            known = self._verdicts[marker, extra] = _applies(marker, {**self._markers, "extra": extra})
        return known

    def _add(self, requirer: str, text: str, requirement: _Requirement) -> None:
        listed = self.projects.get(requirement.name)
        if listed is None:
            self._omitted[requirement.name, requirer, text] = None
            return
        if listed.name != requirer:
            self._edges[requirer].append(listed.name)
        for extra in requirement.extras:
            self.want(listed.name, extra)
        if not _admits(requirement.specifier, listed.version):
            conflict = ConflictingDependency(listed.name, text, listed.version, requirer)
            self._conflicts.setdefault((requirer, text), conflict)

    def faults(self) -> tuple[OmittedDependency | ConflictingDependency, ...]:
        chains = _chains(self._edges) if self._omitted else {}
        omitted = [
            OmittedDependency(name, text, (*chains[requirer], name)) for name, requirer, text in sorted(self._omitted)
        ]
        conflicts = sorted(self._conflicts.values(), key=lambda conflict: (conflict.name, conflict.required_by))
        return (*omitted, *conflicts)


def _chains(edges: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """For each project the shortest way to it from one that nothing requires (or, in a circle, from the first)."""
    required = {name for names in edges.values() for name in names}
    chains: dict[str, tuple[str, ...]] = {}
    groups: list[list[str]] = [sorted(set(edges) - required), *([name] for name in sorted(required))]
    for roots in groups:
        waiting: deque[tuple[str, tuple[str, ...]]] = deque((root, (root,)) for root in roots)
        while waiting:
            name, chain = waiting.popleft()
            if name not in chains:
                chains[name] = chain
                waiting.extend((next_name, (*chain, next_name)) for next_name in sorted(edges[name]))
    return chains


def _is_for_an_extra_only(text: str) -> bool:
    """`…; extra == "x"` and `… and extra == "x"` never hold without extras: no need to evaluate them."""
    marker = text.partition(";")[2]
    return "extra ==" in marker and " or " not in marker


@lru_cache(maxsize=4096)
def _parsed(text: str) -> _Requirement | None:
    match = _PLAIN.fullmatch(text)
    if match:
        extras = tuple(normalised(extra) for extra in _words(match["extras"] or ""))
        return _Requirement(normalised(match["name"]), extras, match["specifier"], match["marker"] or "")
    try:
        full = read_requirement(text)
    except InvalidRequirement:
        # Old metadata that no rule covers; its name is all that can be relied on.
        name = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", text)
        return _Requirement(normalised(name[1]), (), "", "") if name else None
    return _Requirement(normalised(full.name), tuple(map(normalised, full.extras)), "", str(full.marker or ""))


def _words(text: str) -> Iterator[str]:
    return (word.strip() for word in text.split(",") if word.strip())


def _applies(marker: str, environment: dict[str, str]) -> bool:
    if not marker:
        return True
    try:
        return judge(read_marker(marker), environment) is not Truth.FALSE
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName):
        return True


def _admits(specifier: str, version: str) -> bool:
    """Whether the version is one that the specifier takes; pre-releases that are pinned count as wanted."""
    if not specifier:
        return True
    try:
        return _specifiers(specifier).contains(_version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


@lru_cache(maxsize=4096)
def _specifiers(text: str) -> SpecifierSet:
    return read_specifiers(text)


@lru_cache(maxsize=4096)
def _version(text: str) -> Version:
    return read_version(text)
