"""A few threads that do what many threads want done, the lightest of the tasks that wait first."""

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
    """Does tasks, where more threads at it would be no faster. Safe to be asked from many threads."""

    def __init__(self, name: str, most: int = 1) -> None:
        """`most` threads of this `name`, each started when there is a task more; none outlives the process."""
        self._name = name
        self._most = most
        self._waiting: queue.PriorityQueue[_Waiting] = queue.PriorityQueue()
        self._numbers = count()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._has_ended = False

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
            if len(self._threads) < self._most:
                thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                thread.start()
                self._threads.append(thread)
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
        for thread in self._threads:
            thread.join()

    def _put(self, weight: float, future: Future[Any], task: Callable[[], Any]) -> None:
        self._waiting.put((weight, next(self._numbers), future, task))

    def _work(self) -> None:
        while True:
            weight, _, future, task = self._waiting.get()
            if task is _end:
                self._put(weight, future, task)  # for the next thread
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
