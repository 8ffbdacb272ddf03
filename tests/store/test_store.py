"""What callers of the store rely on."""

from __future__ import annotations

import hashlib
import os
import stat

import pytest

from peep.errors import ArchiveError, StoreError
from peep.reporting import SilentReporter
from peep.store.inspection import faults_in_full
from peep.store.wheels import Store
from support.memory_wheel import MemoryWheel

ENTRY_POINTS = {"console_scripts": {"flask": "flask.cli:main"}}


def flask(**changes) -> MemoryWheel:
    files = {"flask/__init__.py": "x = 1\n", "flask/ümlaut, komma.txt": "", "flask-1.0.data/scripts/run": "#!python\n"}
    options = {
        "files": files,
        "requires": ["click>=8", "asgiref; extra == 'async'"],
        "entry_points": ENTRY_POINTS,
        "metadata": ["Provides-Extra: async", "Requires-Python: >=3.8"],
        "executable": ["flask-1.0.data/scripts/run"],
    }
    return MemoryWheel("flask", **(options | changes))


@pytest.fixture
def root(tmp_path):
    return str(tmp_path / "store")


@pytest.fixture
def store(root):
    return Store(root, SilentReporter())


def everything_below(folder) -> list[str]:
    return sorted(os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)


class TestAdding:
    def test_gives_back_what_get_gives_later(self, store, root):
        added = store.add(flask())

        assert Store(root, SilentReporter()).get(flask().sha256) == added

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
    def test_a_private_run_makes_files_that_later_environments_can_share(self, store):
        before = os.umask(0o077)
        try:
            wheel = store.add(flask())
        finally:
            os.umask(before)

        modes = {file.path: stat.S_IMODE(os.lstat(wheel.location(file)).st_mode) for file in wheel.files}
        assert modes.pop("flask-1.0.data/scripts/run") == 0o555
        assert set(modes.values()) == {0o444}
        assert stat.S_IMODE(os.lstat(os.path.join(wheel.root, "0")).st_mode) == 0o700

    def test_every_file_is_there_with_its_bytes_and_digest(self, store):
        contents = flask()
        wheel = store.add(contents)

        assert {file.path: content_of(wheel, file) for file in wheel.files} == contents.members
        for file in wheel.files:
            content = contents.members[file.path]
            assert (file.sha256, file.size) == (hashlib.sha256(content).hexdigest(), len(content))

    def test_files_are_read_only_and_scripts_stay_executable(self, store):
        wheel = store.add(flask())
        modes = {file.path: stat.S_IMODE(os.lstat(wheel.location(file)).st_mode) & 0o333 for file in wheel.files}

        assert {mode for path, mode in modes.items() if path != "flask-1.0.data/scripts/run"} == {0}
        assert modes["flask-1.0.data/scripts/run"] & 0o111
        assert [file.path for file in wheel.files if file.is_executable] == ["flask-1.0.data/scripts/run"]

    def test_keeps_what_later_stages_ask(self, store):
        wheel = store.add(flask())

        assert wheel.identity == flask().identity
        assert wheel.requires_dist == ("click>=8", "asgiref; extra == 'async'")
        assert wheel.provides_extra == ("async",)
        assert wheel.requires_python == ">=3.8"
        assert wheel.entry_points == "[console_scripts]\nflask = flask.cli:main\n"

    def test_the_same_wheel_has_the_same_times_in_every_store(self, store, tmp_path):
        one, other = store.add(flask()), Store(str(tmp_path / "other"), SilentReporter()).add(flask())
        newer = store.add(flask(files={"flask/__init__.py": "x = 2\n"}))

        assert one.mtime_ns == other.mtime_ns == os.lstat(other.location(other.files[0])).st_mtime_ns
        assert newer.mtime_ns != one.mtime_ns

    def test_a_wheel_whose_content_lies_leaves_nothing(self, store):
        with pytest.raises(ArchiveError, match="not what RECORD says"):
            store.add(flask(lying=["flask/__init__.py"]))

        assert store.get(flask().sha256) is None
        assert everything_below(store.layout.wheels) + everything_below(store.layout.temporary) == []

    @pytest.mark.parametrize("path", ["../evil", "/evil", "a/../../evil", "a\\b", "a//b", "tab\tbed", "line\nfeed"])
    def test_a_name_that_leaves_its_folder_or_breaks_a_line_is_refused(self, store, root, path):
        """Z1: the reader refuses them too; the store does not rely on it."""
        contents = flask(files={path: "x"})

        with pytest.raises(ArchiveError):
            store.add(contents)

        assert store.get(contents.sha256) is None
        assert not [found for found in everything_below(os.path.dirname(root)) if "evil" in found]

    def test_files_lie_under_their_numbers_some_dozens_to_a_folder(self, store):
        contents = flask(files={f"flask/{number:03}.py": f"{number}" for number in range(130)})

        wheel = store.add(contents)

        assert wheel.files[63].stored_as == "0/63"
        assert wheel.files[64].stored_as == "1/0"
        assert sorted(os.listdir(wheel.root)) == ["0", "1", "2", "manifest"]
        (last,) = (file for file in wheel.files if file.path == "flask/129.py")
        with open(wheel.location(last), "rb") as file:
            assert file.read() == b"129"
        assert store.get(wheel.sha256) == wheel


class TestAddingLargeWheels:
    """They are written by several threads."""

    files = {"big/data.bin": b"0123456789abcdef" * (1 << 20), "big/b.bin": b"b" * 3_000_000} | {
        f"big/m{number}.py": f"x = {number}" for number in range(200)
    }

    def test_every_file_is_there_in_order(self, store):
        contents = MemoryWheel("big", files=self.files)
        wheel = store.add(contents)

        assert [file.path for file in wheel.files] == sorted(contents.members)
        assert faults_in_full([wheel]) == {}
        assert store.get(wheel.sha256) == wheel

    def test_a_lie_leaves_nothing(self, store):
        contents = MemoryWheel("big", files=self.files, lying=["big/b.bin"])

        with pytest.raises(ArchiveError, match="not what RECORD says"):
            store.add(contents)

        assert store.get(contents.sha256) is None
        assert os.listdir(store.layout.temporary) == []


class TestGetting:
    def test_nothing_is_made_by_looking(self, store, root):
        assert store.get("0" * 64) is None
        assert store.get_many(["0" * 64, "1" * 64]) == {}
        assert store.get_value("plan", "key") is None
        assert not os.path.exists(root)

    def test_many_gives_those_that_are_there(self, store):
        one, two = store.add(flask()), store.add(MemoryWheel("click"))

        assert store.get_many([one.sha256, "0" * 64, two.sha256]) == {one.sha256: one, two.sha256: two}

    @pytest.mark.parametrize("digest", ["", "0" * 63, "../" + "0" * 61, "A" * 64])
    def test_only_a_digest_can_become_a_path(self, store, digest):
        with pytest.raises(ValueError, match="not a sha256"):
            store.get(digest)

    def test_a_newer_format_is_refused_in_words(self, store, root):
        store.add(flask())
        with open(os.path.join(root, "format"), "w") as file:
            file.write("peep store 2\n")

        with pytest.raises(StoreError, match="made by a newer peep"):
            Store(root, SilentReporter())


def content_of(wheel, file) -> bytes:
    with open(wheel.location(file), "rb") as opened:
        return opened.read()
