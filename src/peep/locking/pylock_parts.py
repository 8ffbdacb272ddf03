"""Parts of a lock file (PEP 751) that a conversion takes: markers on extras and groups, as asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from peep.dataclass import dataclass, replace
from peep.locking.completeness import JudgedPin
from peep.locking.marker_atoms import Atom, atoms_of
from peep.locking.readers.fields import PYLOCK, PYLOCK_PACKAGE, unkept
from peep.locking.readers.locked import Loss, Selection

_SCOPES = {"extras": "extras", "dependency_groups": "dependency-groups"}
_Truth = bool | str
"""A marker that is left, or its value wherever it is judged."""


@dataclass(frozen=True, slots=True)
class TakenParts:
    """Pins that count, the extras and groups that do not, and what no pin holds."""

    pins: tuple[JudgedPin, ...]
    left_out: tuple[str, ...]
    losses: tuple[Loss, ...]


def taken_parts(document: Mapping[str, Any], pins: Sequence[JudgedPin], selection: Selection) -> TakenParts:
    """Take the default groups of a valid lock file, and what is asked for; `pins` stand in the order of its packages.

    PEP 751, "Installation": the default groups count unless groups are asked for; here they count in any case, as the
    default group of every other format does.
    """
    defaults = {canonicalize_name(name) for name in document.get("default-groups", [])}

    def is_asked_for(atom: Atom) -> bool:
        name = canonicalize_name(atom.value)
        has = selection.has_extra(name) if atom.variable == "extras" else name in defaults or selection.has_group(name)
        return has is (atom.operator == "in")

    taken, losses = [], [*unkept(document, PYLOCK), *_tools(document, "")]
    for package, pin in zip(document["packages"], pins, strict=True):
        marker = decided(str(Marker(package["marker"])), is_asked_for) if "marker" in package else ""
        if marker is not None:
            taken.append(replace(pin, marker=marker))
            losses += [*unkept(package, PYLOCK_PACKAGE, pin.name), *_tools(package, pin.name)]
    left_out = [name for name in document.get("extras", []) if not selection.has_extra(name)]
    groups = [name for name in document.get("dependency-groups", []) if canonicalize_name(name) not in defaults]
    left_out += [name for name in groups if not selection.has_group(name)]
    return TakenParts(tuple(taken), tuple(sorted(set(left_out))), tuple(losses))


def decided(canonical: str, is_asked_for: Callable[[Atom], bool]) -> str | None:
    """Give back a canonical marker without its comparisons with extras and groups; None where it never holds."""
    if not any(atom.variable in _SCOPES for atom in atoms_of(canonical)):
        return canonical
    found = _value(Marker(canonical)._markers, is_asked_for)  # noqa: SLF001 -- the one way to its comparisons
    if isinstance(found, bool):
        return "" if found else None
    return str(Marker(found))


def _value(node: Any, is_asked_for: Callable[[Atom], bool]) -> _Truth:
    """What is left of a comparison, or of a list of such with `and` and `or` between."""
    if isinstance(node, tuple):
        text = " ".join(one.serialize() for one in node)
        atom = atoms_of(text)[0]
        return is_asked_for(atom) if atom.variable in _SCOPES else text
    terms: list[list[_Truth]] = [[]]
    for one in node:
        if one == "or":
            terms.append([])
        elif one != "and":
            terms[-1].append(_value(one, is_asked_for))
    return _joined([_joined(term, "and") for term in terms], "or")


def _joined(values: Sequence[_Truth], word: str) -> _Truth:
    """Join with `and` or `or`; what decides (false, true) alone decides all."""
    decides = word == "or"
    if decides in [one for one in values if isinstance(one, bool)]:
        return decides
    texts = [one for one in values if isinstance(one, str)]
    return f" {word} ".join(f"({one})" if len(texts) > 1 else one for one in texts) if texts else not decides


def _tools(table: Mapping[str, Any], name: str) -> Iterator[Loss]:
    """Tell of what is written for other tools; what is for peep is read."""
    for tool in table.get("tool", {}):
        if tool != "peep":
            yield Loss(name, f"what it says to {tool}", changes_install=False)
