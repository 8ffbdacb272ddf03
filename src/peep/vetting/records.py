"""Audit records, violations, excuses, publishers and imports as frozen values. Read first here.

Each type is one kind of table of docs/vetting-format.md, with that page's keys. Archives are named by their bytes
(`DigestLine`), never by a version: files are added to versions later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from peep.dataclass import dataclass, field
from peep.formats.digest_lines import DigestLine

AUDITS_FORMAT = "peep audits 1"
EXCUSED_FORMAT = "peep excused 1"
PUBLISHED_FORMAT = "peep published 1"
IMPORTS_FORMAT = "peep imports 1"


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a reader vouches for: `text` says it to people; whoever vouches for it vouches for `implies`, too."""

    name: str
    text: str
    implies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader says to one stop signal (docs/examining.md)."""

    rule: str
    path: str
    sha256: str
    """Of the file that the signal is about, lower-case hex; '' where it is about none."""
    why: str


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit record: *if all of `since` are examined, each archive named here is* (`since` empty: without an if)."""

    project: str
    """Normalised."""
    criteria: tuple[str, ...]
    by: str
    on: date
    read: tuple[DigestLine, ...]
    """Read file by file."""
    version: str = ""
    """For people."""
    same: tuple[DigestLine, ...] = ()
    """Each of their files is identical to one that was read, or generated."""
    compiled: tuple[DigestLine, ...] = ()
    """The same but for compiled files, which nobody read."""
    since: tuple[DigestLine, ...] = ()
    using: str = ""
    """The program that read, for a machine's record; '' for a person's."""
    skipped: tuple[str, ...] = ()
    """Patterns of paths that were not read."""
    answers: tuple[Answer, ...] = ()
    notes: str = ""

    @property
    def is_by_machine(self) -> bool:
        return bool(self.using)

    @property
    def archives(self) -> tuple[DigestLine, ...]:
        """Every archive that it speaks for."""
        return (*self.read, *self.same, *self.compiled)


@dataclass(frozen=True, slots=True)
class Violation:
    """Somebody examined and objects: to `archives`, and to every version in the range `versions` ('': none)."""

    project: str
    criteria: tuple[str, ...]
    by: str
    on: date
    why: str
    archives: tuple[DigestLine, ...] = ()
    versions: str = ""


@dataclass(frozen=True, slots=True)
class AuditsFile:
    """What an `audits.toml` holds: one's own, or what somebody shares."""

    criteria: Mapping[str, Criterion] = field(default_factory=dict)
    """Own ones by name; the built-in ones are not among them."""
    audits: tuple[Audit, ...] = ()
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class CommitLine:
    """A commit of a git repository: `git:<40 hex>  URL`."""

    hex: str
    url: str

    def __str__(self) -> str:
        return f"git:{self.hex}  {self.url}"


@dataclass(frozen=True, slots=True)
class Excuse:
    """An exemption with an end: what is listed counts from `on` up to the day before `until`."""

    project: str
    criteria: tuple[str, ...]
    by: str
    on: date
    until: date
    why: str
    version: str = ""
    archives: tuple[DigestLine, ...] = ()
    commits: tuple[CommitLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedArchive:
    """An attestation that was verified: who published an archive, from which commit, on the log's day."""

    project: str
    archive: DigestLine
    publisher: str
    """Such as `github:owner/name/.github/workflows/release.yml`."""
    repository_id: str
    owner_id: str
    commit: str
    ref: str
    on: date
    trigger: str = ""
    runner: str = ""


@dataclass(frozen=True, slots=True)
class ImportPin:
    """One entry of `imports.toml`: whose records count here, as of which bytes."""

    name: str
    source: str
    sha256: str
    on: date
    signers: tuple[str, ...] = ()
    """Identities of `allowed_signers`, one of which must have signed every new state."""
    criteria: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The source's own criteria, and which of ours each brings."""
    exclude: tuple[str, ...] = ()
    """Projects whose audit records do not count; violations always do."""


@dataclass(frozen=True, slots=True)
class IgnoredRecord:
    """A record that counts for nothing here, and why: told, never dropped silently."""

    source: str
    """The import's name."""
    entry: str
    """Which one, such as `audit record 3`."""
    reason: str

    def __str__(self) -> str:
        return f"{self.entry} of {self.source}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Import:
    """The records of one source, with their criteria already in our words, and what of it counts for nothing."""

    pin: ImportPin
    audits: tuple[Audit, ...] = ()
    violations: tuple[Violation, ...] = ()
    ignored: tuple[IgnoredRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Records:
    """Everything that the vetting folder holds but the policy."""

    own: AuditsFile = field(default_factory=AuditsFile)
    excuses: tuple[Excuse, ...] = ()
    published: tuple[PublishedArchive, ...] = ()
    imports: tuple[Import, ...] = ()
