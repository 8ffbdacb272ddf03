"""Thread pool for tasks of one or several kinds (lanes), which can be stopped at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from itertools import count
from time import monotonic, process_time

GRACE = 2.0
"""Seconds that running tasks get to notice that they should stop; one that hangs in a socket does not hold up exit."""

_POLL = 0.5
"""Seconds between looks: on Windows a wait for a lock does not hear Ctrl-C."""

FIRST = 2
"""Threads that begin with one kind of task: one can receive and hash while another computes."""

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


class Lane:
    """Tasks of one kind: the heaviest first, those of one weight in their order."""

    def __init__(self, first: int = FIRST) -> None:
        """`first`: how many of them may run at once, as long as the processor has enough to do."""
        self.allowed = first
        self.running = 0
        self._waiting: queue.PriorityQueue[tuple[float, int, Task]] = queue.PriorityQueue()
        self._numbers = count()
        self._on_more: Callable[[], None] | None = None

    def add(self, task: Task, weight: float = 0) -> None:
        """Have a task run: to be called before the lanes run, or by another task while they do."""
        self._waiting.put((-weight, next(self._numbers), task))
        if self._on_more is not None and self.running < self.allowed:
            self._on_more()

    def listen(self, on_more: Callable[[], None]) -> None:
        """Call `on_more`, in any thread, when there is a task more than the threads of this lane will soon begin."""
        self._on_more = on_more

    def waiting(self) -> int:
        return self._waiting.qsize()

    def take(self) -> Task | None:
        """The next task; None when none waits."""
        try:
            return self._waiting.get_nowait()[2]
        except queue.Empty:
            return None


def run_lanes(lanes: Sequence[Lane], stop: threading.Event, *, limit: int = MOST, load: Load | None = None) -> None:
    """Run the tasks of all `lanes`, at most `limit` at a time, and return when all have ended.

    Each lane begins with few threads, and more follow only while the processor has nothing to do: where a fast server
    answers at once, they would finish no sooner, only hand the interpreter lock around. `load` tells; None is this
    process's.

    The first exception of a task, or one that reaches the calling thread (Ctrl-C), sets `stop`, keeps further tasks
    from starting, gives running ones `GRACE` seconds and is raised. The threads are daemons: none outlives the process.
    """
    workers = _Workers(lanes, stop, limit)
    try:
        # No loop here: Ctrl-C that comes at the end of one passes by the handler in CPython 3.13.0.
        _run_to_the_end(workers, load or Load())
    except BaseException:
        stop.set()
        _await(list(workers.threads))
        raise


def _run_to_the_end(workers: _Workers, load: Load) -> None:
    while workers.are_needed():
        while (thread := workers.next_thread()) is not None:
            try:
                thread.start()
            except RuntimeError:  # the user may have no more threads: those that run do it all
                if not workers.can_do_without(thread):
                    raise
        could_grow = workers.could_grow()
        if not workers.next_event(load.pause if could_grow else _POLL) and could_grow and load.is_low():
            workers.allow_more()


class _Workers:
    """The threads of one run."""

    def __init__(self, lanes: Sequence[Lane], stop: threading.Event, limit: int) -> None:
        self.threads: dict[threading.Thread, Lane] = {}
        self._lanes = lanes
        self._stop = stop
        self._limit = limit
        self._events: queue.SimpleQueue[Lane | BaseException | None] = queue.SimpleQueue()
        """A lane of which a thread has ended, what ended one before its time, or None: there are more tasks."""
        for lane in lanes:
            lane.listen(lambda: self._events.put(None))

    def are_needed(self) -> bool:
        """Whether a task runs, or one waits that may run."""
        return any(lane.running for lane in self._lanes) or self._next_lane() is not None

    def next_thread(self) -> threading.Thread | None:
        """A thread for a task that may run, to be started now; None when those that run are enough."""
        lane = self._next_lane()
        if lane is None:
            return None
        name = f"peep-{len(self.threads)}"
        thread = threading.Thread(target=_work, args=(lane, self._events, self._stop), name=name, daemon=True)
        self.threads[thread] = lane
        lane.running += 1
        return thread

    def can_do_without(self, thread: threading.Thread) -> bool:
        """Forget a thread that could not be started, and begin no further ones; False when no other one runs."""
        self.threads.pop(thread).running -= 1
        self._limit = sum(other.running for other in self._lanes)
        return self._limit > 0

    def could_grow(self) -> bool:
        return self._room() > 0 and any(lane.waiting() for lane in self._lanes)

    def allow_more(self) -> None:
        """Let twice as many tasks run at once, of each kind that waits."""
        for lane in self._lanes:
            if lane.waiting():
                lane.allowed *= 2

    def next_event(self, patience: float) -> bool:
        """Wait `patience` seconds for news, False when there are none; raises what ended a thread."""
        try:
            event = self._events.get(timeout=patience)
        except queue.Empty:
            return False
        if isinstance(event, BaseException):
            raise event
        if event is not None:
            event.running -= 1
        return True

    def _room(self) -> int:
        """How many more threads may be started."""
        return 0 if self._stop.is_set() else self._limit - sum(lane.running for lane in self._lanes)

    def _next_lane(self) -> Lane | None:
        """The lane whose next task may have one more thread."""
        if self._room() <= 0:
            return None
        return next((lane for lane in self._lanes if lane.running < lane.allowed and lane.waiting() > 0), None)


def _work(lane: Lane, event: queue.SimpleQueue[Lane | BaseException | None], stop: threading.Event) -> None:
    try:
        while not stop.is_set() and (task := lane.take()):
            task()
    except Stopped:
        event.put(lane)
    except BaseException as failure:  # noqa: BLE001 - handed to the calling thread, which raises it
        event.put(failure)
    else:
        event.put(lane)


def _await(threads: Sequence[threading.Thread]) -> None:
    deadline = monotonic() + GRACE
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline - monotonic()))
