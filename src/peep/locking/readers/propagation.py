"""Markers of pins from markers of edges: where a package is needed, by all ways from the roots.

Markers are compared over a grid of environments that the markers themselves tell apart, so that what comes out is
short and says the same. Source of the semantics: PEP 508.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from peep.dataclass import dataclass
from peep.formats.dependency_specifiers import read_specifiers, read_version
from peep.locking.marker_atoms import MarkerJudge, UnreadableMarker, atoms_of, canonical_marker, clause_thresholds
from peep.locking.marker_cover import PricedAtom, cheapest_cover

_MINORS = tuple((3, minor) for minor in range(8, 16))
_PLATFORMS = (
    ("posix", "linux", "Linux", "x86_64"),
    ("posix", "linux", "Linux", "aarch64"),
    ("posix", "darwin", "Darwin", "x86_64"),
    ("posix", "darwin", "Darwin", "arm64"),
    ("nt", "win32", "Windows", "AMD64"),
    ("nt", "win32", "Windows", "ARM64"),
)
_IMPLEMENTATIONS = (("cpython", "CPython"), ("pypy", "PyPy"))
_OPEN = ("platform_release", "platform_version", "extra")
_MOST_ENVIRONMENTS = 2_000


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """A requirement of a package, or of the project itself."""

    name: str
    marker: str = ""
    """Canonical."""
    specifier: str = "*"
    """Versions that it allows, as the tool writes them; what PEP 440 doesn't know allows all."""
    version: str = ""
    """The exact version, where the file says it."""


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A package of the lock file."""

    name: str
    version: str
    edges: tuple[GraphEdge, ...] = ()
    marker: str = ""
    """Where it stands at all (`resolution-markers`)."""


def propagated(nodes: Mapping[str, GraphNode], roots: Iterable[GraphEdge], requires_python: str = "") -> dict[str, str]:
    """Give back for each package that is reached a canonical marker, by key; '' for everywhere."""
    roots = list(roots)
    texts = {edge.marker for node in nodes.values() for edge in node.edges} | {edge.marker for edge in roots}
    texts |= {node.marker for node in nodes.values()}
    grid = _Grid([text for text in sorted(texts) if text], requires_python)
    masks: dict[str, int] = {}
    stated: dict[str, set[str]] = {}
    waiting = [(key, grid.mask(edge.marker), edge) for edge in roots for key in _targets(nodes, edge)]
    while waiting:
        key, mask, edge = waiting.pop()
        mask &= grid.mask(nodes[key].marker)
        before, known = masks.get(key, 0), stated.setdefault(key, set())
        atoms = {atom.text for text in (edge.marker, nodes[key].marker) for atom in atoms_of(text)}
        masks[key] = before | mask
        if masks[key] != before or not atoms <= known:
            known |= atoms
            for child in nodes[key].edges:
                waiting += ((target, masks[key] & grid.mask(child.marker), child) for target in _targets(nodes, child))
    inherited = _inherited(nodes, stated)
    return {key: grid.marker(mask, inherited[key]) for key, mask in masks.items() if mask}


def overlap(markers: Sequence[str], requires_python: str = "") -> bool:
    """Tell whether two canonical markers ('' holds everywhere) hold in one and the same environment."""
    grid = _Grid([text for text in sorted(set(markers)) if text], requires_python)
    seen = 0
    for marker in markers:
        mask = grid.mask(marker)
        if seen & mask:
            return True
        seen |= mask
    return False


def _inherited(nodes: Mapping[str, GraphNode], stated: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    """Give back the comparisons on the ways to each package, those of its parents included."""
    found = {key: set(texts) for key, texts in stated.items()}
    changed = True
    while changed:
        changed = False
        for key, texts in found.items():
            children = (target for edge in nodes[key].edges for target in _targets(nodes, edge))
            for child in children:
                if child in found and not texts <= found[child]:
                    found[child] |= texts
                    changed = True
    return {key: tuple(sorted(texts)) for key, texts in found.items()}


def _targets(nodes: Mapping[str, GraphNode], edge: GraphEdge) -> list[str]:
    named = [key for key, node in nodes.items() if node.name == edge.name]
    if edge.version:
        return [key for key in named if nodes[key].version == edge.version]
    if len(named) < 2:  # noqa: PLR2004 - with one version there's nothing to choose
        return named
    return [key for key in named if _allows(edge.specifier, nodes[key].version)]


def _allows(specifier: str, version: str) -> bool:
    try:
        return read_specifiers("" if specifier == "*" else specifier).contains(read_version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


class _Grid:
    """Environments that the given markers tell apart, and markers as sets of them (bits)."""

    def __init__(self, markers: Sequence[str], requires_python: str) -> None:
        self._judges = [MarkerJudge(environment, _OPEN) for environment in _environments(markers, requires_python)][
            :_MOST_ENVIRONMENTS
        ]
        self._everywhere = (1 << len(self._judges)) - 1
        self._masks: dict[str, int] = {"": self._everywhere}

    def mask(self, marker: str) -> int:
        if marker not in self._masks:
            try:
                truths = [judge.holds(marker) for judge in self._judges]
            except UnreadableMarker:
                truths = [True] * len(self._judges)
            self._masks[marker] = sum(1 << number for number, truth in enumerate(truths) if truth)
        return self._masks[marker]

    def marker(self, mask: int, stated: Sequence[str]) -> str:
        """Give back the cheapest marker of stated comparisons that is true in exactly `mask`."""
        if mask == self._everywhere:
            return ""
        cover = cheapest_cover([PricedAtom(text, self.mask(text), 1.0) for text in stated], mask, self._everywhere)
        if cover is None:
            raise UnreadableMarker(f"no combination of {', '.join(stated)} says where a package is needed")
        return canonical_marker(cover)


def _environments(markers: Sequence[str], requires_python: str) -> Iterator[dict[str, str]]:
    atoms = [atom for marker in markers for atom in atoms_of(marker)]
    machines = {atom.value for atom in atoms if atom.variable == "platform_machine"}
    systems = {atom.value for atom in atoms if atom.variable == "sys_platform"} - {one[1] for one in _PLATFORMS}
    platforms = [
        *_PLATFORMS,
        *(("posix", "linux", "Linux", machine) for machine in sorted(machines)),
        *(("posix", system, system.title(), "x86_64") for system in sorted(systems)),
    ]
    for version, platform, implementation in product(
        _versions(markers, requires_python), dict.fromkeys(platforms), _IMPLEMENTATIONS
    ):
        yield {
            "os_name": platform[0],
            "sys_platform": platform[1],
            "platform_system": platform[2],
            "platform_machine": platform[3],
            "implementation_name": implementation[0],
            "platform_python_implementation": implementation[1],
            "python_version": ".".join(version.split(".")[:2]),
            "python_full_version": version,
            "implementation_version": version,
        }


def _versions(markers: Sequence[str], requires_python: str) -> list[str]:
    """Give back each minor version's .0, and the micro versions that the markers name, as far as they are allowed."""
    try:
        allowed = read_specifiers(requires_python)
    except InvalidSpecifier:
        allowed = SpecifierSet()
    found = []
    for minor in _MINORS:
        micros = {0, 99}
        for marker in markers:
            for atom in atoms_of(marker):
                if atom.variable in {"python_full_version", "implementation_version"}:
                    micros |= clause_thresholds("==", atom.value, minor)
        texts = [f"{minor[0]}.{minor[1]}.{micro}" for micro in sorted(micros)]
        found += [text for text in texts if allowed.contains(text, prereleases=True)]
    return found or ["3.12.0"]
