"""Suppressions: findings that do not count for a project, until when, and whether that still holds.

Each is bound to an id, a project and either archive digests or a version; there are no wildcards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from peep.advisories.findings import AppliedSuppression, Certainty, Finding, Kind, Level, Place
from peep.advisories.ordering import version_key
from peep.dataclass import dataclass, replace

LONGEST_FOR_MALWARE = timedelta(days=30)
_CLOCKS_APART = timedelta(days=1)
"""An entry may be of tomorrow by another clock, and no later: its day bounds how long it lasts."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """An entry `[[suppress]]` of `peep-audit.toml`, or a statement of a VEX document."""

    id: str
    project: str
    """Normalised."""
    status: str
    reason: str
    added: date
    expires: date
    """The day itself still counts."""
    place: Place
    justification: str | None = None
    sha256: frozenset[str] = frozenset()
    version: str | None = None
    """None where digests bind."""
    by: str | None = None
    until_fixed: bool = False
    advisory: str | None = None
    """Material digest of the group when it was judged, lower-case hex."""

    @property
    def source(self) -> str:
        return f"{self.place.path}:{self.place.line}" if self.place.line else self.place.path


class UnfitSuppression(Exception):
    """A suppression that may not be: of malware, by a version, for too long, or with another status."""

    def __init__(self, suppression: Suppression, reason: str) -> None:
        super().__init__(reason)
        self.suppression = suppression


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Findings divided by the suppressions: those that count, those that do not, and what is wrong with the entries."""

    counting: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]


def suppress(findings: Iterable[Finding], suppressions: Sequence[Suppression], today: date) -> Suppressed:
    """Apply suppressions to findings of advisories; `today` is a day of UTC.

    Entries that ended, and entries that nothing fits, become findings of their own. Raises `UnfitSuppression`.
    """
    counting: list[Finding] = []
    suppressed: list[Finding] = []
    used: set[Suppression] = set()
    ended: dict[Suppression, str] = {}
    for finding in findings:
        holding = None
        for one in suppressions:
            if not fits(one, finding):
                continue
            used.add(one)
            if finding.kind is Kind.MALWARE and (fault := fault_for_malware(one)):
                raise UnfitSuppression(one, fault)
            reason = why_ended(one, finding, today)
            if reason:
                ended.setdefault(one, reason)
            elif holding is None or one.expires > holding.expires:
                holding = one
        if holding is None:
            counting.append(finding)
        else:
            suppressed.append(replace(finding, suppression=_applied(holding)))
    counting += [_state(one, Kind.EXPIRED_SUPPRESSION, Level.ERROR, reason) for one, reason in ended.items()]
    unused = (one for one in suppressions if one not in used)
    counting += [_state(one, Kind.UNUSED_SUPPRESSION, Level.WARNING, "fits no finding") for one in unused]
    return Suppressed(tuple(counting), tuple(suppressed))


def fits(one: Suppression, finding: Finding) -> bool:
    """Whether an entry is about a finding: an id of its group, the project, and all pinned digests or the version."""
    if one.id not in finding.ids or one.project != finding.name:
        return False
    if one.version is not None:
        return finding.version is not None and version_key(one.version) == version_key(finding.version)
    listed = [(digest.algorithm, digest.hex) for digest in finding.hashes]
    return bool(listed) and all(algorithm == "sha256" and hex_ in one.sha256 for algorithm, hex_ in listed)


def why_ended(one: Suppression, finding: Finding, today: date) -> str:
    """Why an entry that fits a finding does not hold any more; '' when it does."""
    if one.added - today > _CLOCKS_APART:
        return f"it begins with {one.added.isoformat()}"
    if today > one.expires:
        return f"it ended with {one.expires.isoformat()}"
    if one.advisory is not None and one.advisory != finding.material:
        return "the advisory says something else than when it was judged"
    if one.until_fixed and finding.fix is not None and finding.fix.version is not None:
        return f"it was meant until there is a fix, and {finding.fix.version} is one"
    return ""


def fault_for_malware(one: Suppression) -> str:
    """Why an entry may not suppress malware; '' when it may."""
    if one.status != "not_affected":
        return "malware can only be `not_affected`"
    if not one.sha256:
        return "malware can be suppressed by `sha256` alone, not by a version"
    if one.expires - one.added > LONGEST_FOR_MALWARE:
        return f"malware can be suppressed for at most {LONGEST_FOR_MALWARE.days} days"
    return ""


def _applied(one: Suppression) -> AppliedSuppression:
    return AppliedSuppression(one.status, one.justification, one.reason, one.added, one.expires, one.source, one.by)


def _state(one: Suppression, kind: Kind, level: Level, reason: str) -> Finding:
    return Finding(
        kind,
        level,
        one.project,
        one.version,
        f"the suppression of {one.id} at {one.source}: {reason}",
        places=(one.place,),
        id=kind.value,
        certainty=Certainty.VERSION if one.version else None,
    )
