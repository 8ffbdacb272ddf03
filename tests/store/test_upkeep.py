"""Verification, garbage collection, size, and what is swept up."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from peep.errors import StoreError
from peep.reporting import SilentReporter
from peep.store.maintenance import StoreSize, check_wheels, collect_garbage, digests_in, size
from peep.store.wheels import Store
from peep.system.locks import lock_folder
from support.memory_wheel import MemoryWheel
from support.stored import stored_path

DAYS = 86_400


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"), SilentReporter())


def overwrite(path, content: bytes, *, as_if_untouched: bool = False) -> None:
    before = os.stat(path)
    os.chmod(path, 0o644)
    with open(path, "r+b") as file:
        file.write(content)
    os.chmod(path, 0o444)
    if as_if_untouched:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def aged(path, days: float) -> None:
    then = time.time() - days * DAYS
    os.utime(path, (then, then))


class TestVerifying:
    def test_an_untouched_store_is_sound(self, store):
        wheels = [store.add(MemoryWheel("click")), store.add(MemoryWheel("flask", entry_points={"x": {"y": "z"}}))]

        assert check_wheels(store) == ()
        assert digests_in(store.layout) == sorted(wheel.sha256 for wheel in wheels)

    def test_every_single_changed_byte_is_found_even_when_size_and_time_were_put_back(self, store):
        contents = MemoryWheel("click", files={f"click/m{number}.py": f"x = {number}\n" for number in range(20)})
        wheel = store.add(contents)
        for file in wheel.files:
            wheel = store.add(contents)
            overwrite(stored_path(wheel, file.path), b"!", as_if_untouched=True)

            assert [(found.path, found.reason) for found in check_wheels(store)] == [(file.path, "other bytes")]
            assert store.get(wheel.sha256) is None

    def test_only_the_damaged_wheel_goes_and_adding_it_again_heals(self, store):
        sound, damaged = store.add(MemoryWheel("click")), store.add(MemoryWheel("flask"))
        os.unlink(stored_path(damaged, "flask/__init__.py"))

        found = check_wheels(store)

        assert [(file.filename, file.path, file.reason) for file in found] == [
            ("flask-1.0-py3-none-any.whl", "flask/__init__.py", "missing")
        ]
        assert store.get(damaged.sha256) is None
        assert store.get(sound.sha256) == sound
        assert store.add(MemoryWheel("flask")) == damaged
        assert check_wheels(store) == ()

    def test_what_cannot_be_dropped_is_not_told_as_dropped(self, store):
        class ReadOnly(Store):
            def drop(self, sha256):
                raise StoreError(f"{sha256} stays")

        wheel = store.add(MemoryWheel("click"))
        os.unlink(stored_path(wheel, "click/__init__.py"))

        assert [file.is_dropped for file in check_wheels(ReadOnly(store.layout.root, SilentReporter()))] == [False]
        assert [file.is_dropped for file in check_wheels(store)] == [True]

    def test_a_damaged_manifest_is_found(self, store):
        wheel = store.add(MemoryWheel("click"))
        overwrite(os.path.join(wheel.root, "manifest"), b"x")

        assert [(found.sha256, found.path) for found in check_wheels(store)] == [(wheel.sha256, "manifest")]
        assert digests_in(store.layout) == []


class TestSize:
    def test_adds_up_the_manifests(self, store):
        contents = MemoryWheel("click")
        store.add(contents)

        assert size(store) == StoreSize(1, len(contents.members), sum(map(len, contents.members.values())))

    def test_a_store_that_is_not_there_is_empty(self, store):
        assert size(store) == StoreSize(0, 0, 0)
        assert check_wheels(store) == ()
        assert collect_garbage(store, 30).removed == ()
        assert not os.path.exists(store.layout.root)


class TestGarbage:
    def test_what_was_used_lately_stays_and_the_rest_goes(self, store):
        recent, old = store.add(MemoryWheel("click")), store.add(MemoryWheel("flask"))
        aged(os.path.join(old.root, "manifest"), days=31)

        looked_at = size(store), check_wheels(store)
        collected = collect_garbage(store, 30)

        assert looked_at == (StoreSize(2, len(recent.files) + len(old.files), looked_at[0].bytes), ())
        assert collected.removed == ("flask-1.0-py3-none-any.whl",)
        assert collected.freed == sum(file.size for file in old.files)
        assert collected.kept == 1
        assert store.get(recent.sha256) == recent
        assert store.get(old.sha256) is None
        assert os.listdir(store.layout.temporary) == []

    def test_what_an_environment_shares_stays(self, store, tmp_path):
        wheel = store.add(MemoryWheel("click"))
        os.link(stored_path(wheel, "click/__init__.py"), tmp_path / "linked.py")
        aged(os.path.join(wheel.root, "manifest"), days=400)

        assert collect_garbage(store, 30).removed == ()
        os.unlink(tmp_path / "linked.py")
        assert collect_garbage(store, 30).removed == ("click-1.0-py3-none-any.whl",)

    def test_a_wheel_with_a_damaged_manifest_goes(self, store):
        wheel = store.add(MemoryWheel("click"))
        overwrite(os.path.join(wheel.root, "manifest"), b"x")

        assert collect_garbage(store, 30).removed == (wheel.sha256,)

    def test_old_facts_and_build_records_go(self, store):
        wheel = store.add(MemoryWheel("click"))
        store.put_value("plan", "old", b"1")
        store.put_value("plan", "new", b"2")
        store.note_built("old", wheel.sha256, b"")
        for folder in (store.layout.remembered, store.layout.built):
            for place, _, names in os.walk(folder):
                for name in names:
                    aged(os.path.join(place, name), days=31)
        store.put_value("plan", "new", b"2")

        collect_garbage(store, 30)

        assert (store.get_value("plan", "old"), store.get_value("plan", "new")) == (None, b"2")
        assert store.built("old") is None

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shared locks")
    def test_waits_for_runs_that_hold_the_store(self, store):
        wheel = store.add(MemoryWheel("click"))
        waiting = threading.Event()
        thread = threading.Thread(target=collect_garbage, args=(store, 0, lambda _: waiting.set()))
        with store.in_use():
            thread.start()
            assert waiting.wait(10)
            assert store.get(wheel.sha256) == wheel
        thread.join(10)

        assert store.get(wheel.sha256) is None

    def test_holding_a_store_that_is_not_there_makes_nothing(self, store):
        with store.in_use():
            assert not os.path.exists(store.layout.root)


@pytest.mark.skipif(sys.platform == "win32", reason="by age alone there")
def test_leftovers_of_killed_runs_go_and_those_of_living_ones_stay(store):
    store.add(MemoryWheel("click"))
    killed, living, fresh = (
        os.path.join(store.layout.temporary, f"add-{name}") for name in ("killed", "living", "fresh")
    )
    for folder in (killed, living, fresh):
        os.mkdir(folder)
    aged(killed, days=1)
    aged(living, days=1)
    descriptor = lock_folder(living)

    Store(store.layout.root, SilentReporter()).add(MemoryWheel("flask"))
    left = set(os.listdir(store.layout.temporary))
    os.close(descriptor)

    assert left == {"add-living", "add-fresh"}
