"""Markers of which some comparisons are known: what is left of them, by exact rules of `and` and `or`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from peep.formats.dependency_specifiers import read_marker
from peep.locking.marker_atoms import Atom, atoms_of

_Truth = bool | str
"""A marker that is left, or its value wherever it is judged."""


def decided(canonical: str, names: frozenset[str], is_true: Callable[[Atom], bool]) -> str | None:
    """Give back a canonical marker without its comparisons of these `names`, by the truth of each.

    '' where nothing is left and it holds; None where it never does.
    """
    if not any(atom.variable in names for atom in atoms_of(canonical)):
        return canonical
    found = _value(read_marker(canonical)._markers, names, is_true)  # noqa: SLF001 -- the one way to its comparisons
    if isinstance(found, bool):
        return "" if found else None
    return str(read_marker(found))


def _value(node: Any, names: frozenset[str], is_true: Callable[[Atom], bool]) -> _Truth:
    """What is left of a comparison, or of a list of such with `and` and `or` between."""
    if isinstance(node, tuple):
        text = " ".join(one.serialize() for one in node)
        atom = atoms_of(text)[0]
        return is_true(atom) if atom.variable in names else text
    terms: list[list[_Truth]] = [[]]
    for one in node:
        if one == "or":
            terms.append([])
        elif one != "and":
            terms[-1].append(_value(one, names, is_true))
    return _joined([_joined(term, "and") for term in terms], "or")


def _joined(values: Sequence[_Truth], word: str) -> _Truth:
    """Join with `and` or `or`; what decides (false, true) alone decides all."""
    decides = word == "or"
    if decides in [one for one in values if isinstance(one, bool)]:
        return decides
    texts = [one for one in values if isinstance(one, str)]
    return f" {word} ".join(f"({one})" if len(texts) > 1 else one for one in texts) if texts else not decides
