"""Process pool of forked workers, for work that threads would do in turns at the interpreter lock.

Only where the system can fork safely (`forking.may_fork`). Whatever becomes of a member, nobody waits in vain: a task
that was not answered is for the caller to do.
"""

from __future__ import annotations

import gc
import os
import queue
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from peep.concurrency.forking import forked
from peep.system.posix_calls import kill, receive_with_file, send_with_file

Work = Callable[[bytes, int], bytes]
"""Takes a task and the descriptor of an open file, which it has to close, and gives the answer."""

_LENGTH = struct.Struct("=I")


class ProcessPool:
    """Members that each do one task at a time; they know all that this process knew when the crew was made.

    What a member changes in memory nobody else sees. `close` must be called.
    """

    def __init__(self, work: Work, size: int, grace: float = 2.0) -> None:
        """Fork `size` processes that do `work`. Ask `may_fork` before.

        `grace`: seconds that a member gets, when the crew is closed, to end what it is doing.
        """
        self._grace = grace
        self._members: list[_Member] = []
        self._idle: queue.SimpleQueue[_Member] = queue.SimpleQueue()
        gc.freeze()  # or the first collection of each member would copy all the memory that it shares
        with suppress(OSError):  # a smaller crew, where the system can't fork as often
            for _ in range(size):
                self._members.append(_spawn(work, self._members))
        gc.unfreeze()
        for member in self._members:
            self._idle.put(member)

    def ask(self, task: bytes, descriptor: int) -> bytes | None:
        """Have the next idle member, waited for, do a task with an open file; None when it died, or there is none.

        May be called from several threads at once.
        """
        if not self._members:
            return None
        member = self._idle.get()
        try:
            return member.ask(task, descriptor)
        except OSError:
            return None
        finally:
            self._idle.put(member)  # a dead one as well: it answers None at once

    def close(self) -> None:
        """Let all members end."""
        for member in self._members:
            member.shutdown()
        for member in self._members:
            member.end(self._grace)


class _Member:
    """One process, seen from the one that forked it."""

    def __init__(self, process: int, channel: socket.socket) -> None:
        self.process = process
        self.channel = channel

    def ask(self, task: bytes, descriptor: int) -> bytes | None:
        send_with_file(self.channel, _LENGTH.pack(len(task)), descriptor)
        self.channel.sendall(task)
        return _received(self.channel)

    def shutdown(self) -> None:
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


def _serve(work: Work, channel: socket.socket) -> None:
    """In the member: do tasks until there will be no more."""
    while True:
        head, descriptors = receive_with_file(channel, _LENGTH.size)
        if not head:
            break
        task = _exactly(channel, _LENGTH.unpack(head)[0])
        answer = work(task, descriptors[0])
        channel.sendall(_LENGTH.pack(len(answer)) + answer)


def _received(channel: socket.socket) -> bytes | None:
    """One message; None when there will be none."""
    head = _exactly(channel, _LENGTH.size)
    return _exactly(channel, _LENGTH.unpack(head)[0]) if head else None


def _exactly(channel: socket.socket, count: int) -> bytes:
    """So many bytes, fewer only when the channel has ended."""
    received = b""
    while len(received) < count:
        piece = channel.recv(count - len(received))
        if not piece:
            return b""
        received += piece
    return received
