"""Markers as atoms: single comparisons, found in the canonical text that `packaging` prints.

`packaging` parses and evaluates; its canonical text (one space around operators, quoted values, no aliases) makes the
comparisons of a marker readable without a grammar of ours. Source: PEP 508, dependency specifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName

from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.dependency_specifiers import read_marker, version_or_none
from peep.formats.open_markers import Truth, judge, parsed_marker

_OPERAND = r"""(?:"[^"]*"|'[^']*'|[a-z_]+)"""
_ATOM = re.compile(rf"(?P<left>{_OPERAND}) (?P<operator><=|<|!=|===|==|>=|>|~=|not in|in) (?P<right>{_OPERAND})")
ALWAYS = 'python_version >= "0"'
"""Stands in the place of a comparison that is taken as true."""
_MICRO_NAMES = ("python_full_version", "implementation_version")
_MICRO_PARTS = 3


class UnreadableMarker(PeepError):
    """Text that is no marker, or a marker that cannot be judged."""


@dataclass(frozen=True, slots=True, order=True)
class Atom:
    """One comparison of a marker; `text` is canonical."""

    text: str
    variable: str
    operator: str
    value: str
    """Without its quotes."""


@lru_cache(maxsize=65536)
def canonical_marker(text: str) -> str:
    """Give back a marker as `packaging` prints it. Raises `UnreadableMarker`, also for what no target can judge."""
    try:
        canonical = str(read_marker(text))
    except InvalidMarker:
        raise UnreadableMarker(f"{text!r} is no environment marker") from None
    except RecursionError:
        raise UnreadableMarker("the marker is nested too deeply") from None
    for atom in atoms_of(canonical):
        if atom.operator == "~=" or atom.variable[0] in "\"'":  # all others have an answer, whatever the values
            _refuse_undefined(atom)
    return canonical


def _refuse_undefined(atom: Atom) -> None:
    try:
        parsed_marker(atom.text).evaluate({"extra": ""}, context="requirement")
    except (UndefinedComparison, UndefinedEnvironmentName):
        raise UnreadableMarker(f"the comparison {atom.text} in a marker means nothing (PEP 508)") from None


@lru_cache(maxsize=65536)
def atoms_of(canonical: str) -> tuple[Atom, ...]:
    """Give back the comparisons of a canonical marker, each once, in their order; '' has none."""
    return tuple(dict.fromkeys(_atom(found) for found in _ATOM.finditer(canonical)))


def _atom(found: re.Match[str]) -> Atom:
    left, operator, right = found["left"], found["operator"], found["right"]
    variable, value = (right, left) if left[0] in "\"'" else (left, right)
    return Atom(found[0], variable, operator, value[1:-1] if value[0] in "\"'" else value)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a marker holds, and which open names were taken as fitting on the way."""

    holds: bool
    taken_as_true: tuple[str, ...] = ()


class MarkerJudge:
    """Judges markers by one environment; each text once. Comparisons with open names count as true."""

    def __init__(self, environment: Mapping[str, str], open_names: Iterable[str] = ()) -> None:
        self._open = frozenset(open_names)
        self._environment = {name: value for name, value in environment.items() if name not in self._open}
        self._known: dict[tuple[str, str], Judgement] = {}

    def judge(self, canonical: str, extra: str = "") -> Judgement:
        """Judge a canonical marker ('' holds) with `extra` asked for. Raises `UnreadableMarker`."""
        if not canonical:
            return Judgement(holds=True)
        key = canonical, extra if "extra" in canonical else ""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._judged(canonical, extra)
        return known

    def holds(self, canonical: str, extra: str = "") -> bool:
        """Tell whether a canonical marker holds; see `judge`."""
        return self.judge(canonical, extra).holds

    def _judged(self, canonical: str, extra: str) -> Judgement:
        try:
            truth = judge(parsed_marker(canonical), {**self._environment, "extra": extra}, "metadata")
        except (UndefinedComparison, UndefinedEnvironmentName) as error:
            raise UnreadableMarker(f"the marker {canonical!r} cannot be judged: {error}") from None
        taken = (atom.text for atom in atoms_of(canonical) if atom.variable in self._open)
        return Judgement(truth is not Truth.FALSE, tuple(taken))


@lru_cache(maxsize=256)
def _shared_judge(environment: tuple[tuple[str, str], ...], open_names: frozenset[str]) -> MarkerJudge:
    return MarkerJudge(dict(environment), open_names)


def marker_judge(environment: Mapping[str, str], open_names: Iterable[str] = ()) -> MarkerJudge:
    """Give back the judge of an environment, which remembers what it was asked by anybody."""
    return _shared_judge(tuple(sorted(environment.items())), frozenset(open_names))


def assumed(canonical: str, names: Iterable[str]) -> str:
    """Give back a canonical marker with all comparisons of these names taken as true; '' where nothing else is left."""
    wanted = frozenset(names)
    if not any(atom.variable in wanted for atom in atoms_of(canonical)):
        return canonical
    kept = [atom for atom in atoms_of(canonical) if atom.variable not in wanted]
    text = _ATOM.sub(lambda found: ALWAYS if _atom(found).variable in wanted else found[0], canonical)
    return canonical_marker(text) if kept else ""


def micro_thresholds(canonical: str, minor: tuple[int, int]) -> frozenset[int]:
    """Micro versions of `minor` at which a marker's truth may change: the first of each new side."""
    found: set[int] = set()
    for atom in atoms_of(canonical):
        if atom.variable in _MICRO_NAMES:
            found |= clause_thresholds(_turned(atom), atom.value, minor)
    return frozenset(found)


def _turned(atom: Atom) -> str:
    """Give back the operator as read with the variable on the left."""
    if atom.text.startswith(atom.variable):
        return atom.operator
    return {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(atom.operator, atom.operator)


def clause_thresholds(operator: str, value: str, minor: tuple[int, int]) -> frozenset[int]:
    """Micro versions of `minor` that begin a side of one version clause: `<`, `>=`: it; others: the next, too."""
    texts = value.replace(",", " ").split() if operator in {"in", "not in"} else [value]
    found: set[int] = set()
    for text in texts:
        version = version_or_none(text.removesuffix(".*"))
        if version is None or version.release[:2] != minor or len(version.release) < _MICRO_PARTS:
            continue
        micro = version.release[2]
        found |= {micro} if operator in {"<", ">=", "~="} else {micro, micro + 1}
    return frozenset(found)
