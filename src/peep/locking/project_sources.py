"""Requirements of pyproject.toml and setup.cfg as roots of a lock.

Sources: PEP 621 (`[project]`), PEP 735 (`[dependency-groups]`, read by `packaging.dependency_groups`); setuptools'
declarative setup.cfg (`[options]`). What only a build backend knows (`dynamic`) is refused by name.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from packaging.dependency_groups import DependencyGroupResolver

from peep.dataclass import dataclass, replace
from peep.errors import RequirementsError
from peep.formats.documents import parse_toml
from peep.formats.names import normalised
from peep.formats.setting_lines import line_of_key, line_of_syntax_error
from peep.locking.edges import UnreadableRequirement, parse_edge
from peep.locking.marker_atoms import UnreadableMarker
from peep.locking.roots import Root, Scope
from peep.locking.source_files import Sources, Unlockable, root_of_text
from peep.model import Location
from peep.requirements.requirement_text import MalformedRequirement, parse_requirement_text

EXTRAS, GROUPS = "extras", "dependency_groups"
_NEEDED = ("dependencies", "optional-dependencies")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which extras and groups of a project count."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    all_extras: bool = False
    all_groups: bool = False


@dataclass(frozen=True, slots=True)
class ProjectSource:
    """What a project's file asks for."""

    sources: Sources
    requires_python: str = ""
    extras: tuple[str, ...] = ()
    """Normalised names of those that count, sorted."""
    groups: tuple[str, ...] = ()


def has_project(text: str) -> bool:
    """Tell whether a pyproject.toml has `[project]`; what's no TOML has none."""
    try:
        return isinstance(parse_toml(text).get("project"), dict)
    except ValueError:
        return False


def from_pyproject(text: str, path: str, wanted: Wanted) -> ProjectSource:
    """Read dependencies, the extras and the groups that are wanted."""
    return _Pyproject(text, path, wanted).read()


class _Pyproject:
    """Collects roots and errors of one file."""

    def __init__(self, text: str, path: str, wanted: Wanted) -> None:
        self._text = text
        self._path = path
        self._wanted = wanted
        self._roots: list[Root] = []
        self._errors: list[RequirementsError] = []

    def read(self) -> ProjectSource:
        try:
            document = parse_toml(self._text)
        except ValueError as error:
            place = Location(self._path, line_of_syntax_error(str(error), self._text))
            return ProjectSource(Sources(errors=(RequirementsError(place, f"this is no TOML: {error}"),)))
        project = document.get("project", {})
        groups = document.get("dependency-groups", {})
        if not isinstance(project, dict) or not (project or groups):
            self._error(("project",), "there is no [project] that could be locked", "lock a requirements.in instead")
            return ProjectSource(Sources(errors=tuple(self._errors)))
        title = f"{project.get('name', 'the project')} ({self._path})"
        self._refuse_dynamic(project)
        self._take(project.get("dependencies", []), title, ("project", "dependencies"), ())
        extras = self._extras(project.get("optional-dependencies", {}), title)
        names = self._groups(groups, title)
        python = project.get("requires-python", "")
        sources = Sources(tuple(self._resolved(project)), errors=tuple(self._errors))
        return ProjectSource(sources, python if isinstance(python, str) else "", extras, names)

    def _refuse_dynamic(self, project: Mapping[str, Any]) -> None:
        dynamic = project.get("dynamic", [])
        for name in _NEEDED:
            if isinstance(dynamic, list) and name in dynamic:
                hint = "write them into [project], or into a requirements.in"
                self._error(("project", "dynamic"), f"{name} are dynamic: only the build backend knows them", hint)

    def _extras(self, table: Any, title: str) -> tuple[str, ...]:
        stated = {normalised(name): name for name in table} if isinstance(table, dict) else {}
        asked = set(stated) if self._wanted.all_extras else {normalised(name) for name in self._wanted.extras}
        for name in sorted(asked):
            if name not in stated:
                self._unknown("extra", name, stated)
                continue
            path = ("project", "optional-dependencies", stated[name])
            self._take(table[stated[name]], title, path, (Scope(EXTRAS, name),))
        return tuple(sorted(asked))

    def _groups(self, table: Any, title: str) -> tuple[str, ...]:
        stated = {normalised(name): name for name in table} if isinstance(table, dict) else {}
        asked = set(stated) if self._wanted.all_groups else {normalised(name) for name in self._wanted.groups}
        for name in sorted(asked):
            if name not in stated:
                self._unknown("dependency group", name, stated)
                continue
            path = ("dependency-groups", stated[name])
            try:
                texts = [str(one) for one in DependencyGroupResolver(table).resolve(name)]
            except Exception as error:  # noqa: BLE001 - groups of errors and errors, all of them ValueErrors at heart
                self._error(path, f"the group {name} cannot be read: {_told(error)}")
                continue
            self._take(texts, title, path, (Scope(GROUPS, name),))
        return tuple(sorted(asked))

    def _take(self, texts: Any, title: str, path: tuple[str, ...], scopes: tuple[Scope, ...]) -> None:
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            self._error(path, f"{'.'.join(path)} is no list of requirements")
            return
        for text in texts:
            location = Location(self._path, _line_of_text(self._text, text) or line_of_key(self._text, path))
            self._add(text, location, title, scopes)

    def _add(self, text: str, location: Location, title: str, scopes: tuple[Scope, ...]) -> None:
        try:
            edge, direct = parse_edge(text), None
            if edge.url:
                edge, direct = root_of_text(parse_requirement_text(text), text)
        except Unlockable as error:
            self._errors.append(RequirementsError(location, str(error), error.hint))
            return
        except (UnreadableRequirement, UnreadableMarker, MalformedRequirement) as error:
            self._errors.append(RequirementsError(location, str(error)))
            return
        self._roots.append(Root(edge, location, title, scopes, direct=direct))

    def _resolved(self, project: Mapping[str, Any]) -> Iterator[Root]:
        """Replace what a project requires of itself (`app[fast]` in an extra) by what that extra lists."""
        own = normalised(str(project.get("name", "")))
        table = project.get("optional-dependencies", {})
        stated = table if isinstance(table, dict) else {}
        by_extra: dict[str, Any] = {normalised(name): texts for name, texts in stated.items()}
        for root in self._roots:
            if root.edge.name != own:
                yield root
                continue
            for text in _texts_of_extras(root.edge.extras, by_extra, own):
                marker = f"({root.edge.marker})" if root.edge.marker else ""
                yield replace(root, edge=parse_edge(_with_marker(text, marker)))

    def _unknown(self, kind: str, name: str, stated: Iterable[str]) -> None:
        known = ", ".join(sorted(stated))
        self._error((), f"there is no {kind} {name}", f"there are {known}" if known else "there is none")

    def _error(self, path: Sequence[str], reason: str, hint: str = "") -> None:
        place = Location(self._path, line_of_key(self._text, path) if path else 0)
        self._errors.append(RequirementsError(place, reason, hint))


def _told(error: BaseException) -> str:
    """Give back what an error, or a group of errors, says."""
    inner = getattr(error, "exceptions", ())
    return "; ".join(_told(one) for one in inner) if inner else str(error).partition("\n")[0]


def _texts_of_extras(extras: Iterable[str], by_extra: Mapping[str, Any], own: str) -> list[str]:
    """Give back the requirements of extras, those that lead to further extras of the project followed; cycles end."""
    found: list[str] = []
    seen: set[str] = set()
    waiting = list(extras)
    while waiting:
        extra = waiting.pop(0)
        if extra in seen or extra not in by_extra:
            continue
        seen.add(extra)
        for text in by_extra[extra]:
            edge = parse_edge(str(text))
            if edge.name == own:
                waiting.extend(edge.extras)
            else:
                found.append(str(text))
    return found


def _with_marker(text: str, marker: str) -> str:
    if not marker:
        return text
    head, semicolon, own = text.partition(";")
    return f"{head}; {marker} and ({own.strip()})" if semicolon else f"{head}; {marker}"


def _line_of_text(text: str, wanted: str) -> int:
    """Give back the line that holds a requirement as a quoted text, 0 where none does."""
    for number, line in enumerate(text.split("\n"), start=1):
        if f'"{wanted}"' in line or f"'{wanted}'" in line:
            return number
    return 0


# -- setup.cfg ---------------------------------------------------------------------------------------


def from_setup_cfg(text: str, path: str, wanted: Wanted) -> ProjectSource:
    """Read `install_requires` and the extras that are wanted, as far as they are stated here and not computed."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        reason = f"this is no configuration file: {str(error).splitlines()[0]}"
        return ProjectSource(Sources(errors=(RequirementsError(Location(path, 0), reason),)))
    name = parser.get("metadata", "name", fallback="the project")
    title = f"{name} ({path})"
    roots: list[Root] = []
    errors: list[RequirementsError] = []
    stated = dict(parser.items("options.extras_require")) if parser.has_section("options.extras_require") else {}
    known = {normalised(extra): value for extra, value in stated.items()}
    asked = set(known) if wanted.all_extras else {normalised(extra) for extra in wanted.extras}
    parts: list[tuple[str, tuple[Scope, ...]]] = [(parser.get("options", "install_requires", fallback=""), ())]
    for extra in sorted(asked):
        if extra in known:
            parts.append((known[extra], (Scope(EXTRAS, extra),)))
        else:
            errors.append(RequirementsError(Location(path, 0), f"there is no extra {extra}"))
    for value, scopes in parts:
        for requirement in _requirements(value):
            location = Location(path, _line_holding(text, requirement))
            try:
                roots.append(Root(parse_edge(requirement), location, title, scopes))
            except (UnreadableRequirement, UnreadableMarker) as error:
                errors.append(RequirementsError(location, str(error)))
    python = parser.get("options", "python_requires", fallback="")
    return ProjectSource(Sources(tuple(roots), errors=tuple(errors)), python, tuple(sorted(asked)))


def _requirements(value: str) -> Iterator[str]:
    lines = (line.partition("#")[0].strip() for line in re.split(r"[\r\n]+", value))
    yield from (line for line in lines if line)


def _line_holding(text: str, wanted: str) -> int:
    return next((number for number, line in enumerate(text.split("\n"), start=1) if wanted in line), 0)
