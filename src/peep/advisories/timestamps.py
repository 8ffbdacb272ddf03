"""RFC 3339 times and durations such as `7d`, as advisories, settings and the command line state them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION = re.compile(r"(\d{1,6})\s*([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
CLOCK_TOLERANCE = timedelta(days=1)
"""A record that was modified later than this after it was fetched says nothing of how fresh a snapshot is."""
DURATION_FORM = "a number and one of s, m, h, d, w, such as 36h or 7d"


def parse_time(text: object) -> datetime | None:
    """Read an RFC 3339 time, with its offset, as UTC; None for anything else. Fractions beyond a microsecond go."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    microsecond = int((found[7] or "0")[:6].ljust(6, "0"))
    offset = timedelta(0)
    if found[9]:
        offset = timedelta(hours=int(found[10]), minutes=int(found[11])) * (-1 if found[9] == "-" else 1)
    try:
        # RFC 3339 allows a leap second; no calendar of Python's does.
        stated = datetime(year, month, day, hour, minute, min(second, 59), microsecond, tzinfo=timezone.utc)
        return stated - offset
    except (ValueError, OverflowError):
        return None


def written_time(moment: datetime) -> str:
    """A time in UTC as RFC 3339, to the second: what reports print."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def sortable_time(moment: datetime) -> str:
    """A time in UTC whose texts compare as the times do, to the microsecond."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def parse_duration(text: object) -> timedelta | None:
    """Read `7d`, `36h`, `90m`, `2w`, `10s`; None for anything else."""
    found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def spoken_age(age: timedelta) -> str:
    """An age as people say it: `40 minutes`, `2 hours`, `9 days`."""
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((172_800, "day"), (7_200, "hour"), (120, "minute")):
        if seconds >= size:
            return f"{seconds // (size // 2)} {unit}s"
    return f"{seconds // 60 or 1} minute{'' if seconds < 120 else 's'}" if seconds < 120 else "2 minutes"  # noqa: PLR2004
