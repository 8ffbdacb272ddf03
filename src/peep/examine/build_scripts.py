"""Build code of an sdist: files and modules that its build configuration and scripts have run.

Sources: setuptools' declarative configuration (`cmdclass`, `attr:`), the custom hooks of hatchling, pdm-backend,
poetry-core and scikit-build-core.
"""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from peep.dataclass import dataclass
from peep.formats.documents import parse_toml

_PATHS = re.compile(
    r"hatch\.(?:build(?:\.targets\.[^.]+)?|metadata)\.hooks\.custom\.path|hatch\.build\.targets\.custom\.path|"
    r"pdm\.build\.custom-hook|poetry\.build(?:\.script)?"
)
_MODULES = re.compile(r"setuptools\.cmdclass\.[^.]+|pdm\.version\.getter|scikit-build\.metadata\.[^.]+\.provider")
_ROOTS = re.compile(r"scikit-build\.metadata\.[^.]+\.provider-path")
_ATTRIBUTES = re.compile(r"setuptools\.dynamic\.[^.]+\.attr")
_WORD = re.compile(r"[\w.+/\\-]{4,200}")
_PROGRAMS = (".py", ".sh", ".bash", ".pl", ".rb", ".js", ".mjs")
_QUOTED_FOLDER = re.compile(r"""["']\.?/?([\w.-]+(?:/[\w.-]+)*)/?["']""")
_DEEPEST = 20
_MOST_FOLDERS = 10
"""Quoted folders in which each name that a script has is looked for."""


@dataclass(frozen=True, slots=True)
class BuildCode:
    """What a build configuration names. `attributes`: of modules that run only where they give no plain value."""

    roots: tuple[str, ...] = ()
    """Folders from which modules are imported, each '' or ending in `/`."""
    modules: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    """(module, name in it)."""


def configured_code(pyproject: bytes, setup_cfg: bytes, backend: str, backend_paths: Collection[str]) -> BuildCode:
    """Read `pyproject.toml` and `setup.cfg` (empty: there is none); what cannot be read names nothing."""
    settings = dict([*_toml_settings(pyproject), *_cfg_settings(setup_cfg)])
    roots = [folder(path) for path in backend_paths]
    paths = [posixpath.normpath(value) for key, value in settings.items() if _PATHS.fullmatch(key)]
    modules = [_module(value) for key, value in settings.items() if _MODULES.fullmatch(key)]
    if backend_paths and backend:
        modules.append(backend.partition(":")[0])
    if settings.get("hatch.version.source") == "code":
        paths.append(posixpath.normpath(settings.get("hatch.version.path", "")))
    modules += settings.get("global.command_packages", "").replace(",", " ").split()
    roots += [folder(value) for key, value in settings.items() if _ROOTS.fullmatch(key)]
    attributes = [
        (value.rpartition(".")[0], value.rpartition(".")[2])
        for key, value in settings.items()
        if _ATTRIBUTES.fullmatch(key)
    ]
    return BuildCode(tuple(dict.fromkeys(roots)), tuple(modules), tuple(paths), tuple(attributes))


def folder(path: str) -> str:
    """A folder's path as a prefix: `./tools` -> `tools/`, `.` -> ''."""
    cleaned = posixpath.normpath(path)
    return "" if cleaned in (".", "") else cleaned + "/"


def _module(text: str) -> str:
    """`package.module:function`, `package.module.Class` or a module."""
    if ":" in text:
        return text.partition(":")[0].strip()
    parts = text.strip().split(".")
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1][:1].isupper() else parts)


def _toml_settings(content: bytes) -> Iterator[tuple[str, str]]:
    """Texts below `tool` by their dotted keys, without `tool`."""
    try:
        tables: Any = parse_toml(content.decode("utf-8")).get("tool", {})
    except (ValueError, RecursionError):
        return
    yield from _texts(tables, "", 0)


def _texts(value: Any, key: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict) and depth < _DEEPEST:
        for name, below in value.items():
            yield from _texts(below, f"{key}.{name}" if key else name, depth + 1)


def _cfg_settings(content: bytes) -> Iterator[tuple[str, str]]:
    """What `setup.cfg` says, under the keys by which `pyproject.toml` says the same."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(content.decode("utf-8", "replace"))
    except (configparser.Error, ValueError):
        return
    for section in parser.sections():
        for key, value in parser.items(section):
            yield f"{section}.{key}", value
            if section in ("metadata", "options") and value.startswith("attr:"):
                yield f"setuptools.dynamic.{section}-{key}.attr", value.removeprefix("attr:").strip()
            elif section == "options" and key == "cmdclass":
                for number, line in enumerate(value.splitlines()):
                    yield f"setuptools.cmdclass.{number}", line.partition("=")[2].strip()


def is_plain_value(content: bytes, name: str) -> bool:
    """Whether setuptools finds the value of `attr:` in a module's text, and so does not import the module."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(one, ast.Name) and one.id == name for one in targets):
            return _is_literal(getattr(statement, "value", None))
    return False


def _is_literal(value: ast.expr | None) -> bool:
    try:
        ast.literal_eval(value) if value is not None else None
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return value is not None


def named_scripts(path: str, text: str, files: Mapping[str, object], folders: Collection[str]) -> Iterator[str]:
    """Programs of the sdist whose paths stand in a build script, from its own folder, the top, or a folder it names.

    `folders`: all of the sdist's, as `folders_above` gives them.
    """
    bases = dict.fromkeys((path.rpartition("/")[0], "", *islice(named_folders(text, folders), _MOST_FOLDERS)))
    words = (one.rstrip(".") for one in _WORD.findall(text))
    for word in dict.fromkeys(one for one in words if one.endswith(_PROGRAMS)):
        places = (posixpath.normpath(posixpath.join(base, word.replace("\\", "/"))) for base in bases)
        named = next((place for place in places if place in files), path)
        if named != path:
            yield named


def named_folders(text: str, folders: Collection[str]) -> Iterator[str]:
    """Folders of the sdist that stand quoted in a build script, as it puts them on `sys.path`."""
    yield from (f"{one}/" for one in dict.fromkeys(_QUOTED_FOLDER.findall(text)) if one in folders)
