"""A crew answers from other processes, and whatever becomes of a member, nobody waits in vain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from peep.concurrency.process_pool import ProcessPool

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or sys.version_info >= (3, 12), reason="threads run beside tests"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


def read_and_tell(task: bytes, descriptor: int) -> bytes:
    """The task, what the file holds from there on, and who did it."""
    with open(descriptor, "rb") as file:
        content = os.pread(file.fileno(), 1 << 20, int(task))
    return b"%s %d" % (content, os.getpid())


def obey(task: bytes, descriptor: int) -> bytes:
    """Die, fail or answer, as the task says."""
    os.close(descriptor)
    if task == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == b"fail":
        raise ValueError("a bug")
    return task


def sleep_long(_task: bytes, _descriptor: int) -> bytes:
    time.sleep(600)
    return b""


def ask(crew: ProcessPool, task: bytes, content: bytes = b"") -> bytes | None:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return crew.ask(task, file.fileno())


def is_gone(process: int) -> bool:
    """Ended, and asked for its end by its parent."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_members_read_the_file_that_they_are_handed_in_processes_of_their_own():
    with closing(ProcessPool(read_and_tell, 2)) as crew:
        content, process = (ask(crew, b"3", b"wheel") or b"").split()

    assert content == b"el"
    assert int(process) != os.getpid()


def test_several_threads_each_get_their_own_answer_however_long():
    with closing(ProcessPool(read_and_tell, 3)) as crew, ThreadPoolExecutor(8) as executor:
        contents = [os.urandom(2).hex().encode() * number * 1000 for number in range(1, 30)]
        answers = list(executor.map(lambda content: ask(crew, b"0", content) or b"", contents))

    assert [answer.rpartition(b" ")[0] for answer in answers] == [content[: 1 << 20] for content in contents]
    assert len({answer.rpartition(b" ")[2] for answer in answers}) > 1


def test_an_empty_answer_is_an_answer():
    with closing(ProcessPool(obey, 1)) as crew:
        assert ask(crew, b"") == b""


def test_a_crew_without_members_answers_nothing():
    """As where the system could not fork."""
    with closing(ProcessPool(obey, 0)) as crew:
        assert ask(crew, b"anybody there") is None


@pytest.mark.parametrize("task", [b"die", b"fail"])
def test_a_dead_member_answers_nothing_and_the_others_go_on(task: bytes, capfd: pytest.CaptureFixture[str]):
    with closing(ProcessPool(obey, 2)) as crew:
        assert ask(crew, task) is None
        answers = [ask(crew, b"still there") for _ in range(4)]
        assert ask(crew, task) is None

        assert sorted(answers, key=str) == [None, None, b"still there", b"still there"]
        assert [ask(crew, b"nobody left") for _ in range(3)] == [None, None, None]
    assert capfd.readouterr() == ("", "")


def test_all_members_are_gone_when_it_is_closed():
    crew = ProcessPool(obey, 3)
    processes = [member.process for member in crew.members]
    os.kill(processes[1], signal.SIGKILL)

    crew.close()

    assert all(map(is_gone, processes))


def test_a_member_that_does_not_come_to_an_end_is_ended():
    crew = ProcessPool(sleep_long, 1, grace=0.1)
    (process,) = (member.process for member in crew.members)
    with ThreadPoolExecutor(1) as executor:
        answer = executor.submit(ask, crew, b"")
        time.sleep(0.1)
        crew.close()

        assert answer.result(timeout=60) is None
    assert is_gone(process)


def test_members_do_not_outlive_a_process_that_was_killed_and_leave_ctrl_c_to_it():
    script = (
        "import os, signal, sys, time\n"
        "from peep.concurrency.process_pool import ProcessPool\n"
        "crew = ProcessPool(lambda task, descriptor: b'', 2)\n"
        "for member in crew.members: os.kill(member.process, signal.SIGINT)\n"
        "time.sleep(0.2)\n"
        "assert all(crew.ask(b'', 0) == b'' for _ in range(4))\n"
        "print(*(member.process for member in crew.members), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (-signal.SIGKILL, "")
    members = [int(word) for word in ended.stdout.split()]
    deadline = time.monotonic() + 60
    while not all(_has_ended(member) for member in members) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert all(_has_ended(member) for member in members)


def _has_ended(process: int) -> bool:
    """No such process, or one that only waits for somebody to ask for its end."""
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True
