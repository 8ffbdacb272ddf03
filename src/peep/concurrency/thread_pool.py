"""Thread pool for the tasks of one queue, which can be stopped at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from time import monotonic, process_time

GRACE = 2.0
"""Seconds that running tasks get to notice that they should stop; one that hangs in a socket does not hold up exit."""

_POLL = 0.5
"""Seconds between looks: on Windows a wait for a lock does not hear Ctrl-C."""

FIRST = 2
"""Threads that begin: one can receive and hash while another computes."""

MOST = 32
"""Threads, and connections: as many as servers far away are worth."""

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


Task = Callable[[], None]

_MORE, _ENDED = "there are more tasks", "a thread has ended"
_Event = str | BaseException
"""One of the two, or what ended a thread before its time."""


class TaskQueue:
    """Tasks of all kinds: the heaviest first, those of one weight in their order."""

    def __init__(self) -> None:
        self._waiting: queue.PriorityQueue[tuple[float, int, Task]] = queue.PriorityQueue()
        self._numbers = count()
        self.on_more: Callable[[], None] = lambda: None
        """Called, in any thread, when there is a task more."""

    def add(self, task: Task, weight: float = 0) -> None:
        """Have a task run: to be called before the tasks run, or by another task while they do."""
        self._waiting.put((-weight, next(self._numbers), task))
        self.on_more()

    def is_empty(self) -> bool:
        return self._waiting.empty()

    def take(self) -> Task | None:
        """The next task; None when none waits."""
        try:
            return self._waiting.get_nowait()[2]
        except queue.Empty:
            return None


def run_tasks(
    tasks: TaskQueue, stop: threading.Event, *, first: int = FIRST, limit: int = MOST, load: Load | None = None
) -> None:
    """Run all `tasks`, at most `limit` at a time, and return when all have ended.

    `first` threads begin, and twice as many follow each time that the processor has nothing to do: where a fast server
    answers at once, they would finish no sooner, only hand the interpreter lock around. `load` tells; None is this
    process's.

    The first exception of a task, or one that reaches the calling thread (Ctrl-C), sets `stop`, keeps further tasks
    from starting, gives running ones `GRACE` seconds and is raised. The threads are daemons: none outlives the process.
    """
    workers = _Workers(tasks, stop, first, limit)
    try:
        # No loop here: Ctrl-C that comes at the end of one passes by the handler in CPython 3.13.0.
        _run_to_the_end(workers, load or Load())
    except BaseException:
        stop.set()
        _await(workers.threads)
        raise


def _run_to_the_end(workers: _Workers, load: Load) -> None:
    while workers.are_needed():
        while workers.has_room(workers.allowed):
            thread = workers.next_thread()
            try:
                thread.start()
            except RuntimeError:  # the user may have no more threads: those that run do it all
                if not workers.can_do_without(thread):
                    raise
        could_grow = workers.has_room(workers.limit)
        if not workers.next_event(load.pause if could_grow else _POLL) and could_grow and load.is_low():
            workers.allowed *= 2


class _Workers:
    """The threads of one run."""

    def __init__(self, tasks: TaskQueue, stop: threading.Event, first: int, limit: int) -> None:
        self.threads: list[threading.Thread] = []
        self.allowed = first
        """How many may run at once, as long as the processor has enough to do."""
        self.limit = limit
        self._running = 0
        self._tasks = tasks
        self._stop = stop
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        tasks.on_more = partial(self._events.put, _MORE)

    def are_needed(self) -> bool:
        """Whether a task runs, or one waits that may run."""
        return self._running > 0 or self.has_room(self.limit)

    def has_room(self, most: int) -> bool:
        """Whether a task waits for which one more thread may be started, if there are fewer than `most`."""
        return not (self._stop.is_set() or self._tasks.is_empty()) and self._running < min(most, self.limit)

    def next_thread(self) -> threading.Thread:
        """A thread that takes tasks, to be started now."""
        arguments = self._tasks, self._events, self._stop
        thread = threading.Thread(target=_work, args=arguments, name=f"peep-{len(self.threads)}", daemon=True)
        self.threads.append(thread)
        self._running += 1
        return thread

    def can_do_without(self, thread: threading.Thread) -> bool:
        """Forget a thread that could not be started, and begin no further ones; False when no other one runs."""
        self.threads.remove(thread)
        self._running -= 1
        self.limit = self._running
        return self.limit > 0

    def next_event(self, patience: float) -> bool:
        """Wait `patience` seconds for news, False when there are none; raises what ended a thread."""
        try:
            event = self._events.get(timeout=patience)
        except queue.Empty:
            return False
        if isinstance(event, BaseException):
            raise event
        if event is _ENDED:
            self._running -= 1
        return True


def _work(tasks: TaskQueue, events: queue.SimpleQueue[_Event], stop: threading.Event) -> None:
    event: _Event = _ENDED
    try:
        while not stop.is_set() and (task := tasks.take()):
            task()
    except Stopped:
        pass
    except BaseException as failure:  # noqa: BLE001 - handed to the calling thread, which raises it
        event = failure
    events.put(event)


def _await(threads: Sequence[threading.Thread]) -> None:
    deadline = monotonic() + GRACE
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline - monotonic()))
