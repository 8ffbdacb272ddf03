"""Trust in the interpreter to be asked: one outside the environment, or an untouched copy of it.

To learn the environment's paths, its `python` is started (isolated, without `site`). In a virtual environment that is
a link to an interpreter elsewhere. A program of the environment's own could be anybody's, so it is not started.
"""

from __future__ import annotations

import filecmp
import os

from peep.environment.scheme_paths import is_inside
from peep.errors import EnvironmentChangeError
from peep.target.steering import has_library, pyvenv_settings


def refuse_planted_interpreter(python: str) -> None:
    """Raise `EnvironmentChangeError` when `python` (absolute) is a file of its virtual environment that its base lacks.

    Windows is excepted: environments have small starters there, which come in many versions.
    """
    if os.name == "nt":
        return
    for root in (os.path.dirname(python), os.path.dirname(os.path.dirname(python))):
        settings = settings_of(os.path.join(root, "pyvenv.cfg"))
        if settings is not None:
            break
    else:
        _refuse_bare(python)
        return
    real = os.path.realpath(python)
    if not is_inside(real, os.path.realpath(root)):
        return
    home = settings.get("home", "")
    originals = [settings.get("executable", ""), *(os.path.join(home, name) for name in _names(real))]
    if any(_is_same(real, original, os.path.realpath(root)) for original in originals):
        return
    raise EnvironmentChangeError(
        f"{python} is a file of the environment itself and not a copy of the interpreter that it was made from; it was "
        "not started",
        f"make its interpreter a link again: {python} -> {os.path.join(home or '/usr/bin', os.path.basename(real))}",
    )


def _refuse_bare(python: str) -> None:
    """Raise for a program that lies in no virtual environment and beside no standard library, so in no installation."""
    folder = os.path.dirname(python)
    root = os.path.dirname(folder)
    is_its_own = os.path.realpath(python) == os.path.join(os.path.realpath(folder), os.path.basename(python))
    if is_its_own and not has_library(root):
        raise EnvironmentChangeError(
            f"{python} lies in {root}, which has neither a pyvenv.cfg nor a standard library; it was not started",
            "an environment without its pyvenv.cfg is none any more: make it anew",
        )


def _names(real: str) -> list[str]:
    return list(dict.fromkeys([os.path.basename(real), "python3", "python"]))


def _is_same(real: str, original: str, root: str) -> bool:
    try:
        place = os.path.realpath(original)
        return os.path.isfile(place) and not is_inside(place, root) and filecmp.cmp(real, place, shallow=False)
    except OSError:
        return False


def settings_of(path: str) -> dict[str, str] | None:
    """The keys of a `pyvenv.cfg`, in lower case, each with its last value; None without one."""
    found = pyvenv_settings(path)
    return None if found is None else dict(found)
