"""`peep-audit.toml`: entries as suppressions, faults by file and line; an entry appended.

A key that is missing, misspelled or means nothing is an error: a slip of the keyboard must not un-audit a project.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from peep.advisories.findings import Place
from peep.advisories.foreign_text import cleaned
from peep.advisories.ordering import parsed_version
from peep.advisories.record import IDENTIFIER
from peep.advisories.suppressions import Suppression, fault_for_malware
from peep.formats.documents import parse_toml
from peep.formats.names import normalised
from peep.pins import read_sha256

FILE_NAME = "peep-audit.toml"
STATUSES = ("not_affected", "under_investigation", "affected")
JUSTIFICATIONS = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)
"""OpenVEX 0.2.0, "Status Justifications"."""
LARGEST_FILE = 16 << 20
"""Bytes."""
_LONGEST_TEXT = 2000
"""Characters of a reason that are kept."""
_KEYS = frozenset(
    {
        "id", "project", "sha256", "version", "status", "justification", "reason", "by", "added", "expires",
        "until-fixed", "advisory",
    }
)  # fmt: skip
_HEADER = re.compile(r"\s*\[\[\s*(?:suppress|\"suppress\"|'suppress')\s*\]\]")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)


class SuppressionFault(Exception):
    """What is wrong with a file; `line` from 1, 0 for the whole."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def read_suppressions(content: bytes, path: str, longest: timedelta) -> tuple[Suppression, ...]:
    """The entries of a file, in its order. Raises `SuppressionFault` for the first thing that is wrong."""
    try:
        text = content.decode("utf-8")
        document = parse_toml(text)
    except ValueError as error:  # no UTF-8, no TOML, nested without end
        found = re.search(r"\(at line (\d+)", str(error))
        raise SuppressionFault(int(found[1]) if found else 0, f"no TOML: {error}") from None
    lines = text.splitlines()
    _check_top(document, lines)
    entries = document.get("suppress", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SuppressionFault(0, "`suppress` is no list of tables; each begins with [[suppress]]")
    headers = [number for number, line in enumerate(lines, 1) if _HEADER.match(line)]
    starts = headers if len(headers) == len(entries) else [0] * len(entries)
    suppressions: dict[tuple[object, ...], Suppression] = {}
    for entry, start in zip(entries, starts, strict=True):
        one = _Entry(entry, start, lines).suppression(path, longest)
        other = suppressions.setdefault((one.id, one.project, one.version, one.sha256), one)
        if other is not one:
            raise SuppressionFault(start, f"{one.id} of {one.project} is suppressed twice, first at {other.source}")
    return tuple(suppressions.values())


def _check_top(document: Mapping[str, Any], lines: Sequence[str]) -> None:
    version = document.get("version")
    if version != 1 or isinstance(version, bool):
        reason = "only version 1 is known" if "version" in document else "it must begin with `version = 1`"
        raise SuppressionFault(_line_of("version", lines) or 1, reason)
    for key in document:
        if key not in {"version", "suppress"}:
            reason = f"`{key}` has no meaning here; entries begin with [[suppress]]"
            raise SuppressionFault(_line_of(key, lines), reason)


def _line_of(key: str, lines: Sequence[str], start: int = 0) -> int:
    """The line from 1 that gives `key` a value, the first after line `start`; `start` where none is found."""
    pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[=\].]")
    numbers = (number for number, line in enumerate(lines[start:], start + 1) if pattern.match(line))
    return next(numbers, start)


class _Entry:
    """One table `[[suppress]]`, whose header stands in line `start`."""

    def __init__(self, table: Mapping[str, Any], start: int, lines: Sequence[str]) -> None:
        self._table = table
        self._start = start
        self._lines = lines

    def fault(self, key: str, reason: str) -> SuppressionFault:
        line = _line_of(key, self._lines, self._start) if self._start and key in self._table else self._start
        return SuppressionFault(line, f"`{key}` {reason}" if key else reason)

    def suppression(self, path: str, longest: timedelta) -> Suppression:
        for key in self._table:
            if key not in _KEYS:
                raise self.fault(key, f"is no key of a suppression; there are {', '.join(sorted(_KEYS))}")
        one = Suppression(
            id=self._matching("id", IDENTIFIER, "is the id of no advisory"),
            project=normalised(self._matching("project", _NAME, "is no name of a project; there are no wildcards")),
            status=self._word("status", STATUSES),
            reason=self._line("reason"),
            added=self._day("added"),
            expires=self._day("expires"),
            place=Place(path, self._start),
            justification=self._word("justification", JUSTIFICATIONS) if "justification" in self._table else None,
            sha256=self._digests(),
            version=self._version(),
            by=self._line("by") if "by" in self._table else None,
            until_fixed=self._flag("until-fixed"),
            advisory=self._digest("advisory", self._table["advisory"]) if "advisory" in self._table else None,
        )
        self._check_whole(one, longest)
        return one

    def _check_whole(self, one: Suppression, longest: timedelta) -> None:
        if one.status == "not_affected" and one.justification is None:
            raise self.fault("justification", f"is missing: not_affected needs one of {', '.join(JUSTIFICATIONS)}")
        if bool(one.sha256) == (one.version is not None):
            raise self.fault("", "either `sha256` or `version` says which archives are meant")
        if one.expires < one.added:
            raise self.fault("expires", "is before `added`")
        if one.expires - one.added > longest:
            raise self.fault("expires", f"is more than {longest.days} days after `added` (longest-suppression)")
        if one.id.startswith("MAL-") and (reason := fault_for_malware(one)):
            raise self.fault("", reason)

    def _text(self, key: str) -> str:
        if key not in self._table:
            raise self.fault(key, "is missing")
        value = self._table[key]
        if not isinstance(value, str) or not value.strip():
            raise self.fault(key, "is blank" if isinstance(value, str) else "is no text")
        return value.strip()

    def _line(self, key: str) -> str:
        """Text for reports: entries come with pull requests, from strangers."""
        line = cleaned(self._text(key), _LONGEST_TEXT)
        if not line:
            raise self.fault(key, "is blank")
        return line

    def _matching(self, key: str, pattern: re.Pattern[str], reason: str) -> str:
        text = self._text(key)
        if not pattern.fullmatch(text):
            raise self.fault(key, f"{text!r} {reason}")
        return text

    def _word(self, key: str, words: Sequence[str]) -> str:
        text = self._text(key)
        if text not in words:
            raise self.fault(key, f"{text!r} is none of {', '.join(words)}")
        return text

    def _version(self) -> str | None:
        if "version" not in self._table:
            return None
        text = self._text("version")
        if parsed_version(text) is None and re.search(r"[*<>=!~,\s]", text):
            raise self.fault("version", f"{text!r} is no single version")
        return text

    def _day(self, key: str) -> date:
        value = self._table.get(key)
        if value is None:
            raise self.fault(key, "is missing")
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.fault(key, "is no day; write it without quotes, as 2026-11-26")
        return value

    def _flag(self, key: str) -> bool:
        value = self._table.get(key, False)
        if not isinstance(value, bool):
            raise self.fault(key, "is neither true nor false")
        return value

    def _digests(self) -> frozenset[str]:
        if "sha256" not in self._table:
            return frozenset()
        stated = self._table["sha256"]
        if not isinstance(stated, list) or not stated:
            raise self.fault("sha256", 'is no list of digests, such as ["51c7…"]')
        return frozenset(self._digest("sha256", one) for one in stated)

    def _digest(self, key: str, value: object) -> str:
        found = read_sha256(value) if isinstance(value, str) else ""
        if not found:
            raise self.fault(key, f"{value!r} is no sha256, which has 64 hexadecimal digits")
        return found


def with_entry(content: str, one: Suppression) -> str:
    """The text of a file with an entry at its end; '' becomes a whole file."""
    lines = ["[[suppress]]", f"id = {_quoted(one.id)}", f"project = {_quoted(one.project)}"]
    if one.version is not None:
        lines.append(f"version = {_quoted(one.version)}")
    else:
        lines.append(f"sha256 = [{', '.join(_quoted(digest) for digest in sorted(one.sha256))}]")
    lines.append(f"status = {_quoted(one.status)}")
    if one.justification is not None:
        lines.append(f"justification = {_quoted(one.justification)}")
    lines.append(f"reason = {_quoted(one.reason)}")
    if one.by is not None:
        lines.append(f"by = {_quoted(one.by)}")
    lines += [f"added = {one.added.isoformat()}", f"expires = {one.expires.isoformat()}"]
    if one.until_fixed:
        lines.append("until-fixed = true")
    if one.advisory is not None:
        lines.append(f"advisory = {_quoted('sha256:' + one.advisory)}")
    head = content or "version = 1\n"
    return head + ("" if head.endswith("\n") else "\n") + "\n" + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string (TOML 1.0, "String")."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
