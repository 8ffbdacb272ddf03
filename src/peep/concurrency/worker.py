"""One thread that does tasks one after the other, the lightest of those that wait first."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from math import inf
from typing import Any, TypeVar

Value = TypeVar("Value")

_Waiting = tuple[float, int, "Future[Any]", Callable[[], Any]]


class Worker:
    """Does what many threads want done, where more than one at it would be no faster. Safe to use from all of them."""

    def __init__(self, name: str) -> None:
        """`name`: of the thread, which is started when there is something to do, and does not outlive the process."""
        self._waiting: queue.PriorityQueue[_Waiting] = queue.PriorityQueue()
        self._numbers = count()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._lock = threading.Lock()
        self._is_started = self._has_ended = False

    def submit(self, task: Callable[[], Value], weight: float = 0) -> Future[Value]:
        """Have a task done, after those that are lighter and those of its weight that came before it.

        After the end, it is cancelled at once.
        """
        future: Future[Value] = Future()
        with self._lock:
            if self._has_ended:
                future.cancel()
                return future
            self._put(weight, future, task)
            if not self._is_started:
                self._thread.start()
                self._is_started = True
        return future

    def cancel(self) -> None:
        """End, and do nothing of what still waits; who waits for that hears it (`CancelledError`)."""
        with self._lock:
            self._has_ended = True
        with suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()[2].cancel()
        self._put(-inf, Future(), _end)

    def finish(self) -> None:
        """Do all that waits, and end."""
        with self._lock:
            self._has_ended = True
        self._put(inf, Future(), _end)
        if self._is_started:
            self._thread.join()

    def _put(self, weight: float, future: Future[Any], task: Callable[[], Any]) -> None:
        self._waiting.put((weight, next(self._numbers), future, task))

    def _work(self) -> None:
        while True:
            *_, future, task = self._waiting.get()
            if task is _end:
                return
            if future.set_running_or_notify_cancel():
                _fulfil(future, task)


def _fulfil(future: Future[Value], task: Callable[[], Value]) -> None:
    try:
        value = task()
    except BaseException as error:  # noqa: BLE001 - raised where the answer is asked for
        future.set_exception(error)
    else:
        future.set_result(value)


def _end() -> None:
    """What stands for the end of the work."""
