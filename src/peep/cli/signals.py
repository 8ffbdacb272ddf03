"""SIGTERM handling: the stack unwinds as on Ctrl-C, so that everything begun is finished or undone."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class Terminated(BaseException):
    """SIGTERM came."""


def unwind_on_sigterm() -> None:
    """Make SIGTERM raise `Terminated` in the main thread, unless whoever started us has it ignored."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _raise)


def _raise(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: what follows must not be cut short
    raise Terminated
