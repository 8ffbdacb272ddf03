"""Files by which an environment leads its interpreter to another standard library, and so to code of anybody's.

An interpreter runs modules of its standard library before it looks at its options: `-I -S` is no protection. Which
library that is follows from its own place, unless a file beside it, or `home` in `pyvenv.cfg`, says something else
(CPython's `Modules/getpath.py`; THREATS V7). Windows is excepted, whose starters take their library from the registry.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator

from peep.errors import EnvironmentChangeError
from peep.system.files import regular_only

_LONGEST = 1 << 16
"""Bytes of a `pyvenv.cfg` that are looked at."""
_LANDMARKS = ("os.py", "os.pyc", "lib-dynload")
"""What CPython looks for in `lib/pythonX.Y`, in each folder above `home`, to tell the library."""


def refuse_steered(python: str) -> None:
    """Raise `EnvironmentChangeError` before `python` (absolute) is started, if a file leads it to a foreign library."""
    if os.name == "nt":
        return
    if os.path.lexists(f"{python}._pth"):
        raise EnvironmentChangeError(
            f"{python}._pth says where {python} has its standard library; it was not started",
            "no tool writes such a file: remove it, and find out who put it there",
        )
    folder = os.path.dirname(python)
    for settings in (os.path.join(os.path.dirname(folder), "pyvenv.cfg"), os.path.join(folder, "pyvenv.cfg")):
        for home in _homes(settings):
            original = _original(python, home)
            if library := _foreign_library(os.path.abspath(home), original):
                raise EnvironmentChangeError(
                    f"{settings} says 'home = {home}', and {library} is not the standard library of {original}; "
                    f"{python} was not started",
                    "make the environment anew: its interpreter would run other code than its own",
                )


def has_library(root: str) -> bool:
    """Whether the folder `root` is an installation: a standard library lies in it, as files or zipped."""
    return bool(next(_libraries(root), "") or glob.glob(os.path.join(glob.escape(root), "lib*", "python*.zip")))


def _homes(settings: str) -> Iterator[str]:
    """Each `home` of a `pyvenv.cfg`: which of several counts, versions of Python do not agree upon."""
    try:
        with open(settings, "rb", opener=regular_only) as file:
            lines = os.fsdecode(file.read(_LONGEST)).splitlines()
    except OSError:
        return
    for line in lines:
        key, equals, value = line.partition("=")
        if equals and key.strip().lower() == "home" and value.strip():
            yield value.strip()


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
    """The library that an interpreter with that `home` finds first, if it lies elsewhere than `original`; '' if not."""
    place, above = home, os.path.dirname(home)
    while original:
        if found := next(_libraries(place), ""):
            return "" if _is_below(original, os.path.realpath(place)) else found
        if place == above:
            break
        place, above = above, os.path.dirname(above)
    return ""


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _libraries(place: str) -> Iterator[str]:
    for folder in ("lib", "lib64"):
        try:
            names = os.listdir(os.path.join(place, folder))
        except OSError:
            continue
        for name in names:
            if name.startswith(("python", "pypy", "graalpy")):
                library = os.path.join(place, folder, name)
                if any(os.path.lexists(os.path.join(library, landmark)) for landmark in _LANDMARKS):
                    yield library
