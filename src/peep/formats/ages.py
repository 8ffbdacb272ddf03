"""Ages and times as options and settings state them: `7d`, `36h`, `P7D`, a date, an RFC 3339 time.

Sources: RFC 3339 (times); ISO 8601 (durations of days, hours, minutes, seconds and weeks; years and months have no
fixed length and are refused).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from peep.errors import PeepError

_SHORT = re.compile(r"(\d{1,5})(w|d|h|m|min|s)")
_ISO = re.compile(r"P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "min": "minutes", "s": "seconds"}
_LEAP_SECOND = 60
_MICROSECONDS = 6


class UnreadableTime(PeepError):
    """Text that is no age and no time."""


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time, of any number of decimals, that there is in UTC, too. Raises `UnreadableTime`."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise UnreadableTime(f"{text[:60]!r} is no time of RFC 3339")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    micro = int((found[7] or "0")[:_MICROSECONDS].ljust(_MICROSECONDS, "0"))
    sign = -1 if found[9] == "-" else 1
    offset = sign * timedelta(hours=int(found[10] or 0), minutes=int(found[11] or 0))
    try:
        zone = timezone(offset)
        moment = datetime(year, month, day, hour, minute, min(second, _LEAP_SECOND - 1), micro, zone)
        moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise UnreadableTime(f"{text[:60]!r} is no time that there is") from None
    return moment


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
