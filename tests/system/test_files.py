"""Files appear whole or not at all, and go away when told to."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from peep.system.files import (
    can_be_named,
    clone_file,
    copy_file,
    fsync_folder,
    patiently,
    private_folder,
    regular_only,
    remove_tree,
    rename,
    temporary_folder,
    write_atomically,
    write_named,
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes and symbolic links of POSIX")


@posix_only
def test_a_private_folder_is_new_and_for_this_user_alone(tmp_path):
    """N16"""
    first, second = private_folder(str(tmp_path / "a/b"), "add-"), private_folder(str(tmp_path / "a/b"), "add-")

    assert first != second
    assert stat.S_IMODE(os.stat(first).st_mode) == 0o700
    assert os.path.basename(first).startswith("add-")


def test_a_temporary_folder_ends_with_its_block_even_by_an_error(tmp_path):
    def fail():
        with temporary_folder(str(tmp_path)) as folder:
            os.mkdir(os.path.join(folder, "inner"))
            raise RuntimeError(folder)

    with pytest.raises(RuntimeError, match=str(tmp_path)):
        fail()

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("durable", [False, True])
def test_writing_replaces_what_was_there(tmp_path, durable):
    path = str(tmp_path / "file")
    write_atomically(path, b"one", durable=durable)
    write_atomically(path, b"x" * 1_000_000, durable=durable)

    assert (tmp_path / "file").read_bytes() == b"x" * 1_000_000
    assert os.listdir(tmp_path) == ["file"]


def test_a_failed_write_leaves_the_old_content_and_nothing_else(tmp_path):
    target = tmp_path / "folder"
    (target / "full").mkdir(parents=True)

    with pytest.raises(OSError, match="folder"):
        write_atomically(str(target), b"new")

    assert os.listdir(tmp_path) == ["folder"]
    assert os.listdir(target) == ["full"]


def test_flushing_leaves_the_content_alone(tmp_path):
    (tmp_path / "file").write_bytes(b"content")

    fsync_folder(str(tmp_path))

    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_may_never_end_is_not_opened(tmp_path, kind):
    place = {"pipe": tmp_path / "pipe", "device": Path("/dev/zero"), "folder": tmp_path}[kind]
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(OSError, match="no regular file"), open(place, "rb", opener=regular_only):
        pytest.fail("opened")


def test_a_file_is_opened_as_usual(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")

    with open(path, "rb", opener=regular_only) as file:
        assert file.read() == b"content"


class TestRemoving:
    def test_absence_is_fine(self, tmp_path):
        remove_tree(str(tmp_path / "nothing"))

        assert os.listdir(tmp_path) == []

    @posix_only
    def test_read_only_files_and_closed_folders_go(self, tmp_path):
        inner = tmp_path / "tree/closed/inner"
        inner.mkdir(parents=True)
        (inner / "file").write_text("x")
        (inner / "file").chmod(0o444)
        for folder in (inner, inner.parent, inner.parent.parent):
            folder.chmod(0o500)

        remove_tree(str(tmp_path / "tree"))

        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize("levels", [1, 29, 30, 31, 60])
    def test_folders_go_however_deep_they_lie(self, tmp_path, levels):
        folder = tmp_path.joinpath("tree", *["f"] * levels)
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")
        (tmp_path / "tree/empty").mkdir()

        remove_tree(str(tmp_path / "tree"))

        assert os.listdir(tmp_path) == []

    @posix_only
    def test_links_go_and_what_they_point_to_stays(self, tmp_path):
        (tmp_path / "precious").mkdir()
        (tmp_path / "precious/file").write_text("x")
        (tmp_path / "tree").mkdir()
        (tmp_path / "tree/link").symlink_to(tmp_path / "precious")
        (tmp_path / "link").symlink_to(tmp_path / "precious")

        remove_tree(str(tmp_path / "tree"))
        remove_tree(str(tmp_path / "link"))

        assert os.listdir(tmp_path) == ["precious"]
        assert os.listdir(tmp_path / "precious") == ["file"]


@pytest.mark.parametrize("put", [copy_file, clone_file])
class TestTwins:
    def test_has_the_same_bytes_or_leaves_nothing(self, tmp_path, put):
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(os.urandom(200_000))
        try:
            put(str(source), str(target), 0o600)
        except OSError:
            assert put is clone_file
            assert not target.exists()
        else:
            assert target.read_bytes() == source.read_bytes()

    def test_never_overwrites(self, tmp_path, put):
        (tmp_path / "source").write_text("new")
        (tmp_path / "target").write_text("old")

        with pytest.raises(OSError, match=r"target|source") as refused:
            put(str(tmp_path / "source"), str(tmp_path / "target"), 0o600)

        assert refused.value.errno in {errno.EEXIST, errno.ENOTSUP}
        assert (tmp_path / "target").read_text() == "old"

    def test_a_missing_source_leaves_nothing(self, tmp_path, put):
        with pytest.raises(OSError, match="source"):
            put(str(tmp_path / "source"), str(tmp_path / "target"), 0o600)

        assert os.listdir(tmp_path) == []


class Busy:
    """An action that is refused so many times, as on Windows while a virus scanner has the file open."""

    def __init__(self, refusals, error=PermissionError):
        self.refusals = refusals
        self.error = error
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.calls <= self.refusals:
            raise self.error(errno.EACCES, f"refused {self.calls}")


class TestPatience:
    def test_what_is_refused_is_tried_again_after_each_pause(self):
        action, slept = Busy(2), []
        patiently(action, (1.0, 2.0, 4.0), slept.append)

        assert (action.calls, slept) == (3, [1.0, 2.0])

    def test_it_ends(self):
        action = Busy(9)
        with pytest.raises(PermissionError, match="refused 3"):
            patiently(action, (1.0, 2.0), lambda _seconds: None)

    def test_nothing_else_is_tried_twice(self):
        action = Busy(1, FileExistsError)
        with pytest.raises(FileExistsError):
            patiently(action, (1.0, 2.0), lambda _seconds: None)

        assert action.calls == 1

    def test_a_rename_moves(self, tmp_path):
        (tmp_path / "a").mkdir()
        rename(str(tmp_path / "a"), str(tmp_path / "b"))

        assert os.listdir(tmp_path) == ["b"]


# -- where the user says ---------------------------------------------------------------------------


@posix_only
@pytest.mark.parametrize("write", [write_atomically, write_named])
@pytest.mark.parametrize("name", ["/dev/null", "link"])
def test_a_device_is_written_to_and_never_replaced(tmp_path, write, name):
    (tmp_path / "link").symlink_to("/dev/null")
    place = str(tmp_path / name)
    write(place, b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert (tmp_path / "link").readlink() == Path("/dev/null")
    assert can_be_named(place)


@posix_only
def test_a_pipe_gets_the_content_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert can_be_named(str(tmp_path / "pipe"))
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_named(str(tmp_path / "pipe"), b"content" * 50000)
    reader.join(10)
    assert got == [b"content" * 50000]
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


@posix_only
@pytest.mark.parametrize("place", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_a_descriptor_gets_the_content_behind_what_it_holds(tmp_path, place):
    """Also where it leads to a file: that one is not replaced by another."""
    if not os.path.lexists(os.path.dirname(place) or "."):
        pytest.skip("this system has no such folder")
    (tmp_path / "link").symlink_to("/dev/stdout")
    write = f"write_named({place!r}, b'b')"
    code = f"import os; from peep.system.files import write_named; os.write(1, b'a'); {write}; os.write(1, b'c')"
    with open(tmp_path / "out", "wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, cwd=tmp_path, check=True)
    assert (tmp_path / "out").read_bytes() == b"abc"
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path, check=True)
    assert piped.stdout == b"abc"


@posix_only
def test_a_named_link_stays_and_its_target_keeps_its_mode(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "target").chmod(0o600)
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "dangling").symlink_to("made")
    write_named(str(tmp_path / "link"), b"new")
    write_named(str(tmp_path / "dangling"), b"first")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"
    assert stat.S_IMODE(os.stat(tmp_path / "target").st_mode) == 0o600
    assert (tmp_path / "made").read_bytes() == b"first"


@posix_only
def test_a_link_in_a_place_of_peeps_own_is_replaced(tmp_path):
    """What somebody has put there must not decide where something is written."""
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    write_atomically(str(tmp_path / "link"), b"new")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"old"


def test_what_can_be_named(tmp_path):
    assert can_be_named(str(tmp_path / "new"))
    assert not can_be_named(str(tmp_path))
    assert not can_be_named(str(tmp_path / "none" / "new"))
