"""Which kinds of sandbox this machine can make."""

from __future__ import annotations

import sys

from peep.system.sandbox import Isolation, find_isolation


def can_run(isolation: Isolation) -> bool:
    """Whether builds can be kept apart in that way here, be it the strongest or not."""
    return _has_landlock() if isolation is Isolation.LANDLOCK else find_isolation().isolation is isolation


if sys.platform == "linux":
    from peep.system import linux_calls

    def _has_landlock() -> bool:
        return linux_calls.landlock_version() > 0 and linux_calls.can_filter_sockets()

else:

    def _has_landlock() -> bool:
        return False
