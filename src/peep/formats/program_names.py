"""Program names that would take the place of an environment's interpreter or of its activation scripts.

THREATS W10, W12, V7. Reading a wheel, installing it, uninstalling and `verify` all ask here, so that they can't differ.
"""

from __future__ import annotations

import re

_INTERPRETER = re.compile(
    r"(?:python|pypy|graalpy)w?[0-9.]*[tdw]{0,3}(?:\.(?:exe|dll|py|pyw|cmd|bat|com|ps1))?", re.IGNORECASE | re.ASCII
)
_ACTIVATION = re.compile(r"(?:de)?activate(?:\..*)?|activate_this(?:\..*)?", re.IGNORECASE | re.ASCII | re.DOTALL)


_STEERING = re.compile(r".*\._pth|pyvenv\.cfg|pybuilddir\.txt", re.IGNORECASE | re.DOTALL)


def protected_program(name: str) -> str:
    """What a file of that name, beside the interpreter, would stand in the place of, or steer, in words; '' if nothing.

    An interpreter takes its standard library, and so all that it runs first, from where a `._pth` file, `pyvenv.cfg` or
    `pybuilddir.txt` beside it says (CPython's `Modules/getpath.py`; THREATS V7).
    """
    return "interpreter settings" if _STEERING.fullmatch(name) else replaced_program(name)


def replaced_program(name: str) -> str:
    """What a program of that name would stand in the place of, in words; '' when of nothing. Case does not count."""
    if _INTERPRETER.fullmatch(name):
        return "interpreter"
    return "activation script" if _ACTIVATION.fullmatch(name) else ""
