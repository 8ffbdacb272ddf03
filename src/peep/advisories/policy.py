"""Audit policy of a project, made of its settings `[audit]`, and the level it gives a finding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from fnmatch import fnmatchcase

from peep.advisories.findings import Finding, Kind, Level
from peep.advisories.severity import LABELS
from peep.dataclass import dataclass, replace
from peep.formats.ages import DURATION_FORM, parse_duration
from peep.formats.names import normalised
from peep.formats.settings import AuditSettings

_PATTERN = re.compile(r"[A-Za-z0-9*?][A-Za-z0-9._*?-]*", re.ASCII)


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
    """A value that means nothing; `key` says which setting has it, the text why and what would."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


def policy_of(settings: AuditSettings) -> AuditPolicy:
    """The policy that settings state. Raises `PolicyFault` for the first value that means nothing."""
    return AuditPolicy(
        max_age=_duration("max-age", settings.max_age),
        fail_on=settings.fail_on,
        without_fix=settings.without_fix,
        longest_suppression=_duration("longest-suppression", settings.longest_suppression),
        private=_patterns("private", settings.private),
        snapshot_sha256=settings.snapshot_sha256 or None,
        advisories_url=_url("advisories-url", settings.advisories_url) if settings.advisories_url else None,
        refuse_malware=settings.refuse_malware,
    )


def _duration(key: str, value: str) -> timedelta:
    duration = parse_duration(value)
    if duration is None:
        raise PolicyFault(key, f"{value!r} is no duration; write {DURATION_FORM}")
    return duration


def _patterns(key: str, value: Sequence[str]) -> tuple[str, ...]:
    for one in value:
        if not _PATTERN.fullmatch(one):
            raise PolicyFault(key, f"{one!r} is no name of a project, perhaps with *, such as acme-*")
    return tuple(map(normalised, value))


def _url(key: str, value: str) -> str:
    if not re.match(r"(?:https?://[^/]|file:/)", value):
        raise PolicyFault(key, f"{value!r} is no http, https or file URL")
    return value


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
