"""Threads of a lock: one takes pages apart, two keep what was read, some ask ahead."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from peep.concurrency.worker import Worker

Value = TypeVar("Value")

_KEEPERS = 2
_AHEAD = 8


class LockThreads:
    """A few threads, whoever asks.

    To take a page apart is work for the interpreter alone. A large page fills 20 MB meanwhile, and the allocator keeps
    such memory for each thread: done by all that wait for answers, it is 80 MB in a large lock. What is kept is hashed
    and written meanwhile, for which the interpreter is not needed; by two, for who comes back from that has to wait for
    a turn.
    """

    def __init__(self) -> None:
        self._reader = Worker("peep-pages")
        self._keeper = Worker("peep-keep", _KEEPERS)
        self._kept: list[Future[None]] = []
        self._ahead = Worker("peep-ahead", _AHEAD)

    def read(self, task: Callable[[], Value], size: int = 0) -> Value:
        """Have a page of `size` bytes taken apart, and wait for it.

        Small ones come first: what they lead to is asked for while a large one, as long as hundreds of them, is read.
        """
        return self._reader.submit(task, size).result()

    def keep(self, task: Callable[[], None]) -> None:
        """Have a page kept some time before `settle` returns."""
        self._kept.append(self._keeper.submit(task))

    def settle(self) -> None:
        """Wait until all is kept; raises what keeping raised."""
        for future in tuple(self._kept):
            future.result()

    def ask_ahead(self, task: Callable[[], object]) -> None:
        """Have something asked for that may be wanted; nobody waits for it, nor hears what it raises."""
        self._ahead.submit(task)

    def close(self) -> None:
        """Read no more pages, ask no more ahead, and keep what was read."""
        self._reader.cancel()
        self._ahead.cancel()
        self._keeper.finish()
