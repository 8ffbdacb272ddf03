"""Order of versions inside an advisory's ranges: OSV's evaluation algorithm over PEP 440.

Sources: OSV schema 1.7, "affected[].ranges[] fields" and "Evaluation"; PEP 440. "0" as an `introduced` version is below
every version, pre-releases and `0.dev0` included.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from packaging.version import Version

from peep.dataclass import dataclass

BEGINNING = "0"
INFINITY = "*"
_LONGEST = 128
"""Characters: no project has a longer version, and comparing one costs what its length says."""
_RANKS = {"introduced": 0, "last_affected": 1, "fixed": 2}


@dataclass(frozen=True, slots=True)
class Event:
    """One end of an interval; `kind` is `introduced`, `fixed` or `last_affected`."""

    kind: str
    version: str


@dataclass(frozen=True, slots=True)
class VersionRange:
    """The events of one range, ordered; `limits` are those that could be parsed, or `*`."""

    events: tuple[Event, ...]
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a version lies in a range: from `introduced` up to `fixed` (None: none is known above it)."""

    introduced: str
    fixed: str | None
    is_open: bool
    """Nothing ends it: no `fixed`, no `last_affected` above the version, no limit."""


@lru_cache(maxsize=1 << 16)
def parsed_version(text: str) -> Version | None:
    """The version that `text` is by PEP 440, or None."""
    try:
        return Version(text) if len(text) <= _LONGEST else None
    except ValueError:  # InvalidVersion, or a number of more digits than Python converts
        return None


@lru_cache(maxsize=1 << 16)
def version_key(text: str) -> str:
    """A text that equal versions share (PEP 440: `1.0` = `1.0.0`, `2022.12.07` = `2022.12.7`); others stay as is."""
    version = parsed_version(text)
    return text if version is None else _canonical(version)


def _canonical(version: Version) -> str:
    """The normal form of PEP 440 without the zeros at the release's end, which do not count in comparisons.

    `packaging.utils` has it, too, behind 20 ms of modules.
    """
    release = list(version.release)
    while len(release) > 1 and not release[-1]:
        release.pop()
    parts = [f"{version.epoch}!" if version.epoch else "", ".".join(map(str, release))]
    parts.append("".join(map(str, version.pre)) if version.pre else "")
    parts.append("" if version.post is None else f".post{version.post}")
    parts.append("" if version.dev is None else f".dev{version.dev}")
    parts.append("" if version.local is None else f"+{version.local}")
    return "".join(parts)


def ordered_range(stated: Iterable[tuple[str, object]]) -> tuple[VersionRange, bool]:
    """Make a range of its events (kind and version as stated); True beside it when one of them can't be parsed.

    Such an event is left out; an `introduced` counts as "0", so that what nobody can read affects rather too much.
    """
    events: list[Event] = []
    limits: list[str] = []
    is_malformed = False
    for kind, value in stated:
        text = value if isinstance(value, str) else ""
        is_special = (kind, text) in {("introduced", BEGINNING), ("limit", INFINITY)}
        if not is_special and parsed_version(text) is None:
            is_malformed = True
            if kind != "introduced":
                continue
            text = BEGINNING
        if kind == "limit":
            limits.append(text)
        else:
            events.append(Event(kind, text))
    events.sort(key=_order)
    return VersionRange(tuple(events), tuple(limits)), is_malformed


def _order(event: Event) -> tuple[bool, Version, int]:
    is_above_beginning = not _is_beginning(event)
    return is_above_beginning, parsed_version(event.version) or Version(BEGINNING), _RANKS[event.kind]


def _is_beginning(event: Event) -> bool:
    return event.kind == "introduced" and event.version == BEGINNING


def interval_at(ranged: VersionRange, version: Version) -> Interval | None:
    """The interval of `ranged` that holds `version`, or None when it holds it nowhere."""
    if ranged.limits and not any(_is_below(version, limit) for limit in ranged.limits):
        return None
    introduced, fixed, is_open = None, None, not any(limit != INFINITY for limit in ranged.limits)
    for event in ranged.events:
        at = parsed_version(event.version)
        if _is_beginning(event) or (at is not None and version >= at):
            introduced = _after(event, introduced, version, at)
        elif event.kind != "introduced":
            is_open = False
            fixed = event.version if event.kind == "fixed" and fixed is None else fixed
    if introduced is None:
        return None
    lasts = (event.version for event in ranged.events if event.kind == "last_affected")
    ends_here = any(parsed_version(last) == version for last in lasts)
    return Interval(introduced, fixed, is_open and not ends_here)


def _after(event: Event, introduced: str | None, version: Version, at: Version | None) -> str | None:
    """What the last `introduced` is after an event at or below `version`; None: the version is out again."""
    if event.kind == "introduced":
        return event.version
    if event.kind == "last_affected" and version == at:
        return introduced
    return None


def _is_below(version: Version, limit: str) -> bool:
    parsed = parsed_version(limit)
    return limit == INFINITY or (parsed is not None and version < parsed)


def last_affected_below(ranged: VersionRange, version: Version) -> str | None:
    """The `last_affected` that alone lets `version` out of a range: nothing says that a fix came with it."""
    ended = None
    for event in ranged.events:
        at = parsed_version(event.version)
        if _is_beginning(event) or (at is not None and version >= at):
            ended = event.version if event.kind == "last_affected" and at != version else None
    return ended
