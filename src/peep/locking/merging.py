"""Merged solutions of all groups: one list of pins, each with the cheapest markers that are exact.

A pin that every group has carries no marker. Otherwise: the cheapest disjunction of conjunctions of comparisons (at
most three each) that is true in exactly its groups. Comparisons that packages on the way from a root state cost least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from packaging.version import Version

from peep.dataclass import dataclass
from peep.formats.dependency_specifiers import read_marker
from peep.locking.candidates import Release
from peep.locking.marker_atoms import UnreadableMarker, atoms_of, canonical_marker, marker_judge
from peep.locking.marker_cover import PricedAtom, cheapest_cover
from peep.locking.solution import Requirer, SolvedPin, TargetSolution
from peep.locking.target_groups import JointGroup

_STATED = 1.0
_GENERATED = 1.5
_EQUALITY_NAMES = ("sys_platform", "platform_machine", "platform_python_implementation")
_PREFERRED = (
    "sys_platform ==",
    "sys_platform !=",
    "python_version <",
    "python_version >=",
    "python_version ==",
    "python_version !=",
    "platform_python_implementation ==",
    "platform_python_implementation !=",
    "python_full_version <",
    "python_full_version >=",
    "platform_machine ==",
    "platform_machine !=",
)
"""Generated comparisons, the first ones first where several would do: operating systems rather than processors."""
_EACH_RANK = 0.001


@dataclass(frozen=True, slots=True)
class MergedPin:
    """One line of a lock: a version of a project, where it stands, and what asks for it."""

    name: str
    version: Version
    extras: tuple[str, ...]
    marker: str
    """Canonical; '' where every group has the pin."""
    solved: tuple[tuple[JointGroup, SolvedPin], ...]
    """In the order of the groups."""
    requirers: tuple[Requirer, ...]
    """Each once, in any group."""

    @property
    def release(self) -> Release:
        return self.solved[0][1].candidate.release


class UnmergeableSolutions(AssertionError):
    """No marker tells groups apart that differ: a bug, since groups are made by their marker environments."""


def merge(solutions: Sequence[TargetSolution], *, tells_extras: bool = True) -> tuple[MergedPin, ...]:
    """Merge the solutions of all groups; sorted by name, then version, then extras.

    `tells_extras`: the format writes extras beside names, so that pins which differ in them stand apart.
    """
    found: dict[tuple[str, Version, tuple[str, ...]], int] = {}
    for number, solution in enumerate(solutions):
        for name, pin in solution.pins.items():
            key = name, pin.candidate.release.version, pin.extras if tells_extras else ()
            found[key] = found.get(key, 0) | 1 << number
    markers = _Markers(solutions)
    return tuple(_merged(key, mask, solutions, markers) for key, mask in sorted(found.items()))


def _merged(
    key: tuple[str, Version, tuple[str, ...]], mask: int, solutions: Sequence[TargetSolution], markers: _Markers
) -> MergedPin:
    name, version, extras = key
    having = [solution for number, solution in enumerate(solutions) if mask >> number & 1]
    solved = tuple((solution.group, solution.pins[name]) for solution in having)
    requirers = dict.fromkeys(one for solution in having for one in solution.requirers if one.child == name)
    return MergedPin(name, version, extras, markers.of(name, mask), solved, tuple(requirers))


class _Markers:
    """Finds markers; pins with the same groups and the same stated comparisons share one search."""

    def __init__(self, solutions: Sequence[TargetSolution]) -> None:
        self._groups = [solution.group for solution in solutions]
        self._everywhere = (1 << len(solutions)) - 1
        self._judges = [marker_judge(group.markers, group.open_names) for group in self._groups]
        self._stated = _stated_atoms(solutions)
        self._generated = tuple(
            PricedAtom(text, self._truth(text), _price(text)) for text in generated_atoms(self._groups)
        )
        self._known: dict[tuple[int, tuple[str, ...]], str] = {}
        self._truths: dict[str, int | None] = {}

    def of(self, name: str, mask: int) -> str:
        if mask == self._everywhere:
            return ""
        stated = self._stated.get(name, ())
        key = mask, stated
        if key not in self._known:
            self._known[key] = self._found(mask, stated)
        return self._known[key]

    def _found(self, mask: int, stated: tuple[str, ...]) -> str:
        priced = [
            PricedAtom(text, truth, _STATED) for text in stated if (truth := self._stated_truth(text)) is not None
        ]
        cover = cheapest_cover([*priced, *self._generated], mask, self._everywhere)
        if cover is None:
            names = [str(group) for number, group in enumerate(self._groups) if mask >> number & 1]
            raise UnmergeableSolutions(f"no marker is true in {'; '.join(names)} alone")
        return canonical_marker(cover)

    def _truth(self, text: str) -> int:
        return sum(1 << number for number, judge in enumerate(self._judges) if judge.holds(text))

    def _stated_truth(self, text: str) -> int | None:
        """Give back where a stated comparison holds; None where it asks for what a target leaves open."""
        if text not in self._truths:
            variable = atoms_of(text)[0].variable
            is_open = any(variable in group.open_names for group in self._groups) or variable == "extra"
            try:
                self._truths[text] = None if is_open else self._truth(text)
            except UnreadableMarker:
                self._truths[text] = None
        return self._truths[text]


def _price(generated: str) -> float:
    kind = " ".join(generated.split()[:2])
    return _GENERATED + _EACH_RANK * _PREFERRED.index(kind)


def _stated_atoms(solutions: Sequence[TargetSolution]) -> dict[str, tuple[str, ...]]:
    """Give back the comparisons on any path from a root to each project, sorted by text."""
    asking: dict[str, dict[tuple[str, str], None]] = {}
    for solution in solutions:
        for one in solution.requirers:
            asking.setdefault(one.child, {})[one.parent, one.edge.marker] = None
    stated: dict[str, set[str]] = {
        name: {atom.text for _, marker in pairs for atom in atoms_of(marker)} for name, pairs in asking.items()
    }
    waiting = sorted(asking)
    while waiting:
        changed = [name for name in waiting if _take_from_parents(name, asking, stated)]
        waiting = sorted({name for name in asking if any(parent in changed for parent, _ in asking[name])})
    return {name: tuple(sorted(texts)) for name, texts in stated.items()}


def _take_from_parents(
    name: str, asking: Mapping[str, Mapping[tuple[str, str], None]], stated: dict[str, set[str]]
) -> bool:
    before = len(stated[name])
    for parent, _ in asking[name]:
        stated[name] |= stated.get(parent, set())
    return len(stated[name]) > before


def generated_atoms(groups: Sequence[JointGroup]) -> tuple[str, ...]:
    """Give back comparisons by which declared targets can be told apart, canonical and sorted."""
    texts: set[str] = set()
    for name in _EQUALITY_NAMES:
        values = {group.markers[name] for group in groups}
        texts |= {f'{name} {operator} "{value}"' for value in values for operator in ("==", "!=") if len(values) > 1}
    minors = {group.version[:2] for group in groups}
    for minor in minors if len(minors) > 1 else ():
        short = ".".join(map(str, minor))
        texts |= {f'python_version {operator} "{short}"' for operator in ("<", ">=", "==", "!=")}
    for one, other in combinations(sorted({group.version for group in groups}), 2):
        if one[:2] == other[:2]:
            full = ".".join(map(str, other))
            texts |= {f'python_full_version {operator} "{full}"' for operator in ("<", ">=")}
    return tuple(sorted(texts))


def markers_of_groups(groups: Iterable[JointGroup]) -> tuple[str, ...]:
    """Give back a marker for each declared interpreter and platform, sorted; exact versions by all their numbers."""
    texts: set[str] = set()
    for group in groups:
        for member in group.members:
            python = "python_version" if member.id.micro is None else "python_full_version"
            names = (python, "sys_platform", "platform_machine", "platform_python_implementation")
            texts.add(" and ".join(f'{name} == "{group.markers[name]}"' for name in names))
    return tuple(sorted(str(read_marker(text)) for text in texts))


def marker_for(solutions: Sequence[TargetSolution], name: str, mask: int) -> str:
    """Give back the marker of a project that stands in the groups of `mask` (bit 0: the first), '' for all."""
    return _Markers(solutions).of(name, mask)
