"""POSIX calls that Windows lacks, under names that type checkers for Windows can read.

`process_pool.may_fork` says where they may be called; on Windows they are never reached.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket  # 3 ms that runs without a crew save

if sys.platform == "win32":

    def fork() -> int:
        raise NotImplementedError

    def kill(process: int) -> None:
        raise NotImplementedError

    def hold_back_interrupts() -> Iterable[int]:
        raise NotImplementedError

    def hold_back_only(signals: Iterable[int]) -> None:
        raise NotImplementedError

    def send_with_file(channel: socket.socket, data: bytes, descriptor: int) -> None:
        raise NotImplementedError

    def receive_with_file(channel: socket.socket, size: int) -> tuple[bytes, list[int]]:
        raise NotImplementedError

else:

    def fork() -> int:
        """Copy this process: 0 in the copy, the copy's number in the original (fork(2))."""
        return os.fork()

    def kill(process: int) -> None:
        """End a process at once; raises `ProcessLookupError` when it is gone."""
        os.kill(process, signal.SIGKILL)

    def hold_back_interrupts() -> Iterable[int]:
        """Let Ctrl-C wait; gives the signals that were held back before."""
        return signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def hold_back_only(signals: Iterable[int]) -> None:
        """Let all other signals come, those that have waited too."""
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)

    def send_with_file(channel: socket.socket, data: bytes, descriptor: int) -> None:
        """Send `data` with an open file along (unix(7), SCM_RIGHTS); raises OSError when nobody is listening."""
        import socket  # noqa: PLC0415 -- as above

        socket.send_fds(channel, [data], [descriptor])

    def receive_with_file(channel: socket.socket, size: int) -> tuple[bytes, list[int]]:
        """Up to `size` bytes and the descriptor that came with them; neither when the channel has ended."""
        import socket  # noqa: PLC0415 -- as above

        data, descriptors, _, _ = socket.recv_fds(channel, size, 1)
        return data, descriptors
