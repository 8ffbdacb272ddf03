"""Solution of one joint group by PubGrub: the only module that imports `nab_resolver`.

A project's versions are finite and known, so a range is a set of bits over its releases (bit 0 the newest): set algebra
is exact, also where PEP 440 has no specifier for a set, and costs one operation on integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nab_resolver.errors import ResolutionError, ResolutionTerminatedError
from nab_resolver.resolver import BaseProvider, Resolver
from nab_resolver.types import Incompatibility, IncompatibilityCause, RangeProtocol, RootRequirement

from peep.dataclass import NamedTuple
from peep.errors import PeepError
from peep.locking.edges import Edge
from peep.locking.given_up import given_up
from peep.locking.group_judge import Candidate, Unusable
from peep.locking.group_view import GroupView
from peep.locking.roots import Constraint, Root
from peep.locking.solution import Fact, Requirer, SolvedPin, TargetSolution, Unsolvable

_CONFLICTS_THAT_MATTER = 5
"""So many discarded decisions about a project, and it's decided before others."""


_MOST_OFFERED = 3
"""So many versions of a project are named where a requirement wants another than there is."""

_MOST_DYNAMIC_SDISTS = 10
"""So many releases that only a build could judge, and older ones of a project count by their wheels alone."""


class SolverGaveUp(PeepError):
    """The solver reached the end of its budget without an answer."""


class Relation(NamedTuple):
    """How one range lies to another."""

    is_subset: bool
    is_disjoint: bool


class Bits:
    """A set of release numbers of one project; the solver's range type. Negative values hold all but finitely many."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value

    @classmethod
    def empty(cls) -> Bits:
        return cls(0)

    @classmethod
    def full(cls) -> Bits:
        return cls(-1)

    @classmethod
    def singleton(cls, version: int) -> Bits:
        return cls(1 << version)

    @property
    def is_empty(self) -> bool:
        return not self.value

    def __contains__(self, version: int) -> bool:
        return bool(self.value >> version & 1)

    def __and__(self, other: object) -> Bits:
        return Bits(self.value & _value(other))

    def __or__(self, other: object) -> Bits:
        return Bits(self.value | _value(other))

    def __sub__(self, other: object) -> Bits:
        return Bits(self.value & ~_value(other))

    def __invert__(self) -> Bits:
        return Bits(~self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bits) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def is_subset(self, other: Bits) -> bool:
        return not self.value & ~other.value

    def is_superset(self, other: Bits) -> bool:
        return other.is_subset(self)

    def is_disjoint(self, other: Bits) -> bool:
        return not self.value & other.value

    def relation(self, other: Bits) -> Relation:
        return Relation(self.is_subset(other), self.is_disjoint(other))


def _value(other: object) -> int:
    if not isinstance(other, Bits):
        raise TypeError
    return other.value


Range = RangeProtocol[int]


def solve(
    view: GroupView, roots: Sequence[Root], constraints: Sequence[Constraint] = ()
) -> TargetSolution | Unsolvable:
    """Solve for one group; the answer depends on names, requirements and pages alone, never on any order.

    Raises `SolverGaveUp`, and whatever `Pages` and `Metadata` raise.
    """
    counting = _counting(roots, view)
    limits = [limit for limit in constraints if view.judge.holds(limit.edge.marker)]
    provider = _Provider(view)
    resolver: Resolver[str, int] = Resolver(provider, range_type=Bits, root_version=0, format_range=lambda _: "")
    try:
        solution = resolver.solve(
            [requirement for root in counting for requirement in _root_requirements(root, view)], _limits(limits, view)
        )
    except ResolutionTerminatedError as error:
        raise SolverGaveUp(f"no solution for {view.group} was found in time: {error}") from None
    except ResolutionError as error:
        return _unsolvable(error.incompatibility, view, limits)
    return _solution(solution.pins, counting, view)


def _counting(roots: Iterable[Root], view: GroupView) -> list[Root]:
    """Give back the roots that hold in the group, in an order of their own."""
    ids = set(view.group.ids)
    holding = [
        root
        for root in roots
        if view.judge.holds(root.edge.marker) and not (root.targets.isdisjoint(ids) and root.targets)
    ]
    return sorted(holding, key=lambda root: (root.edge.name, str(root.edge), root.location))


def _root_requirements(root: Root, view: GroupView) -> Iterator[RootRequirement[str, int]]:
    allowed = Bits(view.mask(root.edge.name, root.edge.specifier))
    for package in _packages(root.edge):
        yield RootRequirement(package, allowed, root)


def _packages(edge: Edge) -> tuple[str, ...]:
    """Give back what an edge asks for: the project itself, and one package more for each extra."""
    return (edge.name, *(f"{edge.name}[{extra}]" for extra in edge.extras))


def _split(package: str) -> tuple[str, str]:
    name, _, extra = package.partition("[")
    return name, extra[:-1]


def _limits(limits: Iterable[Constraint], view: GroupView) -> dict[str, Bits]:
    found: dict[str, Bits] = {}
    for limit in limits:
        name = limit.edge.name
        found[name] = found.get(name, Bits.full()) & Bits(view.mask(name, limit.edge.specifier))
    return found


class _Provider(BaseProvider[str, int]):
    """Answers the solver from a `GroupView`."""

    def __init__(self, view: GroupView) -> None:
        self._view = view

    def choose_version(self, package: str, version_range: Range) -> int | None:
        """Choose the first usable release; the answer depends on the range alone, whatever was asked for before.

        Dynamic source archives are downloaded whole only to be refused, so that few of them are looked into.
        """
        name, extra = _split(package)
        dynamic = 0
        for number in self._view.order(name):
            if number not in version_range or (
                dynamic >= _MOST_DYNAMIC_SDISTS and self._view.passes_over(name, number)
            ):
                continue
            found = self.usable(name, number, extra)
            if not isinstance(found, Unusable):
                return number
            dynamic += bool(found.needs_build)
        return None

    def usable(self, name: str, number: int, extra: str) -> Candidate | Unusable:
        """Judge a release; with an extra that would bring a direct URL it is unusable, too."""
        candidate = self._view.candidate(name, number)
        if isinstance(candidate, Candidate) and extra:
            direct = next((edge for edge in self._view.edges(candidate, extra) if edge.url), None)
            if direct is not None:
                return Unusable(candidate.release, f"requires {direct.name} by a direct URL for its extra {extra}")
        return candidate

    def has_satisfying_version(self, package: str, version_range: Range) -> bool:
        return self.choose_version(package, version_range) is not None

    def get_dependencies(self, package: str, version: int) -> dict[str, Range]:
        name, extra = _split(package)
        candidate = self._view.candidate(name, version)
        found: dict[str, Range] = {name: Bits.singleton(version)} if extra else {}
        if isinstance(candidate, Candidate):
            for edge in self._view.edges(candidate, extra):
                allowed = Bits(self._view.mask(edge.name, edge.specifier))
                for required in _packages(edge):
                    before = found.get(required)
                    found[required] = allowed if before is None else before & allowed
        return found

    def prioritize(
        self,
        package: str,
        version_range: Range,
        conflict_counts: Mapping[str, int],
        culprit_counts: Mapping[str, int] | None = None,
    ) -> tuple[int, int, int]:
        """Decide what is to be upgraded first, then troublesome projects, then those with one version left.

        The solver breaks ties by name.
        """
        trouble = conflict_counts.get(package, 0) + (culprit_counts or {}).get(package, 0)
        name, _ = _split(package)
        left = sum(1 for number in self._view.order(name) if number in version_range) if trouble else 2
        is_single = (
            isinstance(version_range, Bits)
            and version_range.value > 0
            and not (version_range.value & (version_range.value - 1))
        )
        return (
            0 if self._view.is_upgraded(name) else 1,
            -(trouble // _CONFLICTS_THAT_MATTER),
            0 if is_single or left <= 1 else 1,
        )

    def widen_decision(self, package: str, version: int) -> None:
        del package, version


# -- the answer --------------------------------------------------------------------------------------


def _solution(chosen: Mapping[str, int], roots: Sequence[Root], view: GroupView) -> TargetSolution:
    extras_of: dict[str, list[str]] = {}
    for name, extra in map(_split, chosen):
        extras_of.setdefault(name, []).append(extra)
    names = sorted(extras_of)
    pins: dict[str, SolvedPin] = {}
    requirers = [Requirer(root.edge.name, root.edge, root=root) for root in roots]
    thresholds = frozenset().union(*(view.looked_at.get(name, frozenset()) for name in names))
    for name in names:
        candidate = view.candidate(name, chosen[name])
        if isinstance(candidate, Unusable):  # pragma: no cover - the provider chose it
            raise TypeError(name)
        extras = tuple(sorted(extra for extra in extras_of[name] if extra))
        pins[name] = SolvedPin(name, candidate, extras)
        thresholds |= candidate.thresholds
        for extra in ("", *extras):
            edges = view.edges(candidate, extra)
            requirers += (Requirer(edge.name, edge, name, extra) for edge in edges)
    warnings = tuple(_warnings(pins, requirers, view))
    gone = tuple(given_up({name: pin.candidate for name, pin in pins.items()}, view))
    return TargetSolution(view.group, pins, tuple(requirers), thresholds, warnings, gone)


def _warnings(pins: Mapping[str, SolvedPin], requirers: Iterable[Requirer], view: GroupView) -> Iterator[str]:
    for pin in pins.values():
        yield from pin.candidate.warnings
        title = f"{pin.name} {pin.candidate.release.text}"
        yield from (f"{title} has no extra called {extra}" for extra in pin.extras if not _has(pin, extra))
    for requirer in requirers:
        for atom in view.judge.judge(requirer.edge.marker, requirer.extra).taken_as_true:
            where = requirer.parent or str(requirer.root)
            yield f"{where} requires {requirer.edge} where {atom}, which no target says: taken as true"


def _has(pin: SolvedPin, extra: str) -> bool:
    return extra in pin.candidate.provides_extra


# -- the failure -------------------------------------------------------------------------------------


def _unsolvable(proof: Incompatibility[str, int] | None, view: GroupView, limits: Sequence[Constraint]) -> Unsolvable:
    facts: dict[tuple[str, str, tuple[str, ...], str], Fact] = {}
    nodes = list(proof.walk()) if proof is not None else []
    for node in nodes:
        for fact in _facts_of(node, view, limits):
            facts.setdefault((fact.child, fact.parent, fact.versions, str(fact.edge)), fact)
    found = tuple(sorted(facts.values(), key=lambda fact: (fact.child, fact.parent, fact.versions, str(fact.edge))))
    names = sorted({fact.child for fact in found})
    missing = {name: view.page(name).nobody_has() for name in names if not view.page(name).exists}
    refused = sorted({fact.child for fact in found if not fact.allowed} - {*missing})
    offered = {name: tuple(release.text for release in view.page(name).releases[:_MOST_OFFERED]) for name in refused}
    first_comes = {name: words for name in names if (words := view.page(name).first_comes)}
    return Unsolvable(view.group, found, tuple(_unusable(names, found, view)), missing, first_comes, offered)


def _facts_of(node: Incompatibility[str, int], view: GroupView, limits: Sequence[Constraint]) -> Iterator[Fact]:
    if node.cause is IncompatibilityCause.ROOT and isinstance(node.origin, Root):
        edge = node.origin.edge
        yield Fact(edge.name, edge, origin=node.origin, allowed=view.mask(edge.name, edge.specifier))
    elif node.cause is IncompatibilityCause.CONSTRAINT:
        name = _split(node.terms[0].package)[0]
        for limit in limits:
            if limit.edge.name == name:
                yield Fact(name, limit.edge, origin=limit, allowed=view.mask(name, limit.edge.specifier))
    elif node.cause is IncompatibilityCause.DEPENDENCY:
        yield from _dependency_facts(node, view)


def _dependency_facts(node: Incompatibility[str, int], view: GroupView) -> Iterator[Fact]:
    """Find the edges behind a dependency clause: those of each parent version that it covers, by their text."""
    parent, extra = _split(next(term.package for term in node.terms if term.is_positive()))
    covered = next(term.constraint for term in node.terms if term.is_positive())
    children = {_split(term.package)[0] for term in node.terms if not term.is_positive()} or {parent}
    versions: dict[str, list[str]] = {}
    edges: dict[str, Edge] = {}
    for number, version in enumerate(view.page(parent).versions):
        candidate = view.judged(parent, number) if number in covered else None
        if not isinstance(candidate, Candidate):
            continue
        for edge in view.edges(candidate, extra):
            if edge.name in children:
                versions.setdefault(str(edge), []).append(str(version))
                edges[str(edge)] = edge
    for text, edge in edges.items():
        allowed = view.mask(edge.name, edge.specifier)
        yield Fact(edge.name, edge, parent, tuple(versions[text]), allowed=allowed, extra=extra)


def _unusable(names: Iterable[str], facts: Sequence[Fact], view: GroupView) -> Iterator[Unusable]:
    """Say why releases that the facts about a project allow together could not be chosen."""
    for name in names:
        allowed = -1
        for fact in facts:
            allowed &= fact.allowed if fact.child == name else -1
        for number in range(len(view.page(name).versions)):
            if allowed >> number & 1:
                candidate = view.judged(name, number)
                if isinstance(candidate, Unusable):
                    yield candidate
