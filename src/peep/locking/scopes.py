"""Extras and dependency groups of a lock: which reach a pin, in which groups of targets (PEP 751)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from peep.locking.merging import MergedPin, marker_for
from peep.locking.roots import Scope
from peep.locking.solution import TargetSolution

_ALWAYS: frozenset[Scope] = frozenset()


def scopes_of(solution: TargetSolution) -> Mapping[str, frozenset[Scope]]:
    """Give back for each pin the scopes that reach it; the empty set: it's needed without any."""
    reached: dict[str, set[Scope] | None] = {name: set() for name in solution.pins}
    roots = [one for one in solution.requirers if one.root is not None]
    waiting = [(one.child, frozenset(one.root.scopes)) for one in roots if one.root is not None]
    children: dict[str, list[str]] = {}
    for one in solution.requirers:
        if one.root is None:
            children.setdefault(one.parent, []).append(one.child)
    while waiting:
        name, scopes = waiting.pop()
        if _is_new(reached, name, scopes):
            waiting += ((child, scopes) for child in children.get(name, ()))
    return {name: _ALWAYS if found is None else frozenset(found) for name, found in reached.items()}


def _is_new(reached: dict[str, set[Scope] | None], name: str, scopes: frozenset[Scope]) -> bool:
    """Note that `scopes` reach a pin; without scopes it's needed always."""
    known = reached[name]
    if known is None:
        return False
    if not scopes:
        reached[name] = None
        return True
    if scopes <= known:
        return False
    known |= scopes
    return True


def scoped_marker(
    pin: MergedPin, solutions: Sequence[TargetSolution], scopes: Sequence[Mapping[str, frozenset[Scope]]]
) -> str:
    """Give back the marker of a pin with what extras and groups it is for, `scopes` standing beside `solutions`."""
    masks: dict[frozenset[Scope], int] = {}
    having = {id(group) for group, _ in pin.solved}
    for number, solution in enumerate(solutions):
        if id(solution.group) in having:
            reach = scopes[number][pin.name]
            masks[reach] = masks.get(reach, 0) | 1 << number
    if set(masks) == {_ALWAYS}:
        return pin.marker
    terms = []
    for reach in sorted(masks, key=lambda found: (len(found), sorted(found))):
        whole = len(masks) == 1
        marker = pin.marker if whole else marker_for(solutions, pin.name, masks[reach])
        terms.append(_joined(marker, reach))
    return terms[0] if len(terms) == 1 else " or ".join(f"({term})" for term in terms if term)


def _joined(marker: str, reach: frozenset[Scope]) -> str:
    if not reach:
        return marker
    scope = " or ".join(f'"{one.name}" in {one.kind}' for one in sorted(reach))
    if not marker:
        return scope
    left = f"({marker})" if " or " in marker else marker
    right = f"({scope})" if len(reach) > 1 else scope
    return f"{left} and {right}"
