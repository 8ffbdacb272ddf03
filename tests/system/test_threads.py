"""Threads that work through tasks: all of them, so many at a time, until somebody wants them to stop."""

import itertools
import threading
import time

import pytest

from peep.concurrency.thread_pool import FIRST, GRACE, Load, Stopped, TaskQueue, run_tasks


def run_in_threads(tasks, limit, stop, *, first=FIRST, load=None):
    waiting = TaskQueue()
    for task in tasks:
        waiting.add(task)
    run_tasks(waiting, stop, first=first, limit=limit, load=load)


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
    assert time.monotonic() - begun < GRACE + 10
    assert all(thread.daemon for thread in alive())
    release.set()


def test_an_event_that_is_set_beforehand_lets_nothing_begin():
    stop, begun = threading.Event(), []
    stop.set()
    run_in_threads([lambda: begun.append(1)], 2, stop)
    assert begun == []


def test_the_heaviest_task_starts_first():
    begun = []
    tasks = TaskQueue()
    for weight in (2, 7, 0, 7, 5):
        tasks.add(lambda weight=weight: begun.append(weight), weight)
    run_tasks(tasks, threading.Event(), limit=1)
    assert begun == [7, 7, 5, 2, 0]


def test_a_task_may_add_heavier_tasks_which_run_beside_it():
    tasks = TaskQueue()
    begun, together = [], threading.Barrier(2)

    def add(number):
        tasks.add(lambda: (begun.append(number), number or together.wait(30)), weight=1)
        if not number:
            together.wait(30)  # the task that was just added is begun while this one lasts

    for number in range(20):
        tasks.add(lambda number=number: add(number))
    run_tasks(tasks, threading.Event())
    assert sorted(begun) == list(range(20))
    assert not alive()


def test_where_no_more_threads_can_be_had_those_that_run_do_everything(monkeypatch):
    start = threading.Thread.start
    crowd, tasks = Crowd(), TaskQueue()

    def start_if_there_are_few(thread):
        if len(alive()) >= 2:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_if_there_are_few)
    for _ in range(20):
        tasks.add(lambda: (crowd.visit(), tasks.add(crowd.visit)))
    run_tasks(tasks, threading.Event(), first=3)
    assert crowd.visits == 40
    assert crowd.largest <= 2


def test_a_failure_ends_what_was_added_before_it():
    tasks, begun = TaskQueue(), []

    def fail():
        for _ in range(50):
            tasks.add(lambda: begun.append(1))
        raise ZeroDivisionError

    tasks.add(fail)
    stop = threading.Event()
    with pytest.raises(ZeroDivisionError):
        run_tasks(tasks, stop, limit=1)
    assert stop.is_set()
    assert not begun
    assert not alive()


@pytest.mark.parametrize("first", [1, FIRST])
def test_threads_that_wait_become_as_many_as_allowed(first):
    together = threading.Barrier(16)
    run_in_threads([lambda: together.wait(30)] * 32, 16, threading.Event(), first=first)
    assert not together.broken


def test_no_more_than_allowed_run_at_a_time():
    crowd = Crowd()
    run_in_threads([crowd.visit] * 40, 3, threading.Event())
    assert crowd.largest <= 3


@pytest.mark.parametrize("first", [1, 3])
def test_few_threads_run_while_the_process_computes(first):
    crowd, clock = Crowd(), itertools.count()
    busy = Load(lambda: next(clock), lambda: next(clock))
    run_in_threads([crowd.visit] * 40, 16, threading.Event(), first=first, load=busy)
    assert crowd.largest <= first


class Crowd:
    """Counts how many tasks run at a time."""

    def __init__(self):
        self.lock, self.present, self.largest, self.visits = threading.Lock(), 0, 0, 0

    def visit(self):
        with self.lock:
            self.present += 1
            self.visits += 1
            self.largest = max(self.largest, self.present)
        time.sleep(0.005)
        with self.lock:
            self.present -= 1


@pytest.mark.parametrize(("computed", "is_low"), [(0.0, True), (0.5, True), (0.9, False), (2.0, False)])
def test_the_load_is_what_was_computed_in_the_time_that_passed(computed, is_low):
    wall, processor = iter([0.0, 1.0]), iter([5.0, 5.0 + computed])
    assert Load(lambda: next(wall), lambda: next(processor)).is_low() is is_low


def test_a_busy_process_is_looked_at_less_and_less_often():
    wall, processor = itertools.count(), itertools.count()
    load = Load(lambda: next(wall), lambda: next(processor))
    pauses = [(load.is_low(), load.pause)[1] for _ in range(20)]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1] <= 0.1
