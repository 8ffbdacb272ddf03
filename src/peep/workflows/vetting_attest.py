"""`peep vetting attest`: publishers of listed archives, by verified attestations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from enum import Enum
from hashlib import sha256

from packaging.version import InvalidVersion, Version

from peep.dataclass import dataclass, replace
from peep.errors import RequirementsErrors, UsageError, VettingError
from peep.examine.child import isolation_for
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.dependency_specifiers import read_version
from peep.formats.digest_lines import DigestLine, NotADigestLine, digest_line
from peep.formats.names import is_name, normalised
from peep.pipeline.context import RunContext
from peep.pipeline.options import InstallOptions, SourceOptions, TargetOptions
from peep.pipeline.plain_reading import plain_reading
from peep.pipeline.session import Session, open_session
from peep.pipeline.vetting.attestation_environment import (
    AttestationVerifier,
    AttestedArchive,
    Outcome,
    Verify,
    attestation_environment,
)
from peep.pipeline.vetting.attested_archives import OfferedArchive, offered_archives, versions_of
from peep.pipeline.vetting.listed_archives import Listing, listing_of
from peep.pipeline.vetting.records_place import open_vetting, vetting_folder
from peep.store.layout import StoreLayout
from peep.system import bounded
from peep.system.sandbox import find_isolation
from peep.vetting import canonical
from peep.vetting.assembly import PUBLISHED, Vetting
from peep.vetting.attestations import PUBLISH, NotRecordable, ProvenanceChange, provenance_of, published_archive
from peep.vetting.folder import write_files
from peep.vetting.records import PublishedArchive
from peep.workflows.install import STAGES, install

_LARGEST_TRUST_ROOT = 4 << 20


@dataclass(frozen=True, slots=True)
class AttestOptions:
    run: InstallOptions
    """Its files list the archives; without files `words` are one project and version."""
    words: tuple[str, ...] = ()
    """With files: names of projects, none for all."""
    vetting: str | None = None
    use_sandbox: bool = True


class AttestStatus(Enum):
    """What came of one archive."""

    VERIFIED = "verified"
    NONE = "none"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attested:
    """One archive: `published` where its publisher was verified, else `reason` why not, '' where it has no provenance.

    `change`: how its publisher differs from that of the release before; `is_trusted`: whether the policy trusts it.
    """

    offered: OfferedArchive
    status: AttestStatus
    published: tuple[PublishedArchive, ...] = ()
    reason: str = ""
    change: ProvenanceChange | None = None
    evidence: str = ""
    is_trusted: bool = False
    is_impostor: bool = False
    """Whether it has the name of a publisher that the policy trusts, and the numbers of another account."""

    @property
    def is_wrong(self) -> bool:
        changed = self.change in (ProvenanceChange.LOST, ProvenanceChange.CHANGED)
        return self.status is AttestStatus.FAILED or changed or self.is_impostor


@dataclass(frozen=True, slots=True)
class AttestResult:
    folder: str
    archives: tuple[Attested, ...]


def attest(options: AttestOptions, context: RunContext, verify: Verify | None = None) -> AttestResult:
    """Verify what the indexes say of each archive; `verify` None: in the environment made for it.

    Raises `UsageError`, `RequirementsErrors`, `RecordsErrors`, `PeepError`; then nothing was written.
    """
    listing = _listing(options, context)
    folder = vetting_folder(options.vetting, listing.directives, options.run.sources.requirement_files)
    vetting = open_vetting(folder)
    with open_session(options.run, context, STAGES) as session:
        if options.run.sources.requirement_files:
            with suppress(RequirementsErrors):  # it is about what is listed, not about what could be installed here
                session.read_pins()
        offered = _offered(options, listing, session)
        claimed = [one for one in offered if one.provenance]
        if claimed and verify is None:
            verify = _verifier(options, context, session, vetting, folder)
        outcomes = _verified(claimed, verify) if verify is not None else {}
    records = _records(vetting, outcomes)
    if records != vetting.records.published:
        write_files(folder, {PUBLISHED: canonical.published_text(records)})
    return AttestResult(folder, tuple(_compared(one, outcomes, records, vetting) for one in offered))


def _listing(options: AttestOptions, context: RunContext) -> Listing:
    sources = options.run.sources
    if bad := [word for word in options.words[: None if sources.requirement_files else 1] if not is_name(word)]:
        raise UsageError(f"{bad[0]!r} is no name of a project")
    if sources.requirement_files:
        reading = plain_reading(options.run, context)
        return listing_of(sources.requirement_files, sources.constraint_files, reading.read, context.environ)
    if len(options.words) != 2:  # noqa: PLR2004 - a name and a version
        raise UsageError("peep vetting attest wants the files that list archives", "-r FILE, or NAME VERSION")
    return Listing(())


def _offered(options: AttestOptions, listing: Listing, session: Session) -> tuple[OfferedArchive, ...]:
    index, transport = session.network.index(), session.network.transport()
    if not options.run.sources.requirement_files:
        name, version = options.words
        return offered_archives(normalised(name), version, None, index, transport)
    names = {normalised(word) for word in options.words}
    subjects = [one.subject for one in listing.archives if not names or one.subject.name in names]
    if missing := names - {subject.name for subject in subjects}:
        raise UsageError(f"nothing of {', '.join(sorted(missing))} is listed")
    known = [(one.name, one.version, one.key) for one in subjects if one.key and not one.is_commit]
    return tuple(
        one
        for (name, version), digests in versions_of(known).items()
        for one in offered_archives(name, version, digests, index, transport)
    )


def _verifier(
    options: AttestOptions, context: RunContext, session: Session, vetting: Vetting, folder: str
) -> AttestationVerifier:
    isolation = isolation_for(find_isolation(), wanted=options.use_sandbox)
    trust_root = _trust_root(vetting.policy.trust_root, folder)
    return AttestationVerifier(verifying_environment(session.store.layout, options.run, context), isolation, trust_root)


def verifying_environment(layout: StoreLayout, options: InstallOptions, context: RunContext) -> str:
    """The folder of the environment that verifies, installed by peep where it is not there yet. Raises `PeepError`."""

    def install_pins(pins: str, environment: str) -> None:
        context.reporter.note("installing what verifies attestations, once")
        target = TargetOptions(python=environment)
        install(replace(options, sources=SourceOptions(requirement_files=(pins,)), target=target), context)

    return attestation_environment(layout, install_pins, context.reporter.note)


def _trust_root(stated: str, folder: str) -> bytes | None:
    """The user's own trust root, if the policy names one. Raises `VettingError` where its bytes are others."""
    if not stated:
        return None
    try:
        line = digest_line(stated)
        content = bounded.read_file(os.path.join(folder, line.filename), _LARGEST_TRUST_ROOT)
    except (NotADigestLine, OSError) as error:
        raise VettingError(f"{folder}/policy.toml: trust-root: {error}") from None
    if sha256(content).hexdigest() != line.sha256:
        raise VettingError(f"{folder}/{line.filename}: is not the trust root that policy.toml names by its sha256")
    return content


def _verified(claimed: Sequence[OfferedArchive], verify: Verify) -> dict[str, tuple[PublishedArchive, ...] | str]:
    """By sha256: the publishers, or what is wrong."""
    archives = [AttestedArchive(one.line.filename, one.line.sha256, one.provenance) for one in claimed]
    outcomes = verify(archives) if archives else []
    return {one.line.sha256: _published(one, outcome) for one, outcome in zip(claimed, outcomes, strict=True)}


def _published(one: OfferedArchive, outcome: Outcome) -> tuple[PublishedArchive, ...] | str:
    if isinstance(outcome, str):
        return outcome
    try:
        found = [published_archive(one.project, one.line, each) for each in outcome if each.kind.endswith(PUBLISH)]
    except NotRecordable as error:
        return str(error)
    return tuple(dict.fromkeys(found)) or "no attestation says who published it"


def _records(vetting: Vetting, outcomes: dict[str, tuple[PublishedArchive, ...] | str]) -> tuple[PublishedArchive, ...]:
    """The records with those of verified archives in place of what was known of them."""
    new = {digest: found for digest, found in outcomes.items() if not isinstance(found, str)}
    kept = [one for one in vetting.records.published if one.archive.sha256 not in new]
    return (*kept, *(one for found in new.values() for one in found))


def _compared(
    one: OfferedArchive,
    outcomes: dict[str, tuple[PublishedArchive, ...] | str],
    records: Iterable[PublishedArchive],
    vetting: Vetting,
) -> Attested:
    digest = one.line.sha256
    found = outcomes.get(digest, ())
    if one.problem or isinstance(found, str):
        reason = one.problem or str(found)
        return Attested(one, AttestStatus.FAILED, reason=reason)
    provenance = provenance_of(records, _before(one, records), [one.line])
    return Attested(
        one,
        AttestStatus.VERIFIED if found else AttestStatus.NONE,
        found,
        one.note,
        provenance.change,
        provenance.evidence if provenance.change else "",
        any(_is_trusted(each, vetting) for each in found),
        any(_is_impostor(each, vetting) for each in found),
    )


def _before(one: OfferedArchive, records: Iterable[PublishedArchive]) -> list[DigestLine] | None:
    """The archives of the nearest lower version with a verified publisher; None where there is none."""
    versions: dict[Version, list[DigestLine]] = {}
    reader = NameReader(one.project)
    for record in records:
        name = reader.read(record.archive.filename) if record.project == one.project else None
        for version in _version(name.version if isinstance(name, ArchiveName) else ""):
            versions.setdefault(version, []).append(record.archive)
    lower = [known for known in versions for version in _version(one.version) if known < version]
    return versions[max(lower)] if lower else None


def _version(text: str) -> Iterator[Version]:
    with suppress(InvalidVersion):
        yield read_version(text)


def _is_trusted(one: PublishedArchive, vetting: Vetting) -> bool:
    return any(
        (trusted.project, trusted.publisher, trusted.repository_id, trusted.owner_id)
        == (one.project, one.publisher, one.repository_id, one.owner_id)
        and trusted.since <= one.on < trusted.until
        for trusted in vetting.policy.trusted
    )


def _is_impostor(one: PublishedArchive, vetting: Vetting) -> bool:
    """An account that was registered anew under the name of one that the policy trusts."""
    trusted = [
        each for each in vetting.policy.trusted if (each.project, each.publisher) == (one.project, one.publisher)
    ]
    known = {(each.repository_id, each.owner_id) for each in trusted}
    return bool(known) and (one.repository_id, one.owner_id) not in known
