"""Attestations (PEP 740) as facts: who published an archive, compared over releases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import Enum
from urllib.parse import urlsplit

from peep.dataclass import dataclass
from peep.formats.digest_lines import DigestLine
from peep.vetting.records import PublishedArchive

PUBLISH = "/attestations/publish/v1"
"""End of the predicate type by which an index says that it took an archive from its publisher (PEP 740)."""
_CLAIMS = "1.3.6.1.4.1.57264.1."
_HOSTS = {"github.com": "github", "gitlab.com": "gitlab"}


class NotRecordable(ValueError):
    """Claims of a certificate that a record of the publisher cannot be made of; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class VerifiedAttestation:
    """One attestation whose signature, log entry, publisher and archive were verified. `claims`: by OID, dotted."""

    kind: str
    claims: Mapping[str, str]
    on: date
    """The day of the transparency log."""


def published_archive(project: str, line: DigestLine, attestation: VerifiedAttestation) -> PublishedArchive:
    """The record of one publish attestation. Raises `NotRecordable`.

    Claims by the OIDs of Fulcio: 9 build signer, 11 runner, 12 repository, 13 commit, 14 ref, 15 and 17 the numbers of
    repository and owner, 20 trigger.
    """
    names = {"9": "workflow", "13": "commit", "14": "ref", "15": "repository id", "17": "owner id"}
    claims = {number: attestation.claims.get(_CLAIMS + number, "") for number in (*names, "11", "18", "20")}
    if lacking := [word for number, word in names.items() if not claims[number]]:
        raise NotRecordable(f"its certificate names no {', no '.join(lacking)}")
    if not all(text.isprintable() for text in claims.values()):
        raise NotRecordable("its certificate claims something that cannot be printed")
    return PublishedArchive(
        project,
        line,
        publisher_of(claims["18"] or claims["9"]),
        claims["15"],
        claims["17"],
        claims["13"],
        claims["14"],
        attestation.on,
        claims["20"],
        claims["11"],
    )


def publisher_of(workflow: str) -> str:
    """`https://github.com/o/n/.github/workflows/w.yml@refs/tags/v1` -> `github:o/n/.github/workflows/w.yml`.

    Raises `NotRecordable` for what is no such URL.
    """
    parts = urlsplit(workflow.rpartition("@")[0] or workflow)
    path = parts.path.strip("/")
    if parts.scheme != "https" or not parts.hostname or not path:
        raise NotRecordable(f"its certificate names a workflow that is no URL: {workflow}")
    return f"{_HOSTS.get(parts.hostname, parts.hostname)}:{path}"


def repository_of(publisher: str) -> str | None:
    """URL of the repository that a publisher's workflow lies in; None for forges whose paths are not known here."""
    forge, _, path = publisher.partition(":")
    if forge == "github" and path.count("/") > 1:
        return "https://github.com/" + "/".join(path.split("/")[:2])
    if forge == "gitlab" and "//" in path:
        return "https://gitlab.com/" + path.partition("//")[0]
    return None


class ProvenanceChange(Enum):
    """How the verified publishers of a release differ from those of the release before; the values are rules."""

    NEW = "provenance-new"
    LOST = "provenance-lost"
    CHANGED = "provenance-changed"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The verified publishers of two releases, each sorted; `change`: None where nothing became other.

    `unproven`: file names of the new release without a publisher, where all of their kind had one before.
    """

    old: tuple[PublishedArchive, ...]
    new: tuple[PublishedArchive, ...]
    change: ProvenanceChange | None
    unproven: tuple[str, ...] = ()

    @property
    def evidence(self) -> str:
        """Such as `github:o/n/w.yml -> none`, or `... -> github:o/n/w.yml, but none of n-1.0-py3-none-any.whl`."""
        partly = f", but none of {', '.join(self.unproven)}" if self.new and self.unproven else ""
        return f"{_told(self.old)} -> {_told(self.new)}{partly}"


def provenance_of(
    published: Iterable[PublishedArchive], old: Sequence[DigestLine] | None, new: Sequence[DigestLine]
) -> Provenance:
    """What is verified of these archives; `old` None: there is no release before."""
    records = sorted(published, key=lambda one: (one.archive, one.publisher))
    before, after = (_records_of(lines, records) for lines in (old or (), new))
    if old is None:
        return Provenance(before, after, None)
    unproven = tuple(_unproven(old, new, {one.archive.sha256 for one in records}))
    return Provenance(before, after, _change(before, after, unproven), unproven)


def _records_of(lines: Iterable[DigestLine], records: Iterable[PublishedArchive]) -> tuple[PublishedArchive, ...]:
    digests = {line.sha256 for line in lines}
    return tuple(one for one in records if one.archive.sha256 in digests)


def _unproven(old: Iterable[DigestLine], new: Iterable[DigestLine], proven: Collection[str]) -> Iterator[str]:
    """Wheels without a publisher where all wheels had one, sdists alike: one stolen token uploads one bare archive."""
    had: dict[bool, bool] = {}
    for line in old:
        had[_is_wheel(line)] = had.get(_is_wheel(line), True) and line.sha256 in proven
    for line in sorted(new, key=lambda one: one.filename):
        if had.get(_is_wheel(line)) and line.sha256 not in proven:
            yield line.filename


def _is_wheel(line: DigestLine) -> bool:
    return line.filename.endswith(".whl")


def _change(
    old: Sequence[PublishedArchive], new: Sequence[PublishedArchive], unproven: Collection[str]
) -> ProvenanceChange | None:
    if not old:
        return ProvenanceChange.NEW if new else None
    if not new:
        return ProvenanceChange.LOST
    if _identities(new) - _identities(old):
        return ProvenanceChange.CHANGED
    return ProvenanceChange.LOST if unproven else None


def _identities(records: Iterable[PublishedArchive]) -> set[tuple[str, str, str]]:
    return {(one.publisher, one.repository_id, one.owner_id) for one in records}


def _told(records: Iterable[PublishedArchive]) -> str:
    found = {f"{one.publisher} (repository {one.repository_id}, owner {one.owner_id})" for one in records}
    return ", ".join(sorted(found)) or "none"
