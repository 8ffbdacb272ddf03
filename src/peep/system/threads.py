"""A few threads that work through a list of tasks, and can be stopped at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

GRACE = 2.0
"""Seconds that running tasks get to notice that they should stop; one that hangs in a socket does not hold up exit."""

_POLL = 0.5
"""Seconds between looks: on Windows a wait for a lock does not hear Ctrl-C."""


class Stopped(Exception):
    """Raised by a task that noticed the wish to stop; not an error."""


def run_in_threads(tasks: Sequence[Callable[[], None]], limit: int, stop: threading.Event) -> None:
    """Run all `tasks`, in order of their start and at most `limit` at a time, and return when all have ended.

    The first exception of a task, or one that reaches the calling thread (Ctrl-C), sets `stop`, keeps further tasks
    from starting, gives running ones `GRACE` seconds and is raised. The threads are daemons: none outlives the process.
    """
    waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    endings: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    arguments = (waiting, endings, stop)
    threads = [
        threading.Thread(target=_work, args=arguments, name=f"peep-{number}", daemon=True)
        for number in range(min(limit, len(tasks)))
    ]
    try:
        for thread in threads:
            thread.start()
        for _ in threads:
            _raise_if_failed(endings)
    except BaseException:
        stop.set()
        _await(threads)
        raise


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


def _raise_if_failed(endings: queue.SimpleQueue[BaseException | None]) -> None:
    while True:
        try:
            failure = endings.get(timeout=_POLL)
        except queue.Empty:
            continue
        if failure is not None:
            raise failure
        return


def _await(threads: Sequence[threading.Thread]) -> None:
    deadline = monotonic() + GRACE
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline - monotonic()))
