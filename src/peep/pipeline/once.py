"""Answers that many threads may ask for and that are found out once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Once(Generic[Key, Value]):
    """A table of answers by key; the first thread that asks finds an answer out, others wait for it."""

    def __init__(self, find: Callable[[Key], Value]) -> None:
        """`find` is called once for each key; what it raises is raised to everybody who asks."""
        self._find = find
        self._answers: dict[Key, Future[Value]] = {}
        self._values: dict[Key, Value] = {}
        """Of what was found out: waiting takes a lock each time, and a lock asks for a page thousands of times."""
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value:
        """Give back the answer for `key`, or raise what finding it out raised."""
        if key in self._values:
            return self._values[key]
        known = self._answers.get(key)
        if known is None:
            with self._lock:
                known = self._answers.get(key)
                is_first = known is None
                if known is None:
                    known = self._answers[key] = Future()
            if is_first:
                self._fill(known, key)
        return known.result()

    def _fill(self, answer: Future[Value], key: Key) -> None:
        try:
            value = self._values[key] = self._find(key)
            answer.set_result(value)
        except BaseException as error:  # noqa: BLE001 - raised where the answer is asked for
            answer.set_exception(error)
