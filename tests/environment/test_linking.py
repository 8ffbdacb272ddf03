"""Files get from the store into an environment, unless somebody touched them."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from peep.errors import EnvironmentChangeError
from peep.reporting import SilentReporter
from peep.store.wheels import Store
from peep.system.files import clone_file, private_folder, remove_tree
from peep.transaction.link_modes import next_mode
from peep.transaction.linking import LinkMode, WheelFiles, link_wheels, parent_folders
from support.memory_wheel import MemoryWheel
from support.stored import stored_path

FILES = {"pkg/__init__.py": "", "pkg/a.py": "a = 1\n", "pkg/deep/er/b.py": "b = 1\n", "pkg/run": "#!/bin/sh\n"}


@pytest.fixture
def wheel(tmp_path):
    store = Store(str(tmp_path / "store"), SilentReporter())
    return store.add(MemoryWheel("pkg", files=FILES, executable=["pkg/run"]))


def placed(wheel, folder) -> WheelFiles:
    return WheelFiles(wheel, str(folder), wheel.files)


def stored(wheel, path) -> str:
    return stored_path(wheel, path)


def read(path) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def tree(folder) -> set[str]:
    return {os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names}


def can_clone(folder) -> bool:
    source, target = os.path.join(folder, "clone-a"), os.path.join(folder, "clone-b")
    with open(source, "wb") as file:
        file.write(b"x")
    try:
        clone_file(source, target, 0o644)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("mode", list(LinkMode))
def test_every_file_arrives_with_its_bytes_and_time(wheel, tmp_path, mode):
    if mode is LinkMode.CLONE and not can_clone(tmp_path):
        pytest.skip("this file system knows no clones")
    linked = link_wheels([placed(wheel, tmp_path / "site")], mode)

    assert linked.faults == ()
    assert linked.mode is mode or mode is LinkMode.AUTO
    assert tree(tmp_path / "site") == {os.path.normpath(file.path) for file in wheel.files}
    for file in wheel.files:
        destination = tmp_path / "site" / file.path
        assert read(destination) == read(stored(wheel, file.path))
        assert destination.stat().st_mtime_ns == wheel.mtime_ns
        assert bool(destination.stat().st_mode & 0o100) == (file.path == "pkg/run")


def test_a_hard_link_is_the_stores_own_file_and_a_copy_is_not(wheel, tmp_path):
    link_wheels([placed(wheel, tmp_path / "linked")], LinkMode.HARDLINK)
    link_wheels([placed(wheel, tmp_path / "copied")], LinkMode.COPY)

    assert os.path.samefile(tmp_path / "linked/pkg/a.py", stored(wheel, "pkg/a.py"))
    assert not os.path.samefile(tmp_path / "copied/pkg/a.py", stored(wheel, "pkg/a.py"))
    assert (tmp_path / "copied/pkg/a.py").stat().st_mode & stat.S_IWUSR


def written_in_place(path):
    os.chmod(path, 0o644)
    with open(path, "r+b") as file:
        file.write(b"z")
    os.chmod(path, 0o444)


def replaced_by_a_link(path):
    os.rename(path, path + ".other")
    os.symlink(path + ".other", path)


TAMPERINGS = {
    "written in place, size kept": (written_in_place, "written to"),
    "truncated": (lambda path: os.truncate(path, 2), "2 bytes instead of 6"),
    "removed": (os.unlink, "missing"),
    "made writable": (lambda path: os.chmod(path, 0o644), "not a read-only file"),
    "replaced by a symbolic link": (replaced_by_a_link, "bytes instead of"),
}


@pytest.mark.parametrize("mode", [LinkMode.AUTO, LinkMode.COPY])
@pytest.mark.parametrize(("tamper", "reason"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_a_touched_store_file_is_reported_and_never_handed_out(wheel, tmp_path, tamper, reason, mode):
    """N15, and the hard-link flaw of other installers: an edit through one environment must not reach the next."""
    os.chmod(stored(wheel, "pkg/a.py"), 0o644)
    tamper(stored(wheel, "pkg/a.py"))

    linked = link_wheels([placed(wheel, tmp_path / "site")], mode)

    assert [(fault.sha256, fault.path) for fault in linked.faults] == [(wheel.sha256, "pkg/a.py")]
    assert reason in linked.faults[0].reason
    assert not os.path.lexists(tmp_path / "site/pkg/a.py")
    assert os.path.exists(tmp_path / "site/pkg/__init__.py")


def test_an_edit_through_an_environment_is_noticed_by_the_next(wheel, tmp_path):
    link_wheels([placed(wheel, tmp_path / "one")], LinkMode.HARDLINK)
    written_in_place(tmp_path / "one/pkg/a.py")

    linked = link_wheels([placed(wheel, tmp_path / "two")], LinkMode.HARDLINK)

    assert [(fault.path, fault.reason) for fault in linked.faults] == [("pkg/a.py", "written to")]


def test_after_the_wheel_was_dropped_and_stored_anew_the_next_environment_gets_the_true_bytes(tmp_path):
    """What other installers get wrong: an edited file, reached through a hard link, passes as the hashed one."""
    store = Store(str(tmp_path / "store"), SilentReporter())
    contents = MemoryWheel("pkg", files=FILES)
    wheel = store.add(contents)
    link_wheels([placed(wheel, tmp_path / "one")], LinkMode.HARDLINK)
    written_in_place(tmp_path / "one/pkg/a.py")

    for fault in link_wheels([placed(wheel, tmp_path / "two")], LinkMode.HARDLINK).faults:
        store.drop(fault.sha256)
    linked = link_wheels([placed(store.add(contents), tmp_path / "three")], LinkMode.HARDLINK)

    assert linked.faults == ()
    assert read(tmp_path / "one/pkg/a.py") == b"z = 1\n"
    assert read(tmp_path / "three/pkg/a.py") == b"a = 1\n"


def test_a_wheel_that_is_gone_is_missing_in_every_file(wheel, tmp_path):
    os.rename(wheel.root, wheel.root + "-gone")

    linked = link_wheels([placed(wheel, tmp_path / "site")])

    assert {fault.path for fault in linked.faults} == {file.path for file in wheel.files}


def test_what_is_there_already_is_not_overwritten(wheel, tmp_path):
    mine = tmp_path / "site/pkg/a.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")

    with pytest.raises(EnvironmentChangeError, match=r"a\.py can't be written"):
        link_wheels([placed(wheel, tmp_path / "site")])

    assert mine.read_text() == "mine"


def test_clones_that_cannot_be_are_refused_in_words(wheel, tmp_path):
    if can_clone(tmp_path):
        pytest.skip("this file system knows clones")

    with pytest.raises(EnvironmentChangeError, match="site") as refused:
        link_wheels([placed(wheel, tmp_path / "site")], LinkMode.CLONE)

    assert "--link-mode clone" in refused.value.hint
    assert tree(tmp_path / "site") == set()


def test_a_file_in_the_place_of_a_folder_is_an_error(wheel, tmp_path):
    (tmp_path / "site").write_text("not a folder")

    with pytest.raises(EnvironmentChangeError):
        link_wheels([placed(wheel, tmp_path / "site")])


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs a second file system")
def test_another_file_system_gets_copies_and_an_explicit_hard_link_is_refused(wheel, tmp_path):
    folder = private_folder("/dev/shm", "peep-test-")
    try:
        if os.stat(folder).st_dev == os.stat(tmp_path).st_dev:
            pytest.skip("the temporary folder lies there as well")
        linked = link_wheels([placed(wheel, os.path.join(folder, "site"))])
        with pytest.raises(EnvironmentChangeError) as refused:
            link_wheels([placed(wheel, os.path.join(folder, "other"))], LinkMode.HARDLINK)

        assert (linked.mode, linked.faults) == (LinkMode.COPY, ())
        assert read(os.path.join(folder, "site/pkg/a.py")) == b"a = 1\n"
        assert "--link-mode hardlink" in refused.value.hint
    finally:
        remove_tree(folder)


def test_many_files_go_through_several_threads_and_share_folders(tmp_path):
    store = Store(str(tmp_path / "store"), SilentReporter())
    files = {f"space/part{number % 7}/m{number}.py": str(number) for number in range(2000)}
    wheels = [store.add(MemoryWheel("large", files=files))]
    wheels += [store.add(MemoryWheel(f"small{i}", files={f"space/small{i}.py": str(i)})) for i in range(20)]
    parts = [placed(wheel, tmp_path / "site") for wheel in wheels]

    linked = link_wheels(parts)

    assert linked.faults == ()
    assert tree(tmp_path / "site") == {os.path.normpath(file.path) for wheel in wheels for file in wheel.files}


def test_folders_come_parents_first_and_once():
    files = [os.path.join(os.sep, *path.split("/")) for path in ("a/x.py", "a/y.py", "a/b/c/z.py", "d.py", "a/b/w.py")]

    folders = parent_folders(files)

    assert folders == [os.path.join(os.sep, *path.split("/")) for path in ("a", "a/b", "a/b/c")]


@pytest.mark.parametrize(
    ("mode", "number", "following"),
    [
        (LinkMode.CLONE, errno.EOPNOTSUPP, LinkMode.HARDLINK),
        (LinkMode.CLONE, errno.EXDEV, LinkMode.HARDLINK),
        (LinkMode.CLONE, errno.ENOTTY, LinkMode.HARDLINK),
        (LinkMode.HARDLINK, errno.EXDEV, LinkMode.COPY),
        (LinkMode.HARDLINK, errno.EPERM, LinkMode.COPY),
        (LinkMode.HARDLINK, errno.EEXIST, None),
        (LinkMode.CLONE, errno.ENOSPC, None),
        (LinkMode.HARDLINK, errno.ENOENT, None),
        (LinkMode.COPY, errno.EPERM, None),
    ],
)
def test_falls_back_for_reasons_that_lie_in_the_mode(mode, number, following):
    assert next_mode(mode, OSError(number, "")) is following
