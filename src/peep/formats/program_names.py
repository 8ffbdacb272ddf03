"""Program names that would shadow an environment's interpreter or activation scripts.

THREATS W10, W12, V7. Reading a wheel, installing it, uninstalling and `verify` all ask here, so that they can't differ.
"""

from __future__ import annotations

import re

_INTERPRETER = r"(?ia)(?:python|pypy|graalpy)w?[0-9.]*[tdw]{0,3}(?:\.(?:exe|dll|py|pyw|cmd|bat|com|ps1))?"
_ACTIVATION = r"(?sia)(?:de)?activate(?:\..*)?|activate_this(?:\..*)?"
_STEERING = r"(?si).*\._pth|pyvenv\.cfg|pybuilddir\.txt|modules/setup\.local"


def protected_program(name: str) -> str:
    """What a file of that name, beside the interpreter, would stand in the place of, or steer, in words; '' if nothing.

    An interpreter takes its standard library, and so all that it runs first, from where a `._pth` file, `pyvenv.cfg` or
    `pybuilddir.txt` beside it says, or a file `Modules/Setup.local` (CPython's `Modules/getpath.py`; THREATS V7).
    """
    return "interpreter settings" if re.fullmatch(_STEERING, name) else replaced_program(name)


def replaced_program(name: str) -> str:
    """What a program of that name would stand in the place of, in words; '' when of nothing. Case does not count."""
    if re.fullmatch(_INTERPRETER, name):
        return "interpreter"
    return "activation script" if re.fullmatch(_ACTIVATION, name) else ""
