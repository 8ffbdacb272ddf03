"""Subjects and findings of `peep audit`: pins as listed, findings with their level and places."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum, IntEnum

from peep.dataclass import dataclass, field
from peep.model import Digest


class Kind(Enum):
    """What a finding is about; the values are those of JSON, SARIF and docs/audit.md."""

    MALWARE = "malware"
    VULNERABILITY = "vulnerability"
    QUARANTINED = "quarantined"
    PROJECT_REMOVED = "project-removed"
    YANKED = "yanked"
    FILE_REMOVED = "file-removed"
    FILE_ADDED = "file-added"
    ARCHIVED = "archived"
    DEPRECATED = "deprecated"
    PUBLISHER_CHANGED = "publisher-changed"
    PYTHON_END_OF_LIFE = "python-end-of-life"
    EXPIRED_SUPPRESSION = "expired-suppression"
    UNUSED_SUPPRESSION = "unused-suppression"


class Level(IntEnum):
    """How bad; errors come first and fail a run."""

    ERROR = 0
    WARNING = 1
    NOTE = 2

    @property
    def word(self) -> str:
        return self.name.lower()


class Certainty(IntEnum):
    """What ties a pin to a record, the surest last."""

    RANGE = 0
    VERSION = 1
    HASH = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is listed: path as the user gave it, line from 1 (0: no line), the marker that narrows it."""

    path: str
    line: int = 0
    marker: str | None = None


@dataclass(frozen=True, slots=True)
class AuditedPin:
    """One project at one version with the digests that are listed, or recorded, for it."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    """'' where it is not known: then only the digests count."""
    hashes: tuple[Digest, ...] = ()
    filenames: tuple[str, ...] = ()
    """Names of files that are known to belong to these digests (lock file, index page, installed metadata)."""
    places: tuple[Place, ...] = ()
    is_arbitrary: bool = False
    """Pinned with `===`: compares as text."""
    is_private: bool = False
    """Of an index other than the public one, or a project that the policy calls private."""
    is_direct: bool = False
    """By a URL or from a repository: no index is asked about it."""
    index: str | None = None
    """The index that a lock file names for it."""

    @property
    def sha256s(self) -> frozenset[str]:
        return frozenset(digest.hex for digest in self.hashes if digest.algorithm == "sha256")


@dataclass(frozen=True, slots=True)
class UnjudgedPin:
    """Something listed that no advisory can be compared with; `reason`: `no-version`, `unknown-version`."""

    name: str
    reason: str
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class SeverityRating:
    """The highest severity that a group's records state: `label` is low, medium, high, critical or unknown."""

    label: str = "unknown"
    score: float | None = None
    vector: str | None = None
    record: str | None = None


@dataclass(frozen=True, slots=True)
class MatchedRecord:
    """A record that a pin fits, and by which of its statements."""

    record: str
    by: str
    """`hash`, `versions` or `range`."""
    introduced: str | None = None
    fixed: str | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """The version to go to; None where `blocked_by` says why there is none. `hashes` as the index states them."""

    version: str | None
    reach: str | None = None
    """`same-patch`, `same-minor`, `same-major` or `major`."""
    blocked_by: tuple[str, ...] = ()
    hashes: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class AppliedSuppression:
    """Why a finding does not count: from `peep-audit.toml` or a VEX document."""

    status: str
    justification: str | None
    reason: str
    added: date
    expires: date
    source: str
    """File and line."""
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is known of one pin, or of the run's own state (suppressions, interpreter)."""

    kind: Kind
    level: Level
    name: str
    version: str | None
    message: str
    """One line for people, without name and version: what the matter is."""
    hashes: tuple[Digest, ...] = ()
    places: tuple[Place, ...] = ()
    id: str = ""
    """The shown id of a group of advisories; for other kinds that of the kind."""
    ids: tuple[str, ...] = ()
    certainty: Certainty | None = None
    matched: tuple[MatchedRecord, ...] = ()
    disagree: tuple[str, ...] = ()
    summary: str = ""
    severity: SeverityRating = field(default_factory=SeverityRating)
    published: datetime | None = None
    modified: datetime | None = None
    is_disputed: bool = False
    is_exploited: bool | None = None
    """None: no list of exploited vulnerabilities was given."""
    epss: float | None = None
    suppression: AppliedSuppression | None = None
    fix: Fix | None = None
    material: str = ""
    """sha256 of what the judgement rests on, of all members of the group."""
    pin: int = -1
    """Number of the pin in the run's roster; -1 for what is of no pin. It means nothing beyond the run."""

    @property
    def url(self) -> str | None:
        """A page about the shown id."""
        return f"https://osv.dev/vulnerability/{self.id}" if self.ids else None


def order_of(finding: Finding) -> tuple[object, ...]:
    """Sorts findings: level, exploited first, name, version, kind, id, then what tells equal ones apart."""
    return (
        finding.level,
        not finding.is_exploited,
        finding.name,
        finding.version or "",
        finding.kind.value,
        finding.id,
        finding.message,
        finding.places,
    )
