"""Numbered work shared with processes forked from this one: a pipe, filled beforehand, hands out the numbers.

For work whose calls are so short that threads would mostly hand the interpreter lock around. Ask `forking.may_fork`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from peep.system.forking import forked
from peep.system.posix_calls import kill

MOST_NUMBERS = 8000
"""All of them must fit into a pipe, which holds 64 KiB."""
_NUMBER = struct.Struct("=i")

Result = TypeVar("Result")


class SharedWork(Generic[Result]):
    """Work that has begun and goes on beside the caller; `finish` must be called once."""

    def __init__(
        self, count: int, helpers: int, work: Callable[[Iterator[int]], Result], packed: Callable[[Result], bytes]
    ) -> None:
        """Fork `helpers` processes that do `work` with some of the numbers below `count`, each number once.

        `packed` makes what comes over from a helper of what it has worked out.
        """
        self._work = work
        self._numbers, filling = os.pipe()
        os.write(filling, b"".join(map(_NUMBER.pack, range(count))))
        os.close(filling)
        self._helpers: list[tuple[int, int]] = []
        with suppress(OSError):  # what the system can't fork now, the others do
            for _ in range(helpers):
                self._helpers.append(self._helper(packed))

    def finish(self) -> tuple[Result, list[bytes]]:
        """Work along to the end: the own result, and the packed one of each helper, b'' where it was killed."""
        try:
            own = self._work(self._taken())
            return own, [_all_of(answer) for _, answer in self._helpers]
        finally:
            os.close(self._numbers)
            for process, answer in self._helpers:
                os.close(answer)
                with suppress(ProcessLookupError):
                    kill(process)
                os.waitpid(process, 0)

    def _helper(self, packed: Callable[[Result], bytes]) -> tuple[int, int]:
        """Process number, and the pipe on which its result comes."""
        answer, telling = os.pipe()

        def help_out() -> None:
            view = memoryview(packed(self._work(self._taken())))
            while view:
                view = view[os.write(telling, view) :]

        try:
            return forked(help_out), answer
        except OSError:
            os.close(answer)
            raise
        finally:
            os.close(telling)

    def _taken(self) -> Iterator[int]:
        while number := os.read(self._numbers, _NUMBER.size):
            yield _NUMBER.unpack(number)[0]


def _all_of(answer: int) -> bytes:
    pieces = []
    while piece := os.read(answer, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)
