"""Process pool of forked workers, for work that threads would do in turns at the interpreter lock.

Only where the system can fork safely (`may_fork`). Whatever becomes of a member, nobody waits in vain: a task that was
not answered is for the caller to do.
"""

from __future__ import annotations

import gc
import os
import signal
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from peep.system.posix_calls import fork, hold_back_interrupts, hold_back_only, kill, receive_with_file, send_with_file

if TYPE_CHECKING:
    import queue  # 1 ms that runs without a pool save
    import socket  # 3 ms

Work = Callable[[bytes, int], bytes]
"""Takes a task and the descriptor of an open file, which it has to close, and gives the answer."""

_LENGTH = struct.Struct("=I")


def may_fork() -> bool:
    """Other threads might hold locks that a forked process would wait for in vain; macOS's libraries start some."""
    return sys.platform == "linux" and threading.active_count() == 1


class ProcessPool:
    """Members that each do one task at a time; they know all that this process knew when the pool was made.

    What a member changes in memory nobody else sees. `close` must be called.
    """

    def __init__(self, work: Work, size: int, grace: float = 2.0) -> None:
        """Fork `size` processes that do `work`. Ask `may_fork` before.

        `grace`: seconds that a member gets, when the pool is closed, to end what it is doing.
        """
        self._grace = grace
        self.members: list[_Member] = []
        import queue  # noqa: PLC0415 -- as above

        self._idle: queue.SimpleQueue[_Member] = queue.SimpleQueue()
        gc.freeze()  # or the first collection of each member would copy all the memory that it shares
        with suppress(OSError):  # a smaller pool, where the system can't fork as often
            for _ in range(size):
                self.members.append(_spawn(work, self.members))
        gc.unfreeze()
        for member in self.members:
            self._idle.put(member)

    def ask(self, task: bytes, descriptor: int) -> bytes | None:
        """Have the next idle member, waited for, do a task with an open file; None when it died, or there is none.

        May be called from several threads at once.
        """
        if not self.members:
            return None
        member = self._idle.get()
        try:
            member.begin(task, descriptor)
            return member.answer()
        finally:
            self._idle.put(member)  # a dead one as well: it answers None at once

    def close(self) -> None:
        """Let all members end."""
        for member in self.members:
            member.shutdown()
        for member in self.members:
            member.end(self._grace)


class _Member:
    """One process, seen from the one that forked it."""

    def __init__(self, process: int, channel: socket.socket) -> None:
        self.process = process
        self.channel = channel

    def begin(self, task: bytes, descriptor: int) -> None:
        with suppress(OSError):  # dead: there will be no answer
            send_with_file(self.channel, _LENGTH.pack(len(task)), descriptor)
            self.channel.sendall(task)

    def answer(self) -> bytes | None:
        try:
            head = _exactly(self.channel, _LENGTH.size)
            return _exactly(self.channel, _LENGTH.unpack(head)[0]) if head else None
        except OSError:
            return None

    def shutdown(self) -> None:
        import socket  # noqa: PLC0415 -- as above

        with suppress(OSError):
            self.channel.shutdown(socket.SHUT_WR)

    def end(self, grace: float) -> None:
        """Wait until the process has ended, and end it when that takes too long."""
        try:
            self.channel.settimeout(grace)
            while self.channel.recv(1 << 16):
                pass
        except OSError:
            with suppress(ProcessLookupError):
                kill(self.process)
        os.waitpid(self.process, 0)
        self.channel.close()


def _spawn(work: Work, others: list[_Member]) -> _Member:
    import socket  # noqa: PLC0415 -- as above

    ours, theirs = socket.socketpair()

    def serve() -> None:
        ours.close()
        for other in others:
            other.channel.close()  # or it would not hear that the process it works for is gone
        _serve(work, theirs)

    try:
        return _Member(forked(serve), ours)
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()


def forked(task: Callable[[], object]) -> int:
    """Do `task` in a copy of this process that ends with it; gives the copy's process number, to be waited for.

    The copy leaves Ctrl-C to this process, and unwinds nothing of what it was in the middle of.
    """
    before = hold_back_interrupts()
    try:
        process = fork()
        if process == 0:
            status = 1
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                hold_back_only(before)
                task()
                status = 0
            finally:
                os._exit(status)
        return process
    finally:
        hold_back_only(before)


def _serve(work: Work, channel: socket.socket) -> None:
    """In the member: do tasks until there will be no more."""
    while True:
        head, descriptors = receive_with_file(channel, _LENGTH.size)
        if not head:
            break
        task = _exactly(channel, _LENGTH.unpack(head)[0])
        answer = work(task, descriptors[0])
        channel.sendall(_LENGTH.pack(len(answer)) + answer)


def _exactly(channel: socket.socket, count: int) -> bytes:
    """So many bytes, fewer only when the channel has ended."""
    received = b""
    while len(received) < count:
        piece = channel.recv(count - len(received))
        if not piece:
            return b""
        received += piece
    return received
