"""Work that threads or processes share: each number is done once, and all that comes of it is told."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from peep.concurrency.parallel_map import _MOST_NUMBERS, Codec, _Processes, _Threads, share

forks = pytest.mark.skipif(sys.platform != "linux" or sys.version_info >= (3, 12), reason="threads run beside tests")
WIRE: Codec[list[int]] = Codec(
    lambda numbers: repr(numbers).encode(), lambda text: [int(n) for n in text[1:-1].split(b",") if n]
)


def as_they_come(numbers: Iterator[int]) -> list[int]:
    return list(numbers)


def all_of(parts: list[list[int]]) -> list[int]:
    return sorted(number for part in parts for number in part)


@pytest.mark.parametrize("helpers", [0, 1, 3])
@pytest.mark.parametrize("count", [0, 1, 500])
def test_threads_do_each_number_once(count, helpers):
    parts = share(count, helpers, as_they_come, WIRE, among_processes=False).finish()

    assert all_of(parts) == list(range(count))
    assert len(parts) == helpers + 1


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("helpers", [0, 1, 3])
@pytest.mark.parametrize("count", [0, 1, 500])
def test_processes_do_each_number_once(count, helpers):
    parts = _Processes(count, helpers, as_they_come, WIRE).finish()

    assert all_of(parts) == list(range(count))
    assert len(parts) == helpers + 1
    with suppress(ChildProcessError):  # a server of other tests may be a child that runs
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)


def test_helpers_begin_before_the_caller_works_along():
    begun = threading.Event()

    def work(numbers):
        done = list(numbers)
        begun.set()
        return done

    shared = share(5, 1, work, WIRE, among_processes=False)
    assert begun.wait(30)
    assert shared.finish() == [[], [0, 1, 2, 3, 4]]


def test_what_a_thread_raises_comes_through_when_all_have_ended():
    ended = []

    def work(numbers):
        done = [number for number in numbers if number or threading.current_thread() is threading.main_thread()]
        if threading.current_thread() is not threading.main_thread():
            raise ZeroDivisionError
        ended.append(1)
        return done

    with pytest.raises(ZeroDivisionError):
        share(3, 1, work, WIRE, among_processes=False).finish()
    assert ended == [1]


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_of_a_killed_process_nothing_comes_and_nobody_waits_for_it():
    own = os.getpid()

    def work(numbers):
        if os.getpid() != own:
            signal.pause()
        return list(numbers)

    shared = _Processes(20, 2, work, WIRE)
    for process, _ in shared._helpers:
        os.kill(process, signal.SIGKILL)

    assert shared.finish() == [list(range(20)), [], []]


def test_more_numbers_than_a_pipe_holds_are_for_threads():
    shared = share(_MOST_NUMBERS + 1, 1, as_they_come, WIRE, among_processes=True)

    assert isinstance(shared, _Threads)
    assert all_of(shared.finish()) == list(range(_MOST_NUMBERS + 1))
    assert _MOST_NUMBERS * 4 <= 4096
