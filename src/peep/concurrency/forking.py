"""Forked copies of this process, where the system can make them safely."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

from peep.system.posix_calls import fork, hold_back_interrupts, hold_back_only


def may_fork() -> bool:
    """Other threads might hold locks that a forked process would wait for in vain; macOS's libraries start some."""
    return sys.platform == "linux" and threading.active_count() == 1


def forked(task: Callable[[], object]) -> int:
    """Do `task` in a copy of this process that ends with it; gives the copy's process number, to be waited for.

    The copy leaves Ctrl-C to this process, and unwinds nothing of what it was in the middle of.
    """
    before = hold_back_interrupts()
    try:
        process = fork()
        if process == 0:
            status = 1
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                hold_back_only(before)
                task()
                status = 0
            finally:
                os._exit(status)
        return process
    finally:
        hold_back_only(before)
