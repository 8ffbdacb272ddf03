"""Cheapest exact cover of a set of environments by conjunctions of comparisons; sets are bits."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import combinations

from peep.dataclass import dataclass

_MOST_ATOMS = 3
"""In one conjunction, unless nothing shorter tells an environment apart."""
_EACH_ATOM = 0.1
_EACH_FURTHER_TERM = 0.5
_MOST_STEPS = 200_000


@dataclass(frozen=True, slots=True)
class PricedAtom:
    """A comparison, where it is true (bits), and what using it costs."""

    text: str
    truth: int
    price: float


@dataclass(frozen=True, slots=True)
class _Term:
    """A conjunction."""

    truth: int
    price: float
    text: str


def cheapest_cover(atoms: Sequence[PricedAtom], wanted: int, everywhere: int) -> str | None:
    """Give back the cheapest marker that is true in exactly `wanted`, None where there is none; ties go by text.

    A term costs its comparisons and 0.1 for each; each further term costs 0.5.
    """
    useful = _distinct(atom for atom in atoms if atom.truth & wanted and atom.truth != everywhere)
    terms = _terms(useful, wanted)
    missing = wanted & ~_union(terms)
    if missing:
        terms += _long_terms(useful, wanted, missing)
    return _disjunction(terms, wanted)


def _distinct(atoms: Iterator[PricedAtom]) -> list[PricedAtom]:
    """Keep the cheapest atom of those that are true in the same places, the first by text among equals."""
    best: dict[int, PricedAtom] = {}
    for atom in atoms:
        known = best.get(atom.truth)
        if known is None or (atom.price, atom.text) < (known.price, known.text):
            best[atom.truth] = atom
    return sorted(best.values(), key=lambda atom: atom.text)


def _terms(atoms: Sequence[PricedAtom], wanted: int) -> list[_Term]:
    """Make conjunctions that are true in wanted places only; the cheapest for each set of places."""
    best: dict[int, _Term] = {}
    for count in range(1, _MOST_ATOMS + 1):
        for chosen in combinations(atoms, count):
            truth = -1
            for atom in chosen:
                truth &= atom.truth
            if truth and not truth & ~wanted:
                _keep(best, _term(chosen, truth))
        if wanted in best:  # nothing longer is cheaper
            break
    return list(best.values())


def _keep(best: dict[int, _Term], term: _Term) -> None:
    known = best.get(term.truth)
    if known is None or (term.price, term.text) < (known.price, known.text):
        best[term.truth] = term


def _term(atoms: Sequence[PricedAtom], truth: int) -> _Term:
    price = sum(atom.price + _EACH_ATOM for atom in atoms)
    return _Term(truth, round(price, 6), " and ".join(atom.text for atom in atoms))


def _long_terms(atoms: Sequence[PricedAtom], wanted: int, missing: int) -> list[_Term]:
    """Make a conjunction for each place that no short one tells apart: comparisons are added while they exclude."""
    found = []
    for number in range(missing.bit_length()):
        place = 1 << number
        if not missing & place:
            continue
        truth, chosen = -1, []
        for atom in sorted(atoms, key=lambda one: (one.truth.bit_count(), one.price, one.text)):
            if atom.truth & place and truth & ~wanted & ~atom.truth:
                truth &= atom.truth
                chosen.append(atom)
        if chosen and not truth & ~wanted:
            found.append(_term(sorted(chosen, key=lambda atom: atom.text), truth))
    return found


def _union(terms: Sequence[_Term]) -> int:
    union = 0
    for term in terms:
        union |= term.truth
    return union


def _disjunction(terms: Sequence[_Term], wanted: int) -> str | None:
    """Find the cheapest set of terms that covers `wanted`: a shortest path over the sets of covered places."""
    ordered = sorted(terms, key=lambda term: (term.price, term.text))
    waiting: list[tuple[float, tuple[str, ...], int]] = [(0.0, (), 0)]
    done: set[int] = set()
    for _ in range(_MOST_STEPS):
        if not waiting:
            return None
        price, texts, covered = heapq.heappop(waiting)
        if covered == wanted:
            return " or ".join(f"({text})" if " and " in text and len(texts) > 1 else text for text in sorted(texts))
        if covered in done:
            continue
        done.add(covered)
        first = (wanted & ~covered) & -(wanted & ~covered)
        for term in ordered:
            if term.truth & first:
                more = price + term.price + (_EACH_FURTHER_TERM if texts else 0.0)
                heapq.heappush(waiting, (round(more, 6), tuple(sorted((*texts, term.text))), covered | term.truth))
    return None
