"""Copies of this process, for tests of several runs at once and of runs that are killed."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from peep.system.posix_calls import fork


def forked(work: Callable[[], object]) -> int:
    """Run `work` in a copy of this process; gives back its number. It ends with status 0, or 1 after an error."""
    child = fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - the copy must never come back to pytest
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def status_of(child: int) -> int:
    """Wait for a copy: its exit status, or minus the number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
