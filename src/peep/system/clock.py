"""The day, by UTC: the same on every machine, so that two of them judge dates alike."""

from __future__ import annotations

from datetime import date, datetime, timezone


def utc_day() -> date:
    """Today."""
    return datetime.now(timezone.utc).date()
