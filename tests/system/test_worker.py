"""Threads that do what many want done: the lightest first, and at the end all of it or nothing more."""

import threading
from concurrent.futures import CancelledError

import pytest

from peep.concurrency.worker import Worker


class Held:
    """A worker whose thread waits in a task of its own until it is let go."""

    def __init__(self) -> None:
        self.worker = Worker("held")
        self.go = threading.Event()
        begun = threading.Event()
        self.first = self.worker.submit(lambda: (begun.set(), self.go.wait(30)))
        assert begun.wait(30)


def test_the_lightest_that_waits_comes_first_and_equals_in_their_order():
    held, done = Held(), []
    for name, weight in (("large", 9), ("a", 1), ("b", 1), ("least", 0)):
        held.worker.submit(lambda name=name: done.append(name), weight)
    held.go.set()
    held.worker.finish()
    assert done == ["least", "a", "b", "large"]


def test_as_many_threads_work_as_there_may_be_and_all_end():
    worker, together = Worker("several", 3), threading.Barrier(3)
    before = threading.active_count()
    waiting = [worker.submit(together.wait, weight=1) for _ in range(3)]
    assert sorted(one.result(30) for one in waiting) == [0, 1, 2]
    rest = [worker.submit(lambda number=number: number) for number in range(20)]
    worker.finish()
    assert [one.result(0) for one in rest] == list(range(20))
    assert threading.active_count() == before


def test_an_error_is_raised_to_who_waits_and_the_next_task_is_done():
    worker = Worker("failing")
    failed = worker.submit(lambda: 1 // 0)
    assert worker.submit(lambda: "done").result(30) == "done"
    with pytest.raises(ZeroDivisionError):
        failed.result(30)
    worker.finish()


def test_what_waits_is_cancelled_and_what_is_being_done_is_not():
    held, done = Held(), []
    waiting = held.worker.submit(lambda: done.append(1))
    held.worker.cancel()
    held.go.set()
    with pytest.raises(CancelledError):
        waiting.result(30)
    assert held.first.result(30)[1]
    assert done == []


@pytest.mark.parametrize("end", [Worker.cancel, Worker.finish])
def test_after_the_end_nothing_is_done_and_nobody_waits(end):
    worker, done = Worker("ended"), []
    worker.submit(lambda: None).result(30)
    end(worker)
    with pytest.raises(CancelledError):
        worker.submit(lambda: done.append(1)).result(30)
    assert done == []


def test_a_worker_that_was_asked_for_nothing_starts_no_thread():
    before = threading.active_count()
    Worker("idle").finish()
    Worker("idle").cancel()
    assert threading.active_count() == before
