"""Writing of a lock and its build constraints: killed or out of space at any point, every file is old or new, whole."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peep.errors import PeepError
from peep.workflows.lock import LockResult, MadeLock

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
CALLS = ("open", "write", "fsync", "close", "replace")
OLD_LOCK, OLD_TOOLS = b"# the lock before\n" * 200, b"# tools before\n" * 200
NEW_LOCK, NEW_TOOLS = b"# the lock after\n" * 300, b"# tools after\n" * 300


@pytest.fixture
def made(tmp_path: Path) -> MadeLock:
    """A lock about to be written over another one."""
    (tmp_path / "requirements.txt").write_bytes(OLD_LOCK)
    (tmp_path / "build-constraints.txt").write_bytes(OLD_TOOLS)
    paths = [str(tmp_path / name) for name in ("requirements.txt", "build-constraints.txt")]
    result = LockResult(
        paths[0], is_written=False, is_different=True, targets=(), pins=(), changes=(), warnings=(), tools_path=paths[1]
    )
    return MadeLock(NEW_LOCK, result, NEW_TOOLS)


def interrupted(strike: Callable[[], None], number: int) -> Iterator[str]:
    """Have call `number` of those to the system strike; yields each name as it is called."""
    left = [number]

    def wrapped(name: str) -> Callable[..., object]:
        original = getattr(os, name)

        def call(*words: object, **named: object) -> object:
            if left[0] == 0:
                left[0] -= 1
                strike()
            left[0] -= 1
            return original(*words, **named)

        return call

    for name in CALLS:
        yield name
        setattr(os, name, wrapped(name))


def in_child(made: MadeLock, strike: Callable[[], None], number: int) -> int:
    """Write in a child process; gives back its wait status: 0 done, 1 refused with a `PeepError`."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            for _ in interrupted(strike, number):
                pass
            made.write()
            status = 0
        except PeepError:
            status = 1
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill_up() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def states(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "requirements.txt").read_bytes(), (folder / "build-constraints.txt").read_bytes()


ALLOWED = ((OLD_LOCK, OLD_TOOLS), (OLD_LOCK, NEW_TOOLS), (NEW_LOCK, NEW_TOOLS))
"""Never a new lock beside old tools."""


def test_killed_at_any_call(made, tmp_path):
    seen = set()
    for number in range(40):
        (tmp_path / "requirements.txt").write_bytes(OLD_LOCK)
        (tmp_path / "build-constraints.txt").write_bytes(OLD_TOOLS)
        status = in_child(made, kill, number)
        assert states(tmp_path) in ALLOWED
        seen.add(states(tmp_path))
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert status == 0
    assert seen == set(ALLOWED)


def test_a_full_disk_at_any_call(made, tmp_path):
    for number in range(40):
        (tmp_path / "requirements.txt").write_bytes(OLD_LOCK)
        (tmp_path / "build-constraints.txt").write_bytes(OLD_TOOLS)
        status = in_child(made, fill_up, number)
        assert states(tmp_path) in ALLOWED
        assert sorted(path.name for path in tmp_path.iterdir()) == ["build-constraints.txt", "requirements.txt"]
        if status == 0:
            break
        assert os.WEXITSTATUS(status) == 1
    assert status == 0
    assert states(tmp_path) == (NEW_LOCK, NEW_TOOLS)


def test_a_folder_that_nobody_may_write_to(made, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PeepError, match="cannot be written"):
            made.write()
    finally:
        tmp_path.chmod(0o755)
    assert states(tmp_path) == (OLD_LOCK, OLD_TOOLS)
