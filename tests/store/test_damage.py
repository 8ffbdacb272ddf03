"""Whatever happens to a store on disk, it hands out the right files or none."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest

from peep.reporting import SilentReporter
from peep.store.inspection import faults_in_full
from peep.store.key_value_cache import parsed_fact, rendered_fact
from peep.store.manifest import parsed, rendered
from peep.store.wheels import Store
from peep.system.boot_id import current_boot, is_same_boot
from support.listener import Listener
from support.memory_wheel import MemoryWheel
from support.stored import stored_path


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"), SilentReporter())


def read(path) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def write(path, content: bytes) -> None:
    if os.path.exists(path):
        os.chmod(path, 0o644)
    with open(path, "wb") as file:
        file.write(content)


def manifest_of(wheel) -> str:
    return os.path.join(wheel.root, "manifest")


class TestManifest:
    def test_every_flipped_bit_and_every_truncation_counts_as_absent(self, store):
        wheel = store.add(MemoryWheel("click", requires=["colorama"]))
        text = read(manifest_of(wheel))
        choice = random.Random(7)
        for position in choice.sample(range(len(text)), 150):
            changed = bytearray(text)
            changed[position] ^= 1 << choice.randrange(8)
            assert parsed(bytes(changed), wheel.sha256, wheel.root) is None
            assert parsed(text[:position], wheel.sha256, wheel.root) is None
        assert parsed(text, wheel.sha256, wheel.root).wheel == wheel

    def test_a_manifest_in_the_place_of_another_counts_as_absent(self, store):
        one, other = store.add(MemoryWheel("click")), store.add(MemoryWheel("flask"))
        write(manifest_of(one), read(manifest_of(other)))

        assert store.get(one.sha256) is None

    @pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"peep manifest 2\nchecksum x\n"])
    def test_a_wheel_with_a_bad_manifest_is_stored_anew(self, store, content):
        wheel = store.add(MemoryWheel("click"))
        write(manifest_of(wheel), content)
        os.unlink(stored_path(wheel, "click/__init__.py"))

        assert store.get(wheel.sha256) is None
        assert store.add(MemoryWheel("click")) == wheel
        assert faults_in_full([wheel]) == {}

    def test_a_text_with_a_right_checksum_and_no_sense_counts_as_absent(self, store):
        wheel = store.add(MemoryWheel("click"))
        manifest = parsed(read(manifest_of(wheel)), wheel.sha256, wheel.root)
        nonsense = replace(manifest, wheel=replace(wheel, mtime_ns="never"))

        assert parsed(rendered(nonsense), wheel.sha256, wheel.root) is None


class TestFullLook:
    def test_finds_what_changed(self, store):
        wheel = store.add(MemoryWheel("pkg", files={f"pkg/{name}.py": "x = 1\n" for name in "abcdef"}))
        write(stored_path(wheel, "pkg/a.py"), b"x = 2\n")
        os.chmod(stored_path(wheel, "pkg/a.py"), 0o444)
        os.chmod(stored_path(wheel, "pkg/b.py"), 0o644)
        os.truncate(stored_path(wheel, "pkg/b.py"), 3)
        os.unlink(stored_path(wheel, "pkg/c.py"))
        os.chmod(stored_path(wheel, "pkg/d.py"), 0o666)
        os.unlink(stored_path(wheel, "pkg/e.py"))
        os.mkdir(stored_path(wheel, "pkg/e.py"))
        write(stored_path(wheel, "pkg/f.py"), b"x = 9\n")
        os.utime(stored_path(wheel, "pkg/f.py"), ns=(wheel.mtime_ns, wheel.mtime_ns))
        os.chmod(stored_path(wheel, "pkg/f.py"), 0o444)

        assert faults_in_full([wheel])[wheel.sha256] == {
            "pkg/a.py": "written to",
            "pkg/b.py": "3 bytes instead of 6",
            "pkg/c.py": "missing",
            "pkg/d.py": "writable",
            "pkg/e.py": "not a file",
            "pkg/f.py": "other bytes",
        }

    def test_a_dropped_wheel_is_gone_and_environments_keep_their_files(self, store, tmp_path):
        wheel = store.add(MemoryWheel("click"))
        os.link(stored_path(wheel, "click/__init__.py"), tmp_path / "linked.py")

        store.drop(wheel.sha256)
        store.drop(wheel.sha256)

        assert store.get(wheel.sha256) is None
        assert read(tmp_path / "linked.py") == MemoryWheel("click").members["click/__init__.py"]
        assert os.listdir(store.layout.temporary) == []


class TestPowerCut:
    """What an earlier boot of the system left unflushed is hashed once before it is trusted."""

    def from_an_earlier_boot(self, store, contents):
        wheel = store.add(contents)
        manifest = parsed(read(manifest_of(wheel)), wheel.sha256, wheel.root)
        write(manifest_of(wheel), rendered(replace(manifest, boot="11111111-2222-3333-4444-555555555555")))
        return wheel

    def test_a_sound_wheel_is_hashed_once_and_then_settled(self, store):
        wheel = self.from_an_earlier_boot(store, MemoryWheel("click"))

        assert store.get(wheel.sha256) == wheel
        assert os.path.exists(os.path.join(wheel.root, "settled"))

    def test_content_that_never_reached_the_disk_is_noticed_and_the_wheel_dropped(self, store):
        wheel = self.from_an_earlier_boot(store, MemoryWheel("click", files={"click/a.py": "x = 1\n"}))
        sound = self.from_an_earlier_boot(store, MemoryWheel("flask"))
        path = stored_path(wheel, "click/a.py")
        before = os.stat(path)
        write(path, b"\0" * before.st_size)
        os.chmod(path, 0o444)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        listener = Listener()

        found = Store(store.layout.root, listener).get_many([wheel.sha256, sound.sha256])

        assert found == {sound.sha256: sound}
        assert not os.path.exists(wheel.root)
        assert listener.notes == ["click-1.0-py3-none-any.whl was damaged in the store and is fetched again"]

    def test_a_wheel_of_this_boot_is_not_hashed(self, store):
        wheel = store.add(MemoryWheel("click"))

        assert store.get(wheel.sha256) == wheel
        assert sorted(os.listdir(wheel.root)) == ["0", "manifest"]

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("started:1000.000", "started:1001.500", True),
            ("started:1000.000", "started:1003.000", False),
            ("started:1000.000", "8d6e2c1c-9f0b-4a57-a3a6-1d8f6a0f0b11", False),
            ("", "8d6e2c1c-9f0b-4a57-a3a6-1d8f6a0f0b11", False),
        ],
    )
    def test_boots_are_told_apart(self, one, other, same):
        assert is_same_boot(one, other) is same
        assert is_same_boot(other, one) is same

    def test_this_boot_is_this_boot(self):
        assert current_boot()
        assert is_same_boot(current_boot(), current_boot())


class TestFacts:
    def test_what_was_noted_last_is_found_by_kind_and_key(self, store):
        store.put_value("plan", "a", b"1")
        store.put_value("plan", "a", b"2\nlines\0")
        store.put_value("target", "a", b"3")

        assert store.get_value("plan", "a") == b"2\nlines\0"
        assert store.get_value("target", "a") == b"3"
        assert store.get_value("plan", "b") is None

    def test_every_damage_means_forgotten(self):
        text = rendered_fact("plan", "key", b"value")
        for position in range(len(text)):
            changed = bytearray(text)
            changed[position] ^= 4
            assert parsed_fact(bytes(changed), "plan", "key") is None
            assert parsed_fact(text[:position], "plan", "key") is None
        assert parsed_fact(text, "plan", "other") is None
        assert parsed_fact(text, "planx", "key") is None
        assert parsed_fact(text, "plan", "key") == b"value"

    def test_a_store_that_takes_nothing_forgets_in_silence(self, tmp_path):
        (tmp_path / "file").write_text("in the way")
        store = Store(str(tmp_path / "file/store"), SilentReporter())
        store.put_value("plan", "key", b"value")
        store.note_built("key", "0" * 64, b"")

        assert store.get_value("plan", "key") is None
        assert store.built("key") is None

    def test_a_built_wheel_is_found_by_everything_that_went_into_it(self, store):
        wheel = store.add(MemoryWheel("click"))
        store.note_built("sdist + backend", wheel.sha256, b"an account\nof the build")

        assert store.built("sdist + backend") == (wheel, b"an account\nof the build")
        assert store.built("sdist + newer backend") is None

    def test_a_build_record_without_its_wheel_or_damaged_is_none(self, store):
        wheel = store.add(MemoryWheel("click"))
        store.note_built("one", wheel.sha256, b"")
        store.note_built("other", "0" * 64, b"")
        (path,) = [
            os.path.join(place, name)
            for place, _, names in os.walk(store.layout.built)
            for name in names
            if wheel.sha256.encode() in read(os.path.join(place, name))
        ]
        write(path, read(path).replace(wheel.sha256.encode(), b"1" * 64))

        assert store.built("one") is None
        assert store.built("other") is None
