"""Times (RFC 3339) and ages (`7d`, `36h`, `P7D`), read and written.

Sources: RFC 3339 (times); ISO 8601 (durations of days, hours, minutes, seconds and weeks; years and months have no
fixed length and are refused).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from peep.errors import PeepError

_SHORT = re.compile(r"(\d{1,5})(w|d|h|m|min|s)")
_DURATION = re.compile(r"(\d{1,6})\s*([smhdw])", re.ASCII)
_ISO = re.compile(r"P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "min": "minutes", "s": "seconds"}
_LEAP_SECOND = 60
_MICROSECONDS = 6
_TWO = ((172_800, "day"), (7_200, "hour"), (120, "minute"))
"""Seconds of two of each unit."""
DURATION_FORM = "a number and one of s, m, h, d, w, such as 36h or 7d"


class UnreadableTime(PeepError):
    """Text that is no age and no time."""


def utc_time(text: object) -> datetime | None:
    """Read an RFC 3339 time, of any number of decimals, as UTC; None for anything else."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    micro = int((found[7] or "0")[:_MICROSECONDS].ljust(_MICROSECONDS, "0"))
    offset = timedelta(hours=int(found[10] or 0), minutes=int(found[11] or 0))
    if offset >= timedelta(days=1):
        return None
    try:
        moment = datetime(year, month, day, hour, minute, min(second, _LEAP_SECOND - 1), micro, timezone.utc)
        return moment + offset if found[9] == "-" else moment - offset
    except (ValueError, OverflowError):
        return None


def parse_time(text: str) -> datetime:
    """As `utc_time`, of a text with white space around it. Raises `UnreadableTime`."""
    moment = utc_time(text.strip())
    if moment is None:
        reason = "is no time that there is" if _TIME.fullmatch(text.strip()) else "is no time of RFC 3339"
        raise UnreadableTime(f"{text[:60]!r} {reason}")
    return moment


def written_time(moment: datetime) -> str:
    """A time in UTC as RFC 3339, to the second: what reports print."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def sortable_time(moment: datetime) -> str:
    """A time in UTC whose texts compare as the times do, to the microsecond."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_duration(text: object) -> timedelta | None:
    """Read `7d`, `36h`, `90m`, `2w`, `10s`; None for anything else."""
    found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def spoken_age(age: timedelta) -> str:
    """An age as people say it: `40 minutes`, `2 hours`, `9 days`; at least `1 minute`."""
    seconds = age.total_seconds()
    told = (f"{int(seconds // (two // 2))} {unit}s" for two, unit in _TWO if seconds >= two)
    return next(told, "1 minute")


def parse_age(text: str, now: datetime) -> datetime:
    """Read an age, a date or a time as the moment that it means, an age counted back from `now` (with a zone).

    A date means its beginning in UTC. Raises `UnreadableTime`.
    """
    text = text.strip()
    if found := _SHORT.fullmatch(text):
        return _before(now, timedelta(**{_UNITS[found[2]]: int(found[1])}), text)
    found = _ISO.fullmatch(text)
    if found and any(found.groups()):
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        age = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        return _before(now, age, text)
    if found := _DATE.fullmatch(text):
        return parse_time(f"{text}T00:00:00Z")
    try:
        return parse_time(text)
    except UnreadableTime:
        hint = "write 7d, 36h, P7D, 2026-11-26 or 2026-11-26T12:00:00Z"
        raise UnreadableTime(f"{text[:60]!r} is neither an age nor a time", hint) from None


def _before(now: datetime, age: timedelta, text: str) -> datetime:
    try:
        return now - age
    except OverflowError:
        raise UnreadableTime(f"{text!r} reaches back before there were years") from None
