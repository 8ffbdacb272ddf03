"""Plan of a snapshot's fetching: what to ask a bucket for, and whether it may replace what is held."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from peep.advisories.foreign_text import cleaned
from peep.advisories.record import CLOCK_TOLERANCE, ECOSYSTEM, is_record_name
from peep.advisories.snapshot import FetchRecord
from peep.formats.ages import utc_time, written_time
from peep.formats.url_secrets import redacted

OSV_BUCKET = "https://osv-vulnerabilities.storage.googleapis.com"
"""As OSV's documentation has it ("Data dumps")."""
FULL_AFTER = timedelta(days=7)
"""Deltas do not tell of records that were removed."""
MOST_CHANGES = 3000
"""Changed records beyond which the whole is fetched: one file in place of thousands."""
LARGEST_LIST = 64 << 20
"""Bytes of `modified_id.csv`."""
MOST_GONE = 0.01
"""Of the old ids; more gone at once is no correction, it is a broken or a hostile bucket."""
_LINE = re.compile(r"([^,\s]+),([^,\s]+)")


class RefusedSnapshot(Exception):
    """What came does not take the place of what is held; the text says why."""


def is_zip_url(url: str) -> bool:
    return url.split("?", 1)[0].lower().endswith(".zip")


def zip_url(base: str) -> str:
    """Where the whole is: `base` itself when it names a zip."""
    return base if is_zip_url(base) else f"{base.rstrip('/')}/{ECOSYSTEM}/all.zip"


def list_url(base: str) -> str:
    return f"{base.rstrip('/')}/{ECOSYSTEM}/modified_id.csv"


def record_url(base: str, identifier: str) -> str:
    return f"{base.rstrip('/')}/{ECOSYSTEM}/{identifier}.json"


def may_be_delta(held: FetchRecord | None, base: str, now: datetime) -> bool:
    """Whether it will do to ask for what changed: the same bucket, and the whole not too long ago."""
    if held is None or is_zip_url(base) or held.url != redacted(base):
        return False
    return timedelta(0) <= now - held.full < FULL_AFTER and utc_time(held.newest) is not None


def changed_ids(listing: bytes, newest: datetime, now: datetime) -> tuple[str, ...]:
    """The ids in `modified_id.csv` that are newer than `newest`, in its order, each once.

    A time over a day ahead of `now` counts as changed, too: it can't be told when that was. Raises `RefusedSnapshot`
    for a list that is none.
    """
    found: dict[str, None] = {}
    lines = listing.decode("utf-8", "replace").split("\n")
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        parts = _LINE.fullmatch(text)
        moment = utc_time(parts[1]) if parts else None
        if parts is None or moment is None or not is_record_name(f"{parts[2]}.json"):
            raise RefusedSnapshot(f"line {number} of the list of changes is {cleaned(text, 80)!r}")
        if moment > newest or moment > now + CLOCK_TOLERANCE:
            found[parts[2]] = None
    return tuple(found)


def check_successor(
    old_ids: Collection[str], new_ids: Collection[str], old_newest: datetime | None, new_newest: datetime | None
) -> None:
    """Raise `RefusedSnapshot` for a whole snapshot that lacks over a hundredth of the old ids, or is older."""
    gone = len(set(old_ids) - set(new_ids))
    if gone > MOST_GONE * len(old_ids):
        raise RefusedSnapshot(f"{gone} of the {len(old_ids)} records that are held are not in it")
    if old_newest is not None and (new_newest is None or new_newest < old_newest):
        told = "nothing" if new_newest is None else written_time(new_newest)
        raise RefusedSnapshot(f"its newest record is of {told}, and that of what is held of {written_time(old_newest)}")
