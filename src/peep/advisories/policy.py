"""The audit policy of a project: `[tool.peep.audit]`, or `[audit]` of peep.toml, as a value; and what a level it gives.

Takes the parsed TOML table; who reads it knows file and line of each key. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from peep.advisories.findings import Finding, Kind, Level
from peep.advisories.severity import LABELS
from peep.advisories.timestamps import DURATION_FORM, parse_duration
from peep.dataclass import dataclass, replace

FAIL_ON = ("low", "medium", "high", "critical")
WITHOUT_FIX = ("report", "warn")
_PATTERN = re.compile(r"[A-Za-z0-9*?][A-Za-z0-9._*?-]*", re.ASCII)
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuditPolicy:
    """What fails a run, and what a run may rest on."""

    max_age: timedelta = timedelta(days=7)
    fail_on: str = "low"
    without_fix: str = "report"
    longest_suppression: timedelta = timedelta(days=180)
    private: tuple[str, ...] = ()
    """Patterns of normalised names."""
    snapshot_sha256: str | None = None
    advisories_url: str | None = None
    refuse_malware: bool = False

    def is_private(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.private)


class PolicyFault(Exception):
    """A key of the table that means nothing; `key` says which, the text why and what would."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


def policy_of(table: Mapping[str, object]) -> AuditPolicy:
    """The policy that a table states; what it leaves out has its default. Raises `PolicyFault` for the first fault."""
    changes: dict[str, Any] = {}
    for key, value in table.items():
        read = _READERS.get(key)
        if read is None:
            raise PolicyFault(key, f"audit has no setting of this name; there are {', '.join(sorted(_READERS))}")
        changes[key.replace("-", "_")] = read(key, value)
    return replace(AuditPolicy(), **changes)


def duration_of(key: str, value: object) -> timedelta:
    duration = parse_duration(value)
    if duration is None:
        raise PolicyFault(key, f"{value!r} is no duration; write {DURATION_FORM}")
    return duration


def _one_of(*words: str) -> Callable[[str, object], str]:
    def read(key: str, value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise PolicyFault(key, f"{value!r} is none of {', '.join(words)}")
        return value

    return read


def _patterns(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and _PATTERN.fullmatch(one) for one in value):
        raise PolicyFault(key, f"{value!r} is no list of project names, perhaps with *, such as ['acme-*']")
    return tuple(re.sub(r"[-_.]+", "-", one).lower() for one in value)


def _digest(key: str, value: object) -> str:
    found = _SHA256.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PolicyFault(key, f"{value!r} is no sha256, which has 64 hexadecimal digits")
    return found[1].lower()


def _url(key: str, value: object) -> str:
    if not isinstance(value, str) or not re.match(r"(?:https?://[^/]|file:/)", value):
        raise PolicyFault(key, f"{value!r} is no http, https or file URL")
    return value


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise PolicyFault(key, f"{value!r} is neither true nor false")
    return value


_READERS: Mapping[str, Callable[[str, object], object]] = {
    "max-age": duration_of,
    "fail-on": _one_of(*FAIL_ON),
    "without-fix": _one_of(*WITHOUT_FIX),
    "longest-suppression": duration_of,
    "private": _patterns,
    "snapshot-sha256": _digest,
    "advisories-url": _url,
    "refuse-malware": _flag,
}


def levelled(finding: Finding, policy: AuditPolicy) -> Finding:
    """A vulnerability with its level: an error from `fail-on` up and of unknown severity, and what is exploited.

    With `without-fix = "warn"` one that nothing fixes is a warning; an exploited one is an error all the same.
    """
    if finding.is_exploited:
        return replace(finding, level=Level.ERROR)
    if finding.kind is not Kind.VULNERABILITY:
        return finding
    label = finding.severity.label
    is_error = label == "unknown" or LABELS.index(label) >= LABELS.index(policy.fail_on)
    has_fix = finding.fix is not None and finding.fix.version is not None
    if policy.without_fix == "warn" and not has_fix:
        is_error = False
    return replace(finding, level=Level.ERROR if is_error else Level.WARNING)
