"""The `build-system` table of pyproject.toml (PEP 517, PEP 518)."""

from __future__ import annotations

import posixpath
from typing import Any

from packaging.requirements import InvalidRequirement

from peep.dataclass import dataclass
from peep.errors import BuildError
from peep.formats.dependency_specifiers import read_requirement
from peep.formats.documents import parse_toml

_LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
_LEGACY_REQUIRES = ("setuptools>=40.8.0",)


@dataclass(frozen=True, slots=True)
class BuildSystem:
    """Who builds a source tree, and what that needs."""

    requires: tuple[str, ...]
    """Requirement texts, as written (PEP 508)."""
    backend: str
    """`module:object` (PEP 517)."""
    backend_path: tuple[str, ...] = ()
    """Folders of the tree that come first when the backend is imported; relative, inside the tree."""


def read_build_system(pyproject: bytes | None, sdist: str) -> BuildSystem:
    """Read a tree's pyproject.toml (None: it has none); `sdist` names the tree in messages.

    Without the file or without the table the project is built by setuptools' legacy backend (PEP 517, "Build backend
    interface"; PEP 518 leaves `setuptools >= 40.8.0` to the front end). Raises `BuildError` for everything that PEP 518
    does not allow and for a backend-path that leaves the tree (THREATS T13).
    """
    if pyproject is None:
        return BuildSystem(_LEGACY_REQUIRES, _LEGACY_BACKEND)
    try:
        document = parse_toml(pyproject.decode("utf-8"))
    except ValueError as error:  # not UTF-8, no TOML, or numbers and nesting beyond measure
        raise BuildError(f"its pyproject.toml cannot be read: {error}", subject=sdist) from error
    if "build-system" not in document:
        return BuildSystem(_LEGACY_REQUIRES, _LEGACY_BACKEND)
    return _from_table(document["build-system"], sdist)


def _from_table(table: Any, sdist: str) -> BuildSystem:
    if not isinstance(table, dict):
        raise BuildError("build-system in pyproject.toml is no table", subject=sdist)
    if "requires" not in table:
        raise BuildError("pyproject.toml has a build-system table without requires", subject=sdist)
    requires = _texts(table, "requires", sdist)
    for text in requires:
        _check_requirement(text, sdist)
    backend = table.get("build-backend")
    backend_path = _texts(table, "backend-path", sdist) if "backend-path" in table else ()
    if backend is None:
        if backend_path:
            raise BuildError("pyproject.toml has a backend-path without a build-backend", subject=sdist)
        return BuildSystem(requires, _LEGACY_BACKEND)
    if not isinstance(backend, str) or not _is_object_reference(backend):
        raise BuildError(f"build-backend in pyproject.toml is no object reference: {backend!r}", subject=sdist)
    for path in backend_path:
        _check_inside(path, sdist)
    return BuildSystem(requires, backend, backend_path)


def _texts(table: dict[str, Any], key: str, sdist: str) -> tuple[str, ...]:
    value = table[key]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BuildError(f"{key} in pyproject.toml is no list of strings", subject=sdist)
    return tuple(value)


def _check_requirement(text: str, sdist: str) -> None:
    try:
        read_requirement(text)
    except InvalidRequirement as error:
        raise BuildError(
            f"build requirement {text!r} in pyproject.toml cannot be read: {error}", subject=sdist
        ) from error


def _is_object_reference(text: str) -> bool:
    """`module.path` or `module.path:object.path`, identifiers only."""
    module, colon, attribute = text.partition(":")
    parts = module.split(".") + (attribute.split(".") if colon else [])
    return all(part.isidentifier() for part in parts)


def _check_inside(path: str, sdist: str) -> None:
    """PEP 517: what backend-path names is relative to the project root and lies within the source tree."""
    plain = path.replace("\\", "/")
    parts = posixpath.normpath(plain).split("/")
    if plain.startswith("/") or ":" in parts[0] or parts[0] == ".." or not path.isprintable():
        raise BuildError(f"backend-path {path!r} in pyproject.toml leaves the source tree", subject=sdist)
