"""The slim form of an advisory: what the index keeps of a record, as compact JSON, and back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from peep.advisories.ordering import Event, VersionRange
from peep.advisories.record import Advisory, Affected, MalwareFile, SeverityVector

SCHEMA = 1
"""Raised with every change of the form below, or of what `record` makes of a record."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_KINDS = ("introduced", "fixed", "last_affected")


def slim(advisory: Advisory) -> str:
    """The advisory as a JSON text."""
    form = {
        "i": advisory.id,
        "m": _microseconds(advisory.modified),
        "p": None if advisory.published is None else _microseconds(advisory.published),
        "a": advisory.aliases,
        "s": advisory.summary,
        "v": [[one.type, one.vector] for one in advisory.severity],
        "l": advisory.label,
        "f": [_slim_affected(one) for one in advisory.affected],
        "x": [[one.filename, one.sha256] for one in advisory.malware_files],
        "b": [advisory.is_withdrawn, advisory.is_malware, advisory.is_disputed, advisory.is_malformed],
        "t": advisory.material,
    }
    return json.dumps(form, separators=(",", ":"))


def from_slim(text: str) -> Advisory:
    """The advisory that `slim` made `text` of. Raises ValueError, KeyError, TypeError for other text."""
    form = json.loads(text)
    is_withdrawn, is_malware, is_disputed, is_malformed = form["b"]
    return Advisory(
        form["i"],
        _moment(form["m"]),
        published=None if form["p"] is None else _moment(form["p"]),
        is_withdrawn=is_withdrawn,
        aliases=tuple(form["a"]),
        summary=form["s"],
        severity=tuple(SeverityVector(*one) for one in form["v"]),
        label=form["l"],
        affected=tuple(_affected(one) for one in form["f"]),
        malware_files=tuple(MalwareFile(*one) for one in form["x"]),
        is_malware=is_malware,
        is_disputed=is_disputed,
        is_malformed=is_malformed,
        material=form["t"],
    )


def _slim_affected(one: Affected) -> list[Any]:
    ranges = [[[[_KINDS.index(e.kind), e.version] for e in r.events], r.limits] for r in one.ranges]
    severity = [[vector.type, vector.vector] for vector in one.severity]
    return [one.name, one.listed, one.canonical, ranges, severity]


def _affected(form: list[Any]) -> Affected:
    name, listed, canonical, ranges, severity = form
    return Affected(
        name,
        listed,
        canonical,
        tuple(VersionRange(tuple(Event(_KINDS[k], v) for k, v in events), tuple(limits)) for events, limits in ranges),
        tuple(SeverityVector(*one) for one in severity),
    )


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
