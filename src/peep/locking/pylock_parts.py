"""Parts of a lock file (PEP 751) that a conversion takes: markers on extras and groups, as asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from peep.dataclass import dataclass, replace
from peep.formats.dependency_specifiers import read_marker
from peep.formats.names import normalised
from peep.locking.completeness import JudgedPin
from peep.locking.marker_atoms import Atom
from peep.locking.marker_decisions import decided
from peep.locking.readers.fields import (
    PYLOCK,
    PYLOCK_ARCHIVE,
    PYLOCK_DIRECTORY,
    PYLOCK_FILE,
    PYLOCK_HASHES,
    PYLOCK_PACKAGE,
    PYLOCK_TOOL,
    PYLOCK_VCS,
    unkept,
    unkept_within,
)
from peep.locking.readers.locked import Loss, Selection

SCOPES = frozenset({"extras", "dependency_groups"})


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
    defaults = {normalised(name) for name in document.get("default-groups", [])}

    def is_asked_for(atom: Atom) -> bool:
        name = normalised(atom.value)
        has = selection.has_extra(name) if atom.variable == "extras" else name in defaults or selection.has_group(name)
        return has is (atom.operator == "in")

    taken, losses = [], [*unkept(document, PYLOCK), *_tools(document, "")]
    for package, pin in zip(document["packages"], pins, strict=True):
        marker = decided(str(read_marker(package["marker"])), SCOPES, is_asked_for) if "marker" in package else ""
        if marker is not None:
            taken.append(replace(pin, marker=marker))
            losses += [*unkept(package, PYLOCK_PACKAGE, pin.name), *_tools(package, pin.name)]
            losses += _unkept_within(package, pin.name)
    left_out = [name for name in document.get("extras", []) if not selection.has_extra(name)]
    groups = [name for name in document.get("dependency-groups", []) if normalised(name) not in defaults]
    left_out += [name for name in groups if not selection.has_group(name)]
    return TakenParts(tuple(taken), tuple(sorted(set(left_out))), tuple(losses))


def _unkept_within(package: Mapping[str, Any], name: str) -> Iterator[Loss]:
    """Tell what no pin holds of the tables within a package."""
    tables = {"vcs": PYLOCK_VCS, "directory": PYLOCK_DIRECTORY, "archive": PYLOCK_ARCHIVE, "sdist": PYLOCK_FILE}
    for key, fates in tables.items():
        yield from unkept_within([package.get(key, {})], fates, name, key)
    wheels = package.get("wheels", [])
    yield from unkept_within(wheels, PYLOCK_FILE, name, "wheels")
    files = [*wheels, package.get("sdist", {}), package.get("archive", {})]
    yield from unkept_within([file.get("hashes", {}) for file in files], PYLOCK_HASHES, name, "hashes")
    yield from unkept_within([package.get("tool", {}).get("peep", {})], PYLOCK_TOOL, name, "tool.peep")


def _tools(table: Mapping[str, Any], name: str) -> Iterator[Loss]:
    """Tell of what is written for other tools; what is for peep is read."""
    for tool in table.get("tool", {}):
        if tool != "peep":
            yield Loss(name, f"what it says to {tool}", changes_install=False)
