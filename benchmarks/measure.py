"""One run of one command, as the operating system accounts for it."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    wall: float
    """Seconds."""
    user: float
    """Seconds of CPU in user mode, children that were waited for included."""
    system: float
    """Seconds of CPU in the kernel."""
    memory: int
    """Peak resident size of the largest process, bytes."""
    written: int
    """Bytes that went out to the block device while it ran."""


def run(command: list[str], variables: dict[str, str], log: Path) -> Run:
    """Run `command` to its end; SystemExit with its output when it fails."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    start = time.perf_counter()
    child = os.posix_spawn(command[0], command, variables, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)}: status {status}\n{log.read_text()[-3000:]}")
    return Run(wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024, usage.ru_oublock * 512)


def median(runs: Iterable[Run], what: str) -> float:
    return statistics.median(getattr(one, what) for one in runs)


def paired_ratio(runs: list[Run], others: list[Run], what: str) -> float:
    """Median of the ratios round by round, so that a drifting machine does not count."""
    pairs = zip(runs, others, strict=False)  # slow programs are measured in the first rounds only
    return statistics.median(getattr(a, what) / (getattr(b, what) or 1e-3) for a, b in pairs)
