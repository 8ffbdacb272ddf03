"""Running of other programs: given environment, bounded time, ended with their session."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, BinaryIO, Protocol

from peep.dataclass import dataclass
from peep.system import bounded
from peep.system.files import write_fully

_PIECE = 64 * 1024
_TAIL = 32 * 1024
"""Bytes of the end of the output that are kept for messages."""
_GRACE = 2.0
"""Seconds that a killed program's pipes are given to close."""


@dataclass(frozen=True, slots=True)
class CompletedRun:
    """A program that has ended. `status` is negative for the signal that ended it (as in `subprocess`)."""

    status: int
    output: bytes
    """Standard output."""
    errors: bytes
    """Standard error."""
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A program whose output went to a file."""

    status: int
    last_lines: tuple[str, ...]
    """The end of standard output and standard error together, without control characters."""
    log_path: str
    seconds: float
    timed_out: bool = False


class RunProgram(Protocol):
    """The seam that tests replace: same parameters and result as `run`."""

    def __call__(
        self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: str | None = None, timeout: float = 60.0
    ) -> CompletedRun: ...


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | None = None,
    timeout: float = 60.0,
    input_bytes: bytes = b"",
) -> CompletedRun:
    """Run a program to its end and give back what it printed.

    `arguments[0]` is the program; `env` is its whole environment; `timeout` in seconds, after which the program and
    everything in its process group is killed. `input_bytes` is what it finds on standard input. Raises OSError when the
    program cannot be started, and EFBIG when it prints more than `bounded.OUTPUT` bytes.
    """
    process = _start(arguments, env, cwd, merge_errors=False, has_input=bool(input_bytes))
    output, errors = _Collector(process, process.stdout), _Collector(process, process.stderr)
    helpers = (output, errors, threading.Thread(target=_feed, args=(process, input_bytes), daemon=True))
    try:
        for helper in helpers:
            helper.start()
        timed_out = not _have_ended(process, helpers, timeout)
    finally:
        kill_session(process)
    if timed_out:
        _have_ended(process, helpers, _GRACE)  # unless a process that got away still holds the pipes open
    if output.is_too_long or errors.is_too_long:
        raise OSError(errno.EFBIG, f"it prints more than {bounded.OUTPUT >> 20} MiB", arguments[0])
    status = process.poll() or (-signal.SIGTERM if timed_out else 0)
    return CompletedRun(status, output.content(), errors.content(), timed_out=timed_out)


def run_logged(  # noqa: PLR0913 - all but one are keywords that describe one run
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    log_path: str,
    cwd: str | None = None,
    timeout: float = 3600.0,
    output_limit: int = 64 * 1024 * 1024,
    input_bytes: bytes = b"",
) -> LoggedRun:
    """Run a program with its standard output and error appended to the file `log_path`.

    `timeout` in seconds; `output_limit` in bytes: what comes after is thrown away, its end is still kept for
    `last_lines`. `input_bytes` is given on standard input. Raises OSError when the program or the log cannot be opened.
    """
    started = time.monotonic()
    with open(log_path, "ab", buffering=0) as log:  # what does not fit must not come up again when it is closed
        process = _start(arguments, env, cwd, merge_errors=True, has_input=bool(input_bytes))
        copier = _LogCopier(process.stdout, log, output_limit)
        copier.start()
        try:
            _feed(process, input_bytes)
            timed_out = _wait(process, timeout)
        finally:
            kill_session(process)
            copier.join(_GRACE)
        status = process.wait()
    return LoggedRun(status, printable_lines(copier.tail()), log_path, time.monotonic() - started, timed_out)


def printable_lines(output: bytes) -> tuple[str, ...]:
    """Text lines of a program's output, safe to show on a terminal: control characters are dropped."""
    text = output.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    cleaned = ("".join(c for c in line.replace("\t", "    ") if c.isprintable()).rstrip() for line in text.split("\n"))
    return tuple(line for line in cleaned if line)


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """End a program started here and whatever it left in its process group."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()


def _start(
    arguments: Sequence[str], env: Mapping[str, str], cwd: str | None, *, merge_errors: bool, has_input: bool = False
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(arguments),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merge_errors else subprocess.PIPE,
        start_new_session=True,
    )


def _have_ended(process: subprocess.Popen[bytes], helpers: Sequence[threading.Thread], timeout: float) -> bool:
    """Wait for the end of a program and of its pipes; False when `timeout` seconds were up first."""
    deadline = time.monotonic() + timeout
    for helper in helpers:
        helper.join(max(0.0, deadline - time.monotonic()))
        if helper.is_alive():
            return False
    return not _wait(process, max(0.0, deadline - time.monotonic()))


def _feed(process: subprocess.Popen[bytes], input_bytes: bytes) -> None:
    if process.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError), process.stdin as stream:
        stream.write(input_bytes)


def _wait(process: subprocess.Popen[bytes], timeout: float) -> bool:
    """Wait for the end; True when the time was up first."""
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        return True
    return False


class _Collector(threading.Thread):
    """Keeps what comes out of a pipe; a program that prints without end is ended."""

    def __init__(self, process: subprocess.Popen[bytes], source: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        self.is_too_long = False
        self._process = process
        self._source = source
        self._pieces: list[bytes] = []

    def content(self) -> bytes:
        return b"".join(self._pieces)

    def run(self) -> None:
        if self._source is None:
            return
        size = 0
        with self._source as source:
            while piece := os.read(source.fileno(), _PIECE):
                size += len(piece)
                if size > bounded.OUTPUT:
                    self.is_too_long = True
                    kill_session(self._process)
                    return
                self._pieces.append(piece)


class _LogCopier(threading.Thread):
    """Copies a pipe to a file, as far as the limit allows, and remembers the end of it."""

    def __init__(self, source: IO[bytes] | None, log: BinaryIO, limit: int) -> None:
        super().__init__(daemon=True)
        self._source = source
        self._log = log
        self._limit = limit
        self._tail = b""

    def tail(self) -> bytes:
        return self._tail

    def run(self) -> None:
        left = self._limit
        for piece in self._pieces():
            self._tail = (self._tail + piece)[-_TAIL:]
            if left > 0:
                left -= len(piece)
                note = b"" if left > 0 else b"\n[the rest of the output was dropped]\n"
                # The log is closed when a process that got away holds the pipe open for longer than it is waited for.
                with contextlib.suppress(ValueError):
                    left = left if self._is_kept((piece if left >= 0 else piece[:left]) + note) else 0

    def _is_kept(self, piece: bytes) -> bool:
        """Write to the log. On a full disk it ends there; the program goes on, for it would die of a closed pipe."""
        try:
            write_fully(self._log.fileno(), piece)
        except OSError:
            return False
        return True

    def _pieces(self) -> Iterator[bytes]:
        if self._source is None:
            return
        with self._source as source:
            while piece := os.read(source.fileno(), _PIECE):
                yield piece
