"""Project of a folder, found by file names: its lists, their source, its environment.

Whatever cannot be looked at, as a folder without permission, counts as not there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence

from peep.formats.project_files import (
    BUNDLE,
    ENVIRONMENTS,
    FOLDER,
    FOREIGN_LOCKS,
    LISTS,
    SOURCES,
    has_project_table,
    is_list_name,
)
from peep.system.bounded import PROJECT_FILE, read_file

_HIGHEST = 40
"""Folders above that are looked at for a project."""


def first_of(names: Sequence[str], folder: str = ".") -> str | None:
    """The first of the files that is there, as named."""
    return next((name for name in names if os.path.isfile(os.path.join(folder, name))), None)


def lists_in(folder: str) -> tuple[str, ...]:
    """Paths of all lists, seen from `folder`: the one to be used first, then the others by name."""
    there = {name for name in _names(folder) if is_list_name(name)}
    there |= {f"{FOLDER}/{name}" for name in _names(os.path.join(folder, FOLDER)) if name.endswith(".txt")}
    files = sorted(path for path in there if _is_there(os.path.join(folder, path)))
    return tuple(sorted(files, key=_rank))


def source_in(folder: str) -> str | None:
    """The file that requirements are written in: `requirements.in`, or a pyproject.toml with a `[project]` table."""
    found = first_of(SOURCES, folder)
    if found != SOURCES[1]:
        return found
    try:
        content = read_file(os.path.join(folder, found), PROJECT_FILE)
    except OSError:
        return None
    return found if has_project_table(content) else None


def environment_in(folder: str, environ: Mapping[str, str]) -> str | None:
    """The virtual environment of the project, else the one that is active; it may be broken."""
    marks = (name for name in ENVIRONMENTS if os.path.isfile(os.path.join(folder, name, "pyvenv.cfg")))
    return next(marks, None) or environ.get("VIRTUAL_ENV") or None


def bundle_in(folder: str) -> bool:
    return first_of((BUNDLE,), folder) is not None


def is_project(folder: str) -> bool:
    """Whether a folder holds a list of pins, the source of one, or another tool's lock."""
    return bool(lists_in(folder) or source_in(folder) or first_of(FOREIGN_LOCKS, folder))


def project_above() -> str | None:
    """The nearest project in the folders above, as a relative path, as long as that is the same git repository."""
    folder = "."
    for _ in range(_HIGHEST):
        if os.path.exists(os.path.join(folder, ".git")) or _is_root(folder):
            return None
        folder = os.path.normpath(os.path.join(folder, ".."))
        if is_project(folder):
            return folder if _is_in_repository(folder) else None
    return None


def _is_in_repository(folder: str) -> bool:
    """Whether the folder, or one above it, is the root of a repository: a stranger's list in `/tmp` is no project."""
    for _ in range(_HIGHEST):
        if os.path.exists(os.path.join(folder, ".git")):
            return True
        if _is_root(folder):
            return False
        folder = os.path.join(folder, "..")
    return False


def _is_root(folder: str) -> bool:
    try:
        return os.path.samefile(folder, os.path.join(folder, ".."))
    except OSError:
        return True


def _rank(path: str) -> int:
    return LISTS.index(path) if path in LISTS else len(LISTS)


def _is_there(path: str) -> bool:
    """Whether something that can be read as a list is there: a file, or one that nobody may read, but no folder."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _names(folder: str) -> Iterator[str]:
    try:
        yield from os.listdir(folder)
    except OSError:
        return
