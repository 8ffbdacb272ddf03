"""Admission of a run by advisories, with its end."""

from __future__ import annotations

from peep.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Admission:
    """That nothing speaks against a run's pins, from `since` until before `until`: seconds since 1970-01-01, UTC."""

    since: int = 0
    until: int = 1 << 62
    """0: what was told on the way is to be told again, so nobody may remember the answer."""
