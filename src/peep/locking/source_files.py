"""Source files of a lock: roots, constraints, and the option lines that its output repeats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from peep.dataclass import dataclass
from peep.errors import RequirementsError
from peep.formats.core_metadata import MOST_REQUIREMENTS
from peep.formats.dependency_specifiers import version_or_none
from peep.locking.edges import Edge, UnreadableRequirement, parse_edge
from peep.locking.group_judge import Admission
from peep.locking.marker_atoms import UnreadableMarker
from peep.locking.roots import Constraint, DirectSource, Root
from peep.model import Location
from peep.requirements.file_parser import COMMAND_LINE, OptionLine, RequirementLine
from peep.requirements.files import RequirementsFile
from peep.requirements.requirement_text import RequirementKind, RequirementText

_REPEATED = ("--index-url", "--extra-index-url", "--find-links", "--no-binary", "--only-binary")
"""Options of sources that an installer of the lock needs as well, in the order of the output."""
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_NO_CHOICE = {
    RequirementKind.LOCAL_ARCHIVE: "a lock of local archives",
    RequirementKind.LOCAL_PROJECT: "a lock of local folders",
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What sources ask for."""

    roots: tuple[Root, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    errors: tuple[RequirementsError, ...] = ()
    warnings: tuple[str, ...] = ()


def from_requirements_files(files: Sequence[RequirementsFile]) -> Sources:
    """Read roots and constraints off parsed files; each root is said to come from the file that it stands in."""
    roots: list[Root] = []
    constraints: list[Constraint] = []
    errors: list[RequirementsError] = []
    for file in files:
        if len(file.lines) > MOST_REQUIREMENTS:
            reason = f"it has {len(file.lines)} requirements; the limit is {MOST_REQUIREMENTS}"
            errors.append(RequirementsError(Location(file.path, 0), reason))
            continue
        for line in file.lines:
            try:
                edge, direct = root_of_text(line.parsed, line.written)
                _refuse_direct_constraint(line, direct)
            except (UnreadableRequirement, UnreadableMarker) as error:
                errors.append(RequirementsError(line.location, str(error)))
                continue
            except Unlockable as error:
                errors.append(RequirementsError(line.location, str(error), error.hint))
                continue
            if line.is_constraint:
                constraints.append(Constraint(edge, line.location, f"-c {line.location.path}", line.hashes))
            else:
                roots.append(Root(edge, line.location, _origin(line.location.path), direct=direct, hashes=line.hashes))
    warnings = tuple(warning for file in files for warning in file.warnings)
    return Sources(tuple(roots), tuple(constraints), tuple(errors), warnings)


def _refuse_direct_constraint(line: RequirementLine, direct: DirectSource | None) -> None:
    if direct is not None and line.is_constraint:
        raise Unlockable("a constraint cannot name where a project comes from", "name it in a source")


class Unlockable(Exception):
    """A requirement that names its source itself in a way that no lock can hold."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


def root_of_text(parsed: RequirementText, written: str) -> tuple[Edge, DirectSource | None]:
    """Give back a requirement as an edge, and where it says itself that its project comes from.

    Raises `Unlockable`, `UnreadableRequirement`, `UnreadableMarker`.
    """
    if parsed.kind in _NO_CHOICE:
        raise Unlockable(f"{_NO_CHOICE[parsed.kind]} is not made: {written!r} chooses no version of an index")
    direct = None if parsed.kind is RequirementKind.VERSION else _direct(parsed, written)
    extras = f"[{','.join(parsed.extras)}]" if parsed.extras else ""
    marker = f" ; {parsed.marker}" if parsed.marker else ""
    return parse_edge(f"{parsed.name}{extras}{parsed.specifier if direct is None else ''}{marker}"), direct


def _direct(parsed: RequirementText, written: str) -> DirectSource:
    if not parsed.name:
        raise Unlockable(f"{written!r} does not tell which project it is", "write NAME @ URL")
    if parsed.location.lower().startswith("file:") and parsed.kind is RequirementKind.ARCHIVE_URL:
        raise Unlockable(f"a lock of local archives is not made: {written!r} means nothing elsewhere")
    if parsed.kind is RequirementKind.REPOSITORY and not parsed.location.startswith("git+"):
        raise Unlockable(f"of version control systems peep knows git only: {written!r}", "write NAME @ git+https://…")
    if _has_literal_credentials(parsed.location.removeprefix("git+")) and not parsed.location.startswith("git+ssh:"):
        reason = f"the URL of {parsed.name} holds a credential that would be written into the lock"
        raise Unlockable(reason, "leave it out, and use netrc or a credential helper")
    return DirectSource(parsed.location, parsed.subdirectory or "", parsed.hashes)


def _origin(path: str) -> str:
    return "the command line" if path == COMMAND_LINE else f"-r {path}"


def admission(roots: Iterable[Root], constraints: Iterable[Constraint]) -> Admission:
    """Tell which pre-releases and yanked versions the user's own clauses ask for."""
    return admission_of([*(root.edge for root in roots), *(limit.edge for limit in constraints)])


def admission_of(edges: Iterable[Edge]) -> Admission:
    """Do as `admission` for single requirements."""
    pre_releases: set[str] = set()
    exact: dict[str, set[Version]] = {}
    for edge in edges:
        for version, is_pin in _versions(edge.specifier):
            if version.is_prerelease:
                pre_releases.add(edge.name)
            if is_pin:
                exact.setdefault(edge.name, set()).add(version)
    return Admission(frozenset(pre_releases), {name: frozenset(versions) for name, versions in exact.items()})


def _versions(specifier: SpecifierSet) -> Iterable[tuple[Version, bool]]:
    for clause in specifier:
        version = version_or_none(clause.version.removesuffix(".*"))
        if version is not None and clause.operator != "!=":
            yield version, clause.operator in {"==", "==="} and not clause.version.endswith(".*")


# -- option lines ------------------------------------------------------------------------------------


def option_lines(entries: Iterable[OptionLine]) -> tuple[tuple[str, ...], tuple[RequirementsError, ...]]:
    """Give back the option lines that the output repeats, as written, variables unexpanded.

    A credential that is written out is refused: it would be copied into a file that is shared.
    """
    values: dict[str, dict[str, None]] = {name: {} for name in _REPEATED}
    errors: list[RequirementsError] = []
    for entry in entries:
        if entry.name not in values:
            continue
        if _has_literal_credentials(entry.value):
            reason = f"{entry.name} holds a credential that would be written into the lock"
            errors.append(RequirementsError(entry.location, reason, "write ${VARIABLE} in its place, or use netrc"))
            continue
        values[entry.name][entry.value] = None
    return tuple(_ordered_lines(values)), tuple(errors)


def _ordered_lines(values: Mapping[str, Mapping[str, None]]) -> Iterable[str]:
    for name in _REPEATED:
        texts = list(values[name])
        if name == "--index-url":
            texts = texts[-1:]
        if name in {"--no-binary", "--only-binary"}:
            texts = sorted({part.strip() for text in texts for part in text.split(",") if part.strip()})
            texts.sort(key=lambda text: text != ":all:")
        yield from (f"{name} {text}" for text in texts)


def _has_literal_credentials(value: str) -> bool:
    try:
        user = urlsplit(value).netloc.rpartition("@")[0]
    except ValueError:
        return "@" in value
    return any(part and not _VARIABLE.fullmatch(part) for part in user.split(":", 1))
