"""Boot id: files written since boot survived no crash."""

from __future__ import annotations

import sys
import time

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_TOLERANCE = 2.0
"""Seconds by which two readings of one boot's start may differ; no machine restarts faster."""


def current_boot() -> str:
    """One word that names the running boot; compare two of them with `is_same_boot` only."""
    try:
        with open(_BOOT_ID, "rb") as file:
            return file.read().decode("ascii").strip()
    except OSError:
        since = time.monotonic()
        if sys.platform == "darwin":  # there, that clock stands still while the machine sleeps; this one does not
            since = time.clock_gettime(time.CLOCK_MONOTONIC)
        return f"started:{time.time() - since:.3f}"


def is_same_boot(one: str, other: str) -> bool:
    """Whether two words name the same boot. In doubt (the clock was set meanwhile), they don't."""
    if one == other:
        return True
    try:
        starts = [float(word.removeprefix("started:")) for word in (one, other)]
    except ValueError:
        return False
    return abs(starts[0] - starts[1]) < _TOLERANCE
