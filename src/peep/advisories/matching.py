"""Matching of an advisory with a pin: by which statement of it, and how surely.

The numbers are those of docs/audit.md, "Matching rules". Names are normalised on both sides (1), withdrawn records
never come here (2); aliases (12), markers (13) and pins without a version (14) are the callers'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from packaging.version import Version

from peep.advisories.findings import AuditedPin, Certainty
from peep.advisories.ordering import Interval, interval_at, last_affected_below, parsed_version, version_key
from peep.advisories.record import Advisory, Affected
from peep.dataclass import dataclass
from peep.formats.dependency_specifiers import read_version

_LOWEST = Version("0.dev0")


@dataclass(frozen=True, slots=True)
class Match:
    """A record that fits a pin. `by` is `hash`, `versions` or `range`; versions are texts of the record."""

    advisory: Advisory
    by: str
    certainty: Certainty = Certainty.VERSION
    introduced: str | None = None
    fixed: str | None = None
    other_digests: tuple[str, ...] = ()
    """sha256 that the record knows of a file of the same name, when that is why it is less than certain (10)."""


def match(advisory: Advisory, pin: AuditedPin) -> Match | None:
    """Compare a pin with a record about it, by name or by digest; None when the record does not fit."""
    if any(file.sha256 in pin.sha256s for file in advisory.malware_files):  # rule 8: before names, without a version
        return Match(advisory, "hash", Certainty.HASH)
    if not pin.version:
        return None
    entries = [entry for entry in advisory.affected if entry.name == pin.name]
    found = _by_version(advisory, entries, pin) if entries else None
    return _lowered_by_digests(found, pin) if found and advisory.is_malware else found


def is_unjudged(pin: AuditedPin, advisories: Iterable[Advisory]) -> bool:
    """Rule 3, for a pin that no record fitted: it can't be compared with the ranges that records of its name have."""
    if not _compares_as_text(pin):
        return False
    return any(entry.ranges for one in advisories for entry in one.affected if entry.name == pin.name)


def just_above(advisory: Advisory, pin: AuditedPin) -> str | None:
    """Rule 5: the `last_affected` that alone keeps a pin out of a record that does not fit it."""
    version = None if _compares_as_text(pin) else parsed_version(pin.version)
    ranges = [ranged for entry in advisory.affected if entry.name == pin.name for ranged in entry.ranges]
    return next((last for ranged in ranges if version and (last := last_affected_below(ranged, version))), None)


def _compares_as_text(pin: AuditedPin) -> bool:
    return pin.is_arbitrary or parsed_version(pin.version) is None


def _by_version(advisory: Advisory, entries: Sequence[Affected], pin: AuditedPin) -> Match | None:
    if _compares_as_text(pin):  # rule 3
        if any(entry.lists(pin.version) for entry in entries):
            return Match(advisory, "versions")
        return _all_versions(advisory, entries)
    versions, keys = _with_public_part(pin.version)
    is_listed = any(entry.lists_version(key) for entry in entries for key in keys)
    interval = _interval(entries, versions)
    if interval is None:
        return Match(advisory, "versions") if is_listed else None
    # Rule 9: a range without an end beside a list of versions is taken for a stale one, where the list lacks the pin.
    is_doubtful = advisory.is_malware and not is_listed and interval.is_open and any(entry.listed for entry in entries)
    certainty = Certainty.RANGE if is_doubtful else Certainty.VERSION
    return Match(advisory, "range", certainty, interval.introduced, interval.fixed)


def _all_versions(advisory: Advisory, entries: Sequence[Affected]) -> Match | None:
    """Malware "from the beginning on" covers what can't be compared: else `===` would let it in (decision 0100)."""
    for entry in entries if advisory.is_malware else ():
        found = [one for ranged in entry.ranges if (one := interval_at(ranged, _LOWEST)) and one.is_open]
        if found:
            certainty = Certainty.RANGE if any(one.listed for one in entries) else Certainty.VERSION
            return Match(advisory, "range", certainty, found[0].introduced)
    return None


@lru_cache(maxsize=1 << 12)
def _with_public_part(text: str) -> tuple[tuple[Version, ...], tuple[str, ...]]:
    """Rule 7: a version, and what is left of it without its local label; and the keys of both."""
    version = parsed_version(text)
    if version is None:
        return (), ()
    versions = (version,) if version.local is None else (version, read_version(version.public))
    return versions, tuple(version_key(str(one)) for one in versions)


def _interval(entries: Sequence[Affected], versions: Sequence[Version]) -> Interval | None:
    """The interval that holds the pin; of several one that has an end, for that says more."""
    found = [
        interval
        for entry in entries
        for ranged in entry.ranges
        for version in versions
        if (interval := interval_at(ranged, version)) is not None
    ]
    return min(found, key=lambda interval: (interval.is_open, interval.fixed is None), default=None)


def _lowered_by_digests(found: Match, pin: AuditedPin) -> Match:
    """Rule 10: the record knows other bytes under the name of a pinned file: a name used again, or a private one."""
    known = {file.sha256 for file in found.advisory.malware_files if file.filename and file.filename in pin.filenames}
    if not known or not pin.sha256s:
        return found
    return Match(found.advisory, found.by, Certainty.RANGE, found.introduced, found.fixed, tuple(sorted(known)))
