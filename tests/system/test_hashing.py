"""Many files hashed at once: the same answers from threads and from processes, and from what is left of them."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from peep.concurrency.file_hashing import (
    _WIRE,
    FileToHash,
    HashedFile,
    Hashing,
    _batched,
    _refuse_links_and_folders,
    hash_files,
    is_link_error,
)
from peep.concurrency.parallel_map import _Processes

forks = pytest.mark.skipif(sys.platform != "linux" or sys.version_info >= (3, 12), reason="threads run beside tests")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    sizes = [0, 1, 63, 64, 65, 4095, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 3 << 20]
    contents = {str(tmp_path / f"{number}.bin"): os.urandom(size) for number, size in enumerate(sizes * 3)}
    for path, content in contents.items():
        Path(path).write_bytes(content)
    return contents


def expected(files: dict[str, bytes]) -> dict[str, tuple[int, bytes]]:
    return {path: (len(content), sha256(content).digest()) for path, content in files.items()}


def to_hash(files: dict[str, bytes], wrong_by: int = 0) -> list[FileToHash]:
    return [FileToHash(path, len(content) + wrong_by) for path, content in files.items()]


def plain(found: dict) -> dict[str, tuple[int, bytes]]:
    assert all(isinstance(got, HashedFile) for got in found.values())
    return {path: (got.size, got.digest) for path, got in found.items()}


@pytest.mark.parametrize("wrong_by", [0, -1, 1000])
def test_digests_and_sizes_are_right_whatever_was_expected(files: dict[str, bytes], wrong_by: int):
    assert plain(hash_files(to_hash(files, wrong_by))) == expected(files)


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_what_a_killed_helper_owes_is_made_good(files: dict[str, bytes]):
    hashing = Hashing(to_hash(files))
    hashing._shared.finish()
    hashing._batches = [[path] for path in files]
    shared = _Processes(len(files), 2, hashing._work, _WIRE)
    for process, _ in shared._helpers:
        os.kill(process, signal.SIGKILL)
    hashing._shared = shared

    assert plain(hashing.results()) == expected(files)


def test_links_folders_and_absent_files_are_errors(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    paths = {name: str(tmp_path / name) for name in ("file", "link", "folder", "absent")}

    found = hash_files([FileToHash(path, 1) for path in paths.values()])

    assert isinstance(found[paths["file"]], HashedFile)
    errors = {name: found[paths[name]] for name in ("link", "folder", "absent")}
    assert all(isinstance(error, OSError) for error in errors.values())
    assert is_link_error(errors["link"])
    assert errors["absent"].errno == errno.ENOENT
    assert not is_link_error(errors["absent"])


def test_windows_which_would_follow_a_link_is_told_of_it_before(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")

    _refuse_links_and_folders(str(tmp_path / "file"))
    with pytest.raises(OSError) as link:  # noqa: PT011 - looked at below
        _refuse_links_and_folders(str(tmp_path / "link"))
    with pytest.raises(IsADirectoryError):
        _refuse_links_and_folders(str(tmp_path))
    assert is_link_error(link.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_without_a_writer_does_not_hold_up(tmp_path: Path):
    path = str(tmp_path / "pipe")
    os.mkfifo(path)

    found = hash_files([FileToHash(path, 0)])[path]

    assert isinstance(found, HashedFile)
    assert found.size == 0


def test_many_files_in_a_process_of_its_own(tmp_path: Path):
    """Enough for processes, where nothing else runs: digests, and errors with their names, come back from them."""
    for number in range(2500):
        (tmp_path / f"{number:04}").write_bytes(str(number).encode())
    (tmp_path / "2499").unlink()
    (tmp_path / "2499").symlink_to("0000")
    script = (
        "import sys, os, hashlib\n"
        "from peep.concurrency.file_hashing import FileToHash, Hashing, is_link_error\n"
        "names = sorted(os.listdir(sys.argv[1]))\n"
        "hashing = Hashing([FileToHash(os.path.join(sys.argv[1], name), 4) for name in names])\n"
        "found = hashing.results()\n"
        "assert len(found) == 2500\n"
        "for name in names[:-1]:\n"
        "    got = found[os.path.join(sys.argv[1], name)]\n"
        "    assert got.digest == hashlib.sha256(str(int(name)).encode()).digest(), name\n"
        "last = found[os.path.join(sys.argv[1], names[-1])]\n"
        "assert is_link_error(last) and last.filename.endswith('2499'), last\n"
        "print(type(hashing._shared).__name__)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert ended.stderr == ""
    assert ended.stdout.strip() == ("_Processes" if sys.platform == "linux" else "_Threads")


def test_batches_hold_every_file_once():
    files = [FileToHash(str(number), number % 5000) for number in range(10_000)]
    batches = list(_batched(files))

    assert [path for batch in batches for path in batch] == [file.path for file in files]
