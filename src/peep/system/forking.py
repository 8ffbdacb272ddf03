"""Copies of this process, where the system can make them safely."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable


def may_fork() -> bool:
    """Other threads might hold locks that a forked process would wait for in vain; macOS's libraries start some."""
    return sys.platform == "linux" and threading.active_count() == 1


def forked(task: Callable[[], object]) -> int:
    """Do `task` in a copy of this process that ends with it; gives the copy's process number, to be waited for.

    The copy leaves Ctrl-C to this process, and unwinds nothing of what it was in the middle of.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = os.fork()
        if process == 0:
            status = 1
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                task()
                status = 0
            finally:
                os._exit(status)
        return process
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
