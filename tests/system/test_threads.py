"""Threads that work through tasks: all of them, so many at a time, until somebody wants them to stop."""

import threading
import time

import pytest

from peep.system.threads import GRACE, Stopped, run_in_threads


def alive():
    return [thread for thread in threading.enumerate() if thread.name.startswith("peep-")]


def test_every_task_runs_once():
    done = []
    run_in_threads([lambda number=number: done.append(number) for number in range(100)], 4, threading.Event())
    assert sorted(done) == list(range(100))
    assert not alive()


def test_no_tasks():
    run_in_threads([], 4, threading.Event())
    assert not alive()


def test_tasks_start_in_order():
    begun = []
    run_in_threads([lambda number=number: begun.append(number) for number in range(20)], 1, threading.Event())
    assert begun == list(range(20))


def test_the_first_exception_is_raised_and_nothing_else_begins():
    begun = []
    stop = threading.Event()

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_in_threads([fail, *(lambda: begun.append(1) for _ in range(50))], 1, stop)
    assert begun == []
    assert stop.is_set()


def test_running_tasks_may_finish_when_another_fails():
    stop, finished = threading.Event(), []

    def patient():
        stop.wait(5)
        finished.append(stop.is_set())
        raise Stopped

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_in_threads([patient, fail], 2, stop)
    assert finished == [True]
    assert not alive()


def test_a_task_that_hangs_does_not_hold_up_the_caller():
    release, stop = threading.Event(), threading.Event()

    def fail():
        raise ZeroDivisionError

    begun = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        run_in_threads([lambda: release.wait(30), fail], 2, stop)
    assert time.monotonic() - begun < GRACE + 1
    assert all(thread.daemon for thread in alive())
    release.set()


def test_an_event_that_is_set_beforehand_lets_nothing_begin():
    stop, begun = threading.Event(), []
    stop.set()
    run_in_threads([lambda: begun.append(1)], 2, stop)
    assert begun == []
