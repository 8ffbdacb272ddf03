"""A store under kills, many processes at once, full and read-only disks."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from peep.errors import StoreError
from peep.reporting import SilentReporter
from peep.store.inspection import faults_in_full
from peep.store.maintenance import check_wheels, collect_garbage
from peep.store.wheels import Store
from support.forks import forked, status_of
from support.memory_wheel import MemoryWheel

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

FILES = {"flask/__init__.py": "x = 1\n", "flask/app.py": "y = 2\n" * 30_000, "flask/json/tag.py": ""}
TOUCHING = {"open", "os.mkdir", "os.rename", "os.chmod", "os.utime", "os.remove", "os.rmdir", "fcntl.flock"}


@pytest.fixture
def root(tmp_path):
    return str(tmp_path / "store")


def killed_at(step: int, work: Callable[[], None]) -> Callable[[], None]:
    """`work`, ended by SIGKILL right before its `step`-th call that changes or opens anything on disk."""

    def run() -> None:
        left = step

        def on_event(event: str, _arguments: object) -> None:
            nonlocal left
            if event in TOUCHING:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(on_event)
        work()

    return run


@needs_fork
def test_a_kill_at_any_step_of_adding_leaves_nothing_or_all(root):
    contents = MemoryWheel("flask", files=FILES)
    seen = set()
    for step in range(1, 500):
        store = Store(root, SilentReporter())
        status = status_of(forked(killed_at(step, lambda: Store(root, SilentReporter()).add(contents))))
        found = store.get(contents.sha256)
        seen.add((status, found is not None))

        assert found is None or faults_in_full([found]) == {}
        added = store.add(contents)
        assert faults_in_full([added]) == {}
        if status == 0:
            break
        store.drop(added.sha256)

    assert step > 20
    assert seen == {(-signal.SIGKILL, False), (-signal.SIGKILL, True), (0, True)}


@needs_fork
def test_a_kill_at_any_step_of_dropping_leaves_nothing_or_all(root):
    contents = MemoryWheel("flask", files=FILES)
    store = Store(root, SilentReporter())
    for step in range(1, 500):
        added = store.add(contents)
        status = status_of(forked(killed_at(step, lambda: Store(root, SilentReporter()).drop(contents.sha256))))
        found = store.get(contents.sha256)

        assert found is None or faults_in_full([added]) == {}
        if status == 0:
            break

    assert step > 5
    assert check_wheels(store) == ()
    assert os.listdir(store.layout.temporary) == []  # the next run sweeps up behind the killed ones


@needs_fork
def test_many_processes_add_drop_and_collect_at_once(root):
    wheels = [MemoryWheel(f"p{number}", files={f"p{number}/m{i}.py": str(i) for i in range(20)}) for number in range(4)]

    def add_all() -> None:
        for _ in range(5):
            for contents in wheels:
                wheel = Store(root, SilentReporter()).add(contents)
                assert wheel.sha256 == contents.sha256

    def disturb() -> None:
        store = Store(root, SilentReporter())
        for _ in range(10):
            store.drop(wheels[0].sha256)
            collect_garbage(store, 30)

    children = [forked(work) for work in (add_all, add_all, add_all, disturb)]

    assert [status_of(child) for child in children] == [0, 0, 0, 0]
    store = Store(root, SilentReporter())
    assert set(store.get_many(contents.sha256 for contents in wheels[1:])) == {c.sha256 for c in wheels[1:]}
    assert check_wheels(store) == ()
    assert os.listdir(store.layout.temporary) == []


class FullDisk(MemoryWheel):
    """Its bytes meet a full disk half-way."""

    def chunks(self, entry):
        yield from super().chunks(entry)
        if entry.path == "flask/json/tag.py":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_in_words_and_leaves_nothing(root):
    store = Store(root, SilentReporter())

    with pytest.raises(StoreError, match="can't take more") as full:
        store.add(FullDisk("flask", files=FILES))

    assert "peep store gc" in full.value.hint
    assert os.listdir(store.layout.temporary) == []
    assert store.add(MemoryWheel("flask", files=FILES)).sha256 == MemoryWheel("flask", files=FILES).sha256


def test_a_place_where_no_store_can_be_is_told_in_words(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = Store(str(tmp_path / "file/store"), SilentReporter())

    assert store.get("0" * 64) is None
    with pytest.raises(StoreError, match="file/store"):
        store.add(MemoryWheel("flask"))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of half a megabyte; only where the user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("may not mount a small file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_disk_that_fills_up_and_one_that_becomes_read_only(small_disk):
    store = Store(str(small_disk / "store"), SilentReporter())
    small, large = MemoryWheel("click"), MemoryWheel("large", files={"large.bin": os.urandom(1_000_000)})
    wheel = store.add(small)

    with pytest.raises(StoreError, match="can't take more"):
        store.add(large)
    assert store.get(wheel.sha256) == wheel
    assert check_wheels(store) == ()
    assert os.listdir(store.layout.temporary) == []

    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    reader = Store(str(small_disk / "store"), SilentReporter())
    with reader.in_use():
        assert reader.get(wheel.sha256) == wheel
    reader.put_value("plan", "key", b"value")
    with pytest.raises(StoreError, match="can't be written to"):
        reader.add(large)
    with pytest.raises(StoreError, match="can't be written to"):
        reader.drop(wheel.sha256)
    assert reader.get_value("plan", "key") is None
    assert reader.get(wheel.sha256) == wheel
