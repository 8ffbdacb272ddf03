"""Retry policy: after which faults a server is asked again, and the pause before."""

from __future__ import annotations

from collections.abc import Callable

from peep.dataclass import dataclass
from peep.errors import TransportError
from peep.formats.url_secrets import redacted

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 527})
"""Passing troubles of servers and of what stands in front of them (pip retries most of these)."""
LONGEST_PAUSE = 30.0
"""Seconds; a longer `Retry-After` is not obeyed but cut to this."""


class PassingFault(Exception):
    """A fault that may be gone at the next attempt; `reason` and `hint` are for the user when it is not."""

    def __init__(self, reason: str, hint: str = "", *, status: int | None = None, retry_after: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.status = status
        self.retry_after = retry_after


@dataclass
class Attempts:
    """The budget of one request, shared by opening it and by resuming its body."""

    url: str
    left: int
    sleep: Callable[[float], None]
    first_pause: float = 0.25
    made: int = 0

    def after(self, fault: PassingFault) -> None:
        """Wait before the next attempt; raises `TransportError` when there is none left."""
        if self.left <= 0:
            tries = f" (asked {self.made + 1} times)" if self.made else ""
            raise TransportError(redacted(self.url), fault.reason + tries, fault.hint, status=fault.status) from fault
        self.left -= 1
        self.sleep(pause_before(self.made, fault.retry_after, self.first_pause))
        self.made += 1


def pause_before(attempt: int, retry_after: str, first_pause: float) -> float:
    """Seconds to wait before attempt number `attempt` (from 0): doubling, or what `Retry-After` says, within bounds."""
    if retry_after.isdigit():
        return min(float(retry_after), LONGEST_PAUSE)
    return float(min(first_pause * 2**attempt, LONGEST_PAUSE))
