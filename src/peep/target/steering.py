"""Files by which an environment leads its interpreter to another standard library.

An interpreter runs modules of its standard library before it looks at its options: `-I -S` is no protection. Which
library that is follows from its own place, unless a file beside it, or `home` in `pyvenv.cfg`, says something else
(CPython's `Modules/getpath.py`; THREATS V7). Windows is excepted, whose starters take their library from the registry.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from peep.errors import EnvironmentChangeError
from peep.system.files import regular_only

_LONGEST = 1 << 16
"""Bytes of a `pyvenv.cfg` that are looked at."""
_LANDMARKS = ("os.py", "os.pyc", "lib-dynload")
"""What CPython looks for in `lib/pythonX.Y`, in each folder above `home`, to tell the library."""
_NUMBERED = tuple(f"python{digit}" for digit in range(10))
_BUILD_MARKS = ("pybuilddir.txt", "Modules/Setup.local")
"""What CPython looks for in `home`, or beside the real interpreter, to tell that it runs where it was built."""


def refuse_steered(python: str) -> None:
    """Raise `EnvironmentChangeError` before `python` (absolute) is started, if a file leads it to a foreign library."""
    if os.name == "nt":
        return
    _refuse_whole_path(python, python)
    folder = os.path.dirname(python)
    has_home = False
    for settings in (os.path.join(os.path.dirname(folder), "pyvenv.cfg"), os.path.join(folder, "pyvenv.cfg")):
        for home in _homes(settings):
            has_home = True
            original = _original(python, home)
            _refuse_whole_path(python, original)
            if library := _foreign_library(os.path.abspath(home), original):
                raise EnvironmentChangeError(
                    f"{settings} says 'home = {home}', and {library} is not the standard library of {original}; "
                    f"{python} was not started",
                    "make the environment anew: its interpreter would run other code than its own",
                )
    if not has_home:
        _refuse_build_mark(python, os.path.dirname(os.path.realpath(python)))


def _refuse_whole_path(python: str, started_as: str) -> None:
    """Raise for a `._pth`: CPython looks beside the name it is started by and beside what `home` has of that name."""
    if started_as and os.path.lexists(f"{started_as}._pth"):
        raise EnvironmentChangeError(
            f"{started_as}._pth says where {started_as} has its standard library; {python} was not started",
            "no tool writes such a file: remove it, and find out who put it there",
        )


def _refuse_build_mark(python: str, folder: str) -> None:
    """Raise for a mark of a build beside an interpreter that was installed: in a folder `bin` none is built."""
    if os.path.basename(folder) == "bin" and (mark := _build_mark(folder)):
        raise EnvironmentChangeError(
            f"{mark} would make {python} take its standard library from where it was built; it was not started",
            "only a folder in which Python is built has such a file: remove it, and find out who put it there",
        )


def has_library(root: str) -> bool:
    """Whether the folder `root` is an installation: a standard library lies in it, as files or zipped."""
    return bool(next(_libraries(root), "") or next(_zipped(root), ""))


def pyvenv_settings(path: str) -> list[tuple[str, str]] | None:
    """The lines `KEY = VALUE` of a `pyvenv.cfg` (PEP 405), keys in lower case; None where there is no such file."""
    try:
        with open(path, "rb", opener=regular_only) as file:
            pairs = [line.partition("=") for line in os.fsdecode(file.read(_LONGEST)).splitlines()]
    except OSError:
        return None
    return [(key.strip().lower(), value.strip()) for key, equals, value in pairs if equals]


def _homes(settings: str) -> Iterator[str]:
    """Each `home` of a `pyvenv.cfg`: which of several counts, versions of Python do not agree upon."""
    return (value for key, value in pyvenv_settings(settings) or () if key == "home" and value)


def _original(python: str, home: str) -> str:
    """The interpreter that lies by its library: what `python` leads to; of a copy, what lies under its name in `home`.

    Of a copy whose `home` holds another copy, nobody can tell more.
    """
    real = os.path.realpath(python)
    root = os.path.realpath(os.path.dirname(os.path.dirname(python)))
    if not _is_below(real, root):
        return real
    names = (os.path.basename(real), os.path.basename(python), "python3", "python")
    return next((os.path.realpath(path) for name in names if os.path.exists(path := os.path.join(home, name))), "")


def _foreign_library(home: str, original: str) -> str:
    """The library that an interpreter with that `home` finds first, if it lies elsewhere than `original`; '' if not.

    In CPython's order: a mark of a build in `home` itself, a zipped library in any folder above, then one of files.
    """
    if not original:
        return ""
    if mark := _build_mark(home):
        return "" if os.path.dirname(original) == os.path.realpath(home) else mark
    for libraries in (_zipped, _libraries):
        for place in _and_above(home):
            if found := next(libraries(place), ""):
                if not _is_below(original, os.path.realpath(place)):
                    return found
                break
    return ""


def _and_above(folder: str) -> Iterator[str]:
    yield folder
    while (above := os.path.dirname(folder)) != folder:
        folder = above
        yield folder


def _build_mark(folder: str) -> str:
    """The file in `folder` by which CPython takes it for one in which Python is built; '' if there is none."""
    return next((path for name in _BUILD_MARKS if os.path.lexists(path := os.path.join(folder, name))), "")


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _zipped(place: str) -> Iterator[str]:
    for folder in _names(place):
        if folder.startswith("lib"):
            inside = os.path.join(place, folder)
            for name in _names(inside):
                if name.startswith(_NUMBERED) and name.endswith(".zip"):
                    yield os.path.join(inside, name)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _libraries(place: str) -> Iterator[str]:
    for folder in ("lib", "lib64"):
        for name in _names(os.path.join(place, folder)):
            if name.startswith(("python", "pypy", "graalpy")):
                library = os.path.join(place, folder, name)
                if any(os.path.lexists(os.path.join(library, landmark)) for landmark in _LANDMARKS):
                    yield library
