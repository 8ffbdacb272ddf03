"""All groups of a lock, solved one after the other until no boundary between micro versions is new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.version import Version

from peep.dataclass import dataclass, field
from peep.formats.target_ids import TargetId
from peep.locking.candidates import CandidatePolicy
from peep.locking.group_judge import Admission, KnownPin, ViewSources
from peep.locking.group_view import GroupView
from peep.locking.marker_atoms import micro_thresholds
from peep.locking.release_facts import ReleaseFacts
from peep.locking.roots import Constraint, Root
from peep.locking.solution import TargetSolution, Unsolvable
from peep.locking.solver import SolverGaveUp, solve
from peep.locking.sources import Metadata, Pages
from peep.locking.target_groups import JointGroup, Micros, declared_minors, joint_groups, more_micros

_MOST_FAILURES = 10
"""So many conflicts of one group are told at once."""

_Answers = dict[tuple[tuple[str, ...], frozenset[tuple[str, Version]]], TargetSolution | Unsolvable]
"""By group and by the versions that groups before it chose."""


@dataclass(frozen=True, slots=True)
class LockInputs:
    """Everything that a lock is a function of, beside the indexes."""

    targets: tuple[TargetId, ...]
    roots: tuple[Root, ...]
    constraints: tuple[Constraint, ...] = ()
    policy: CandidatePolicy = field(default_factory=CandidatePolicy)
    admission: Admission = field(default_factory=Admission)
    known: Mapping[str, tuple[KnownPin, ...]] = field(default_factory=dict)
    """Pins of the present lock that are to be kept, by name."""
    upgraded: frozenset[str] = frozenset()
    """Names of projects to be upgraded: what is kept gives way to them."""
    known_tools: Mapping[str, tuple[KnownPin, ...]] = field(default_factory=dict)
    """The same of its build constraints."""


@dataclass(frozen=True, slots=True)
class LockSolutions:
    """One solution a group, newest Python first; or why groups have none."""

    solutions: tuple[TargetSolution, ...]
    failures: tuple[Unsolvable, ...] = ()


def view_sources(inputs: LockInputs, pages: Pages, metadata: Metadata) -> ViewSources:
    """Give back what all groups of these inputs see alike."""
    return ViewSources(pages, metadata, ReleaseFacts(inputs.policy), inputs.admission, inputs.known, inputs.upgraded)


def solve_all(
    inputs: LockInputs, pages: Pages, metadata: Metadata, sources: ViewSources | None = None
) -> LockSolutions:
    """Solve for every declared target and every witness that what was consulted asks for.

    `sources`: `view_sources` of all this, which remember what was worked out before. All groups are tried, so that all
    failures are told at once. Raises `TooManyWitnesses` and what `solve` raises.
    """
    sources = sources or view_sources(inputs, pages, metadata)
    micros = _stated_micros(inputs)
    answers: _Answers = {}
    while True:
        found = _solved(joint_groups(inputs.targets, micros), inputs, sources, answers)
        consulted = [(one.group.version[:2], one.thresholds) for one in found.solutions]
        more = more_micros(micros, _of_declared(consulted, inputs.targets))
        if more == micros or found.failures:
            return found
        micros = more


def _stated_micros(inputs: LockInputs) -> Micros:
    """Take the boundaries that markers of the sources and of the present lock state.

    Those of the lock: what was chosen for them stays, so that nobody may look again at what once showed them.
    """
    edges = (*(root.edge for root in inputs.roots), *(limit.edge for limit in inputs.constraints))
    kept = (pin.marker for pins in inputs.known.values() for pin in pins)
    markers = {*(edge.marker for edge in edges), *kept}
    return more_micros(
        {},
        (
            (minor, frozenset().union(*(micro_thresholds(marker, minor) for marker in markers)))
            for minor in declared_minors(inputs.targets)
        ),
    )


def _of_declared(
    consulted: Sequence[tuple[tuple[int, int], frozenset[int]]], targets: Sequence[TargetId]
) -> list[tuple[tuple[int, int], frozenset[int]]]:
    minors = declared_minors(targets)
    return [(minor, found) for minor, found in consulted if minor in minors]


def _solved(groups: Sequence[JointGroup], inputs: LockInputs, sources: ViewSources, answers: _Answers) -> LockSolutions:
    """Solve for all groups; `answers` of groups that the next round has again are remembered."""
    solutions: list[TargetSolution] = []
    failures: list[Unsolvable] = []
    preferred: dict[str, Version] = {}
    for group in groups:
        key = group.key, frozenset(preferred.items())
        answer = answers.get(key)
        if answer is None:
            view = GroupView(group, sources, preferred)
            answer = answers[key] = solve(view, inputs.roots, inputs.constraints)
        match answer:
            case TargetSolution():
                solutions.append(answer)
                for name, pin in answer.pins.items():
                    preferred.setdefault(name, pin.candidate.release.version)
            case Unsolvable():
                failures += (answer, *_further(answer, group, inputs, sources))
    return LockSolutions(tuple(solutions), tuple(failures))


def _further(first: Unsolvable, group: JointGroup, inputs: LockInputs, sources: ViewSources) -> Iterator[Unsolvable]:
    """Yield the conflicts that remain without the lines of the sources which take part in those found before."""
    roots, failure = inputs.roots, first
    for _ in range(_MOST_FAILURES - 1):
        blamed = [fact.origin for fact in failure.facts if isinstance(fact.origin, Root)]
        if not blamed:
            return
        roots = tuple(root for root in roots if root not in blamed)
        try:
            answer = solve(GroupView(group, sources, {}), roots, inputs.constraints)
        except SolverGaveUp:
            return
        if not isinstance(answer, Unsolvable):
            return
        yield answer
        failure = answer
