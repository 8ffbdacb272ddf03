"""A few threads that work through a list of tasks, and can be stopped at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic, process_time

GRACE = 2.0
"""Seconds that running tasks get to notice that they should stop; one that hangs in a socket does not hold up exit."""

_POLL = 0.5
"""Seconds between looks: on Windows a wait for a lock does not hear Ctrl-C."""

FIRST = 2
"""Threads that begin: one can receive and hash while another computes."""

_FIRST_LOOK, _LAST_LOOK = 0.002, 0.032
"""Seconds to the next look at whether more threads are of use; little beside the answer of a server far away."""

_BUSY = 0.6
"""Seconds of processor time in a second; with less, the threads wait for others."""


Clock = Callable[[], float]


class Stopped(Exception):
    """Raised by a task that noticed the wish to stop; not an error."""


class Load:
    """How busy this process keeps the processor, looked at seldom while it does and often while it does not."""

    def __init__(self, wall: Clock = monotonic, processor: Clock = process_time) -> None:
        """Look for the first time; `wall` and `processor` count seconds that passed, and seconds of computing."""
        self.pause = _FIRST_LOOK
        self._clocks = wall, processor
        self._wall, self._processor = wall(), processor()

    def is_low(self) -> bool:
        """Whether most of the time since the last look went by in waiting."""
        wall, processor = (clock() for clock in self._clocks)
        is_low = processor - self._processor < _BUSY * (wall - self._wall)
        self._wall, self._processor = wall, processor
        self.pause = _FIRST_LOOK if is_low else min(2 * self.pause, _LAST_LOOK)
        return is_low


def run_in_threads(
    tasks: Sequence[Callable[[], None]],
    limit: int,
    stop: threading.Event,
    *,
    first: int = FIRST,
    load: Load | None = None,
) -> None:
    """Run all `tasks`, in order of their start and at most `limit` at a time, and return when all have ended.

    `first` threads begin, and more follow only while the processor has nothing to do: where a fast server answers at
    once, they would finish no sooner, only hand the interpreter lock around. `load` tells; None is this process's.

    The first exception of a task, or one that reaches the calling thread (Ctrl-C), sets `stop`, keeps further tasks
    from starting, gives running ones `GRACE` seconds and is raised. The threads are daemons: none outlives the process.
    """
    workers = _Workers(tasks, stop)
    try:
        # No loop here: Ctrl-C that comes at the end of one passes by the handler in CPython 3.13.0.
        _run_to_the_end(workers, first, limit, stop, load)
    except BaseException:
        stop.set()
        _await(workers.threads)
        raise


def _run_to_the_end(workers: _Workers, first: int, limit: int, stop: threading.Event, load: Load | None) -> None:
    workers.grow(min(first, limit))
    load = load or Load()
    while workers.running:
        may_grow = workers.has_waiting_tasks() and len(workers.threads) < limit and not stop.is_set()
        if not workers.has_ended_one(load.pause if may_grow else _POLL) and may_grow and load.is_low():
            workers.grow(min(len(workers.threads), limit - len(workers.threads)))


class _Workers:
    """The threads of one run, and the tasks that none of them has begun."""

    def __init__(self, tasks: Sequence[Callable[[], None]], stop: threading.Event) -> None:
        self.threads: list[threading.Thread] = []
        self.running = 0
        self._stop = stop
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for task in tasks:
            self._waiting.put(task)
        self._endings: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def has_waiting_tasks(self) -> bool:
        return not self._waiting.empty()

    def grow(self, count: int) -> None:
        """Start `count` more threads, but no more than there are tasks for."""
        for _ in range(min(count, self._waiting.qsize())):
            arguments = (self._waiting, self._endings, self._stop)
            name = f"peep-{len(self.threads)}"
            self.threads.append(threading.Thread(target=_work, args=arguments, name=name, daemon=True))
            self.threads[-1].start()
            self.running += 1

    def has_ended_one(self, patience: float) -> bool:
        """Wait `patience` seconds for a thread to end; raises what ended it."""
        try:
            failure = self._endings.get(timeout=patience)
        except queue.Empty:
            return False
        if failure is not None:
            raise failure
        self.running -= 1
        return True


def _work(
    waiting: queue.SimpleQueue[Callable[[], None]],
    endings: queue.SimpleQueue[BaseException | None],
    stop: threading.Event,
) -> None:
    try:
        with suppress(queue.Empty):
            while not stop.is_set():
                waiting.get_nowait()()
    except Stopped:
        endings.put(None)
    except BaseException as failure:  # noqa: BLE001 - handed to the calling thread, which raises it
        endings.put(failure)
    else:
        endings.put(None)


def _await(threads: Sequence[threading.Thread]) -> None:
    deadline = monotonic() + GRACE
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline - monotonic()))
