"""Child programs in this one's place: waited for, signals passed on, error stream filtered."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

_LONGEST_LINE = 1 << 20
"""Bytes of a line that are kept together; what is longer is filtered in pieces."""
_PASSED_ON = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def run_with_filtered_errors(command: Sequence[str], change: Callable[[str], str]) -> int:
    """Run `command` with this program's streams, each line of its standard error given to `change` before it is shown.

    Gives back its exit status; of a program that a signal ended, 128 and the signal's number, as a shell would.
    """
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process, _signals_for(process):
        source = process.stderr
        while source is not None and (line := _line(source.readline)):
            with suppress(OSError, ValueError):  # nobody listens any more; the program goes on
                sys.stderr.write(change(line.decode("utf-8", "backslashreplace")))
                sys.stderr.flush()
        return wait_for(process)


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end and give back the status; Ctrl-C is for the program, which gets it from the same console."""
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            continue
        return status if status >= 0 else 128 - status


def _line(read: Callable[[int], bytes]) -> bytes:
    """The next line, b'' at the end."""
    while True:
        try:
            return read(_LONGEST_LINE)
        except KeyboardInterrupt:
            continue


@contextmanager
def _signals_for(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass on what would end this program, for as long as the other one runs."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
