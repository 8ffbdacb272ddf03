"""One suite for two solvers: peep's own, by PubGrub, and resolvelib over the same view of releases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
import resolvelib
from hypothesis import given, settings
from hypothesis import strategies as st

from peep.locking.candidates import CandidatePolicy
from peep.locking.edges import Edge, parse_edge
from peep.locking.group_judge import Admission, Candidate, ViewSources
from peep.locking.group_view import GroupView
from peep.locking.release_facts import ReleaseFacts
from peep.locking.solution import TargetSolution
from peep.locking.solver import solve
from peep.locking.target_groups import joint_groups
from support.examples import examples
from support.lock_world import LINUX, LockWorld, Made, ids, roots


@dataclass(frozen=True)
class Choice:
    name: str
    extra: str
    number: int


class Provider(resolvelib.AbstractProvider):
    """What resolvelib asks, answered from a `GroupView`."""

    def __init__(self, view: GroupView) -> None:
        self.view = view

    def identify(self, requirement_or_candidate):
        one = requirement_or_candidate
        return (one.name, one.extra) if isinstance(one, Choice) else (one[0].name, one[1])

    def get_preference(self, identifier, **_):
        return identifier

    def find_matches(self, identifier, requirements, incompatibilities):
        name, extra = identifier
        excluded = {choice.number for choice in incompatibilities[identifier]}
        edges: list[tuple[Edge, str]] = list(requirements[identifier])

        def matches() -> Iterator[Choice]:
            for number in self.view.order(name):
                is_allowed = number not in excluded and all(self._allows(edge, number) for edge, _ in edges)
                if is_allowed and isinstance(self.view.candidate(name, number), Candidate):
                    yield Choice(name, extra, number)

        return matches

    def _allows(self, edge: Edge, number: int) -> bool:
        return bool(self.view.mask(edge.name, edge.specifier) >> number & 1)

    def is_satisfied_by(self, requirement, candidate):
        return self._allows(requirement[0], candidate.number)

    def get_dependencies(self, candidate):
        found = self.view.candidate(candidate.name, candidate.number)
        if candidate.extra:
            version = self.view.page(candidate.name).releases[candidate.number].text
            yield parse_edge(f"{candidate.name}=={version}"), ""
        for edge in self.view.edges(found, candidate.extra):
            yield from asked(edge)


def asked(edge: Edge) -> Iterable[tuple[Edge, str]]:
    return [(edge, ""), *((edge, extra) for extra in edge.extras)]


def view_of(projects) -> GroupView:
    (group,) = joint_groups(ids(LINUX))
    world = LockWorld(projects)
    return GroupView(group, ViewSources(world, world, ReleaseFacts(CandidatePolicy()), Admission(), {}), {})


def by_pubgrub(projects, texts: Sequence[str]) -> Mapping[str, str] | None:
    found = solve(view_of(projects), roots(*texts))
    if not isinstance(found, TargetSolution):
        return None
    return {name: pin.candidate.release.text for name, pin in found.pins.items()}


def by_resolvelib(projects, texts: Sequence[str]) -> Mapping[str, str] | None:
    view = view_of(projects)
    resolver = resolvelib.Resolver(Provider(view), resolvelib.BaseReporter())
    wanted = [one for root in roots(*texts) for one in asked(root.edge)]
    try:
        result = resolver.resolve(wanted, max_rounds=2000)
    except resolvelib.ResolutionImpossible:
        return None
    return {name: view.page(name).releases[choice.number].text for (name, _), choice in result.mapping.items()}


SOLVERS = [by_pubgrub, by_resolvelib]
CASES = [
    ({"a": {"2.0": ["b"], "1.0": []}, "b": {"1.5": [], "1.0": []}}, ["a"], {"a": "2.0", "b": "1.5"}),
    ({"a": {"2.0": ["b>=2"], "1.0": []}, "b": {"1.0": []}}, ["a"], {"a": "1.0"}),
    ({"a": {"1.0": ["c<2"]}, "b": {"1.0": ["c>=2"]}, "c": {"1.0": [], "2.0": []}}, ["a", "b"], None),
    ({"a": {"1.0": Made(["b ; extra == 'x'"], extras=["x"])}, "b": {"1.0": []}}, ["a[x]"], {"a": "1.0", "b": "1.0"}),
    ({"a": {"1.0": ["b"]}, "b": {"1.0": ["a"]}}, ["a"], {"a": "1.0", "b": "1.0"}),
    ({"a": {"1.0": ["ghost"]}}, ["a"], None),
    ({"a": {"1.0": ["b!=1.5,<2"]}, "b": {"2.0": [], "1.5": [], "1.4": []}}, ["a"], {"a": "1.0", "b": "1.4"}),
    ({"a": {"2.0": Made(tags=["cp312-cp312-win_amd64"]), "1.0": []}}, ["a"], {"a": "1.0"}),
]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("projects", "texts", "expected"), CASES)
def test_a_known_answer(solver, projects, texts, expected):
    assert solver(projects, texts) == expected


NAMES = ["a", "b", "c", "d", "e"]
CLAUSES = st.sampled_from(["", "<2", ">=2", "==3.0", "!=2.0"])


def requirements_on(names: Sequence[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda name, clause: f"{name}{clause}", st.sampled_from(names), CLAUSES)


def releases(name: str) -> st.SearchStrategy[Mapping[str, Sequence[str]]]:
    """Requirements lead to later names only: where a circle is not reached, resolvelib 1.2 recurses without end."""
    later = NAMES[NAMES.index(name) + 1 :]
    listed = st.lists(requirements_on(later), max_size=3) if later else st.just([])
    return st.fixed_dictionaries(dict.fromkeys(("3.0", "2.0", "1.0"), listed))


requirements = requirements_on(NAMES)
worlds = st.fixed_dictionaries({name: releases(name) for name in NAMES})


def is_valid(projects, texts: Sequence[str], pins: Mapping[str, str]) -> bool:
    edges = [parse_edge(text) for text in texts]
    edges += [parse_edge(text) for name, version in pins.items() for text in projects[name][version]]
    return all(edge.name in pins and edge.specifier.contains(pins[edge.name]) for edge in edges)


@settings(max_examples=examples(80), deadline=None)
@given(worlds, st.lists(requirements, min_size=1, max_size=3))
def test_both_find_an_answer_or_none_and_each_answer_holds(projects, texts):
    ours, theirs = (solver(projects, texts) for solver in SOLVERS)
    assert (ours is None) == (theirs is None)
    for pins in (ours, theirs):
        assert pins is None or is_valid(projects, texts, pins)


@settings(max_examples=examples(40), deadline=None)
@given(worlds, st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
def test_where_nothing_conflicts_both_take_the_newest(projects, texts):
    free = {
        name: {version: [text for text in listed if text in NAMES] for version, listed in found.items()}
        for name, found in projects.items()
    }
    ours, theirs = (solver(free, texts) for solver in SOLVERS)
    assert ours == theirs
    assert set((ours or {}).values()) == {"3.0"}
