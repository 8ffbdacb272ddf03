"""Parallel map over numbered work, shared with forked processes or threads.

Processes are for work whose calls are so short that threads would mostly hand the interpreter lock around. They are
copies of this one, to which a pipe, filled beforehand, hands out the numbers; a queue does to threads.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from peep.concurrency.process_pool import forked, may_fork
from peep.system.files import write_fully
from peep.system.posix_calls import kill

if TYPE_CHECKING:
    import queue  # 1 ms that work shared with processes saves

_MOST_NUMBERS = 1000
"""All of them must fit into a pipe, which holds 4 KiB at least (pipe(7): for a user who has many)."""
_NUMBER = struct.Struct("=i")

Result = TypeVar("Result")

Work = Callable[[Iterator[int]], Result]
"""Does what the numbers stand for, which are less than all, and gives back what came of it."""


class Shared(Protocol[Result]):
    """Work that has begun and goes on beside the caller."""

    def finish(self) -> list[Result]:
        """Work along to the end, and give back what came of it: here, and with each helper. To be called once."""


class Codec(Generic[Result]):
    """How a result comes over from another process; `unpack` is given b'' when that was killed."""

    def __init__(self, pack: Callable[[Result], bytes], unpack: Callable[[bytes], Result]) -> None:
        self.pack = pack
        self.unpack = unpack


def share(
    count: int, helpers: int, work: Work[Result], wire: Codec[Result], *, among_processes: bool
) -> Shared[Result]:
    """Have `helpers` begin to do `work` with the numbers below `count`, each number once.

    They are threads unless processes are wanted and the system can fork now (`process_pool.may_fork`).
    """
    if among_processes and count <= _MOST_NUMBERS and may_fork():
        return _Processes(count, helpers, work, wire)
    return _Threads(count, helpers, work)


class _Threads(Generic[Result]):
    def __init__(self, count: int, helpers: int, work: Work[Result]) -> None:
        self._work = work
        import queue  # noqa: PLC0415 -- as above

        self._numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(count):
            self._numbers.put(number)
        self._results: list[Result] = []
        self._failures: list[BaseException] = []
        self._helpers = [threading.Thread(target=self._help_out, daemon=True) for _ in range(helpers)]
        for helper in self._helpers:
            helper.start()

    def finish(self) -> list[Result]:
        """As `Shared`; raises what a helper raised."""
        own = self._work(self._taken())
        for helper in self._helpers:
            helper.join()
        if self._failures:
            raise self._failures[0]
        return [own, *self._results]

    def _help_out(self) -> None:
        try:
            self._results.append(self._work(self._taken()))
        except BaseException as failure:  # noqa: BLE001 -- handed to the calling thread, which raises it
            self._failures.append(failure)

    def _taken(self) -> Iterator[int]:
        import queue  # noqa: PLC0415 -- as above

        with suppress(queue.Empty):
            while True:
                yield self._numbers.get_nowait()


class _Processes(Generic[Result]):
    def __init__(self, count: int, helpers: int, work: Work[Result], wire: Codec[Result]) -> None:
        self._work = work
        self._wire = wire
        self._numbers, filling = os.pipe()
        os.write(filling, b"".join(map(_NUMBER.pack, range(count))))
        os.close(filling)
        self._helpers: list[tuple[int, int]] = []
        with suppress(OSError):  # what the system can't fork now, the others do
            for _ in range(helpers):
                self._helpers.append(self._helper())

    def finish(self) -> list[Result]:
        """As `Shared`."""
        try:
            own = self._work(_taken(self._numbers))
            return [own, *(self._wire.unpack(_all_of(answer)) for _, answer in self._helpers)]
        finally:
            os.close(self._numbers)
            for process, answer in self._helpers:
                os.close(answer)
                with suppress(ProcessLookupError):
                    kill(process)
                os.waitpid(process, 0)

    def _helper(self) -> tuple[int, int]:
        """Process number, and the pipe on which its result comes: a socket would cost 3 ms of imports."""
        answer, telling = os.pipe()
        try:
            return forked(lambda: write_fully(telling, self._wire.pack(self._work(_taken(self._numbers))))), answer
        except OSError:
            os.close(answer)
            raise
        finally:
            os.close(telling)


def _taken(numbers: int) -> Iterator[int]:
    while number := os.read(numbers, _NUMBER.size):
        yield _NUMBER.unpack(number)[0]


def _all_of(answer: int) -> bytes:
    pieces = []
    while piece := os.read(answer, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)
