"""Program names that would take the place of an environment's interpreter or of its activation scripts.

THREATS W10, W12. Reading a wheel, installing it, uninstalling and `verify` all ask here, so that they can't differ.
"""

from __future__ import annotations

import re

_INTERPRETER = re.compile(
    r"(?:python|pypy|graalpy)w?[0-9.]*[tdw]{0,3}(?:\.(?:exe|py|pyw|cmd|bat|com|ps1))?", re.IGNORECASE | re.ASCII
)
_ACTIVATION = re.compile(r"(?:de)?activate(?:\..*)?|activate_this(?:\..*)?", re.IGNORECASE | re.ASCII | re.DOTALL)


def replaced_program(name: str) -> str:
    """What a program of that name would stand in the place of, in words; '' when of nothing. Case does not count."""
    if _INTERPRETER.fullmatch(name):
        return "interpreter"
    return "activation script" if _ACTIVATION.fullmatch(name) else ""
