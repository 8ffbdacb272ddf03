"""Program names that would shadow an environment's interpreter or activation scripts.

THREATS W10, W12, V7. Reading a wheel, installing it, uninstalling and `verify` all ask here, so that they can't differ.
"""

from __future__ import annotations

import re

_INTERPRETER = r"(?ia)(?:python|pypy|graalpy)w?[0-9.]*[tdw]{0,3}(?:\.(?:exe|dll|py|pyw|cmd|bat|com|ps1))?"
_ACTIVATION = r"(?sia)(?:de)?activate(?:\..*)?|activate_this(?:\..*)?"
_STEERING = r"(?si).*\._pth|pyvenv\.cfg|pybuilddir\.txt|modules/setup\.local"
_BEGINNINGS = ("python", "pypy", "graalpy", "activate", "deactivate")
_ENDS = ("._pth", "pyvenv.cfg", "pybuilddir.txt", "setup.local")
"""One of these is in each ASCII name that matches: most programs are called otherwise, and no pattern is compiled."""


def protected_program(name: str) -> str:
    """What a file of that name, beside the interpreter, would stand in the place of, or steer, in words; '' if nothing.

    An interpreter takes its standard library, and so all that it runs first, from where a `._pth` file, `pyvenv.cfg` or
    `pybuilddir.txt` beside it says, or a file `Modules/Setup.local` (CPython's `Modules/getpath.py`; THREATS V7).
    """
    if name.isascii() and not name.lower().endswith(_ENDS):
        return replaced_program(name)
    return "interpreter settings" if re.fullmatch(_STEERING, name) else replaced_program(name)


def replaced_program(name: str) -> str:
    """What a program of that name would stand in the place of, in words; '' when of nothing. Case does not count."""
    if not name.lower().startswith(_BEGINNINGS):
        return ""
    if re.fullmatch(_INTERPRETER, name):
        return "interpreter"
    return "activation script" if re.fullmatch(_ACTIVATION, name) else ""
