"""Interpreter shims of version managers: scripts on PATH, whose interpreter can change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from peep.errors import EnvironmentChangeError
from peep.system.files import ToldAs, regular_only

if TYPE_CHECKING:
    from peep.system.processes import RunProgram

_SECONDS = 30.0


def is_script(path: str) -> bool:
    """Whether the file is a script and no interpreter itself."""
    if path.lower().endswith((".bat", ".cmd")):
        return True
    try:
        with open(path, "rb", buffering=0, opener=regular_only) as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def interpreter_behind(python: str, run_program: RunProgram | None) -> str:
    """The interpreter that `python` stands for here and now: itself, or the one that this script starts.

    Raises `EnvironmentChangeError` when a script starts none.
    """
    if not is_script(python):
        return python
    # No other run needs a subprocess module here.
    from peep.system.processes import printable_lines, run  # noqa: PLC0415

    found = ""
    for flags in (("-I", "-S", "-X", "utf8"), ("-E", "-s", "-S")):  # Python 2 knows the latter only
        arguments = [python, *flags, "-c", "import sys; print(sys.executable)"]
        with ToldAs(EnvironmentChangeError, f"{python} does not start"):
            ended = (run_program or run)(arguments, env=dict(os.environ), timeout=_SECONDS)
        found = ended.output.decode("utf-8", "replace").strip()
        if os.path.isfile(found):
            break
    else:
        reason = (printable_lines(ended.errors) or ("it says nothing",))[-1]
        raise EnvironmentChangeError(f"{python} does not start a Python interpreter: {reason}")
    return found
