"""CPU time of a piece of work, for claims about growth: ratios taken side by side, safe from a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable


def cpu_seconds(action: Callable[[], object], repeats: int = 3) -> float:
    """CPU seconds of this thread; the best of several, for caches and collectors only ever add."""
    times = []
    for _ in range(repeats):
        began = time.thread_time()
        action()
        times.append(time.thread_time() - began)
    return min(times)


def assert_linear(action_of: Callable[[int], object], small: int, large: int) -> None:
    """Ten times the work may take some forty times the time; a quadratic reader takes a hundred."""
    yardstick = cpu_seconds(lambda: action_of(small))

    assert cpu_seconds(lambda: action_of(large)) < 4 * (large / small) * yardstick + 0.05
