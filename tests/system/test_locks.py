"""Locks hold between processes and threads, and never outlive their holder."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from peep.system.locks import FileLock, SharedLock, is_locked, lock_folder

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="folders and shared locks are POSIX's")

HOLDER = """
import sys
from peep.system.locks import FileLock
with FileLock(sys.argv[1], "peep sync"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def other_process_holding(path):
    arguments = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "lock")


def test_a_second_process_waits_and_is_told_for_whom(path):
    waited_for = []
    with other_process_holding(path) as process:
        assert is_locked(path)

        def on_wait(holder):
            waited_for.append(holder)
            process.stdin.close()

        with FileLock(path, "peep install", on_wait):
            assert waited_for == [f"peep sync (process {process.pid})"]

    assert not is_locked(path)


def test_a_killed_holder_holds_nothing(path):
    with other_process_holding(path) as process:
        process.kill()
        process.wait()
        told = []
        with FileLock(path, "peep install", told.append):
            assert told == []


def test_threads_exclude_each_other(path):
    running, most = [], []

    def work():
        for _ in range(20):
            with FileLock(path):
                running.append(1)
                most.append(len(running))
                running.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1] * 80


def test_it_is_free_again_after_an_error_and_says_nothing_of_the_last_holder(path):
    with pytest.raises(RuntimeError), FileLock(path, "peep install"):
        raise RuntimeError

    assert not is_locked(path)
    assert os.path.getsize(path) == 0


@posix_only
def test_shared_locks_go_together_and_keep_an_exclusive_one_waiting(path):
    with open(path, "w"):
        pass
    got = threading.Event()

    def exclusive():
        with FileLock(path, on_wait=lambda _: waiting.set()):
            got.set()

    waiting = threading.Event()
    with SharedLock(path), SharedLock(path):
        thread = threading.Thread(target=exclusive)
        thread.start()
        assert waiting.wait(10)
        assert not got.is_set()
    thread.join(10)

    assert got.is_set()


@posix_only
def test_a_folder_is_marked_until_its_descriptor_is_closed(tmp_path):
    descriptor = lock_folder(str(tmp_path))
    was_locked = is_locked(str(tmp_path))
    os.close(descriptor)

    assert was_locked
    assert not is_locked(str(tmp_path))
