"""The matching rules of docs/audit.md once more, written down as they are stated; shares no code with peep.

What it gives for a record (a JSON object) and a pin: None, or `(by, certainty)`, where `by` says which statements of
the record cover the version: a set of `hash`, `versions`, `range`.
"""

from __future__ import annotations

import re
from typing import Any

from packaging.version import InvalidVersion, Version


def parse(text: Any) -> Version | None:
    try:
        return Version(text)
    except (InvalidVersion, TypeError):
        return None


def same_name(one: str, other: str) -> bool:
    return re.sub(r"[-_.]+", "-", one).lower() == re.sub(r"[-_.]+", "-", other).lower()


def limits_of(events: list[dict[str, str]]) -> list[str]:
    stated = [event["limit"] for event in events if "limit" in event]
    return [limit for limit in stated if limit == "*" or parse(limit) is not None]


def turns_of(events: list[dict[str, str]]) -> list[tuple[bool, Version, int, str]]:
    """Where a range begins and ends, in order: above the beginning of everything, version, rank, kind."""
    rank = {"introduced": 0, "last_affected": 1, "fixed": 2}
    turns = []
    for kind, text in [pair for event in events for pair in event.items() if pair[0] != "limit"]:
        parsed = parse(text)
        if kind == "introduced" and (text == "0" or parsed is None):
            turns.append((False, Version("0"), 0, kind))
        elif parsed is not None:
            turns.append((True, parsed, rank[kind], kind))
    return sorted(turns, key=lambda turn: turn[:3])


def in_range(events: list[dict[str, str]], version: Version) -> bool:
    """Rules 5 and 6."""
    limits = limits_of(events)
    if limits and not any(limit == "*" or version < Version(limit) for limit in limits):
        return False
    inside = False
    for is_above_beginning, at, _, kind in turns_of(events):
        if kind == "introduced" and (not is_above_beginning or version >= at):
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def covering(record: dict[str, Any], name: str, text: str, *, is_arbitrary: bool = False) -> set[str]:
    """Rules 1 to 7: which statements of a record about a project cover a version."""
    if record.get("withdrawn"):
        return set()
    entries = [
        entry
        for entry in record.get("affected", [])
        if entry["package"]["ecosystem"] == "PyPI" and same_name(entry["package"]["name"], name)
    ]
    version = None if is_arbitrary else parse(text)
    if version is None:
        return {"versions"} if any(text in entry.get("versions", []) for entry in entries) else set()
    found: set[str] = set()
    for one in {version, Version(version.public)}:
        for entry in entries:
            if any(parse(listed) == one for listed in entry.get("versions", [])):
                found.add("versions")
            for ranged in entry.get("ranges", []):
                if ranged["type"] in {"ECOSYSTEM", "SEMVER"} and in_range(ranged["events"], one):
                    found.add("range")
    return found
