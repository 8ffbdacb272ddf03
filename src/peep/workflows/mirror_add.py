"""`peep mirror add`: archives of one's own, or all of a bundle, under names that are owned."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from hashlib import sha256

from peep.bundle.manifest import BundleArchive
from peep.dataclass import dataclass
from peep.errors import ArchiveError, InstallRefused, PeepError, SeveralErrors, UsageError
from peep.formats.ages import sortable_time
from peep.formats.names import normalised
from peep.mirror.facts import ArchiveFacts
from peep.mirror.folder import MirrorError, MirrorFolder, NewFile
from peep.mirror.outcome import MirrorOutcome
from peep.mirror.ownership import Owner, Ownership, SourceKind
from peep.pipeline.bundles.open_bundle import OpenedBundle, opened_bundle, parse_digest
from peep.pipeline.bundles.served_provenance import LARGEST_PROVENANCE
from peep.pipeline.mirrors.archives import (
    IncomingArchive,
    described,
    holds,
    known_file,
    linked_again,
    not_owned,
    projects_with,
    read_archive,
    refuse_new_owners,
    stored_files_of,
)
from peep.pipeline.mirrors.run import change, facts_of, opened_mirror
from peep.place_faults import NotOwned
from peep.reporting import Reporter
from peep.system.file_digest import digest_of_stream
from peep.system.files import PIECE, ToldAs, regular_only, temporary_folder

_READ = "archives read"


@dataclass(frozen=True, slots=True)
class MirrorAddOptions:
    """What to add, and under whose name."""

    archives: tuple[str, ...] = ()
    """Paths."""
    source: str = ""
    """Of `mirror.toml`; '' with a bundle, whose names tell their owners."""
    bundle: str | None = None
    bundle_digest: str | None = None
    transfer: tuple[str, ...] = ()
    """Projects that may get another owner than they had."""


def add_archives(directory: str, options: MirrorAddOptions, reporter: Reporter) -> MirrorOutcome:
    """Add all, or nothing.

    Raises `InstallRefused` with every name that is not owned and every file name that is taken, `ArchiveError` for what
    `peep install` would refuse, and `UsageError` for a source that is none.
    """
    now = datetime.now(timezone.utc)
    with opened_mirror(directory, "peep mirror add", reporter) as mirror, _scratch(mirror) as scratch:
        ownership = mirror.ownership()
        if options.bundle is None:
            _check_source(ownership, options.source, mirror)
            incoming = _from_paths(options.archives, now, reporter)
        else:
            incoming = _from_bundle(options.bundle, options.bundle_digest, scratch, reporter)
        owners = _owners(incoming, ownership, options.source, mirror)
        return _added(mirror, incoming, owners, options, now, scratch)


@contextmanager
def _scratch(mirror: MirrorFolder) -> Iterator[str]:
    try:
        with temporary_folder(mirror.root, ".peep-") as scratch:
            yield scratch
    except OSError as error:
        place = error.filename or mirror.root
        raise MirrorError(f"{place}: cannot be written: {error.strerror or error}") from error


def _check_source(ownership: Ownership, name: str, mirror: MirrorFolder) -> None:
    source = ownership.source(name)
    if source is None or source.kind is not SourceKind.FOLDER:
        known = ", ".join(one.name for one in ownership.sources if one.kind is SourceKind.FOLDER) or "none"
        what = "is an index: sync brings what it has" if source else "is no source of mirror.toml"
        raise UsageError(f"--source: {name!r} {what}", f"sources of archives like these, in {mirror.root}: {known}")


def _from_paths(paths: Sequence[str], now: datetime, reporter: Reporter) -> list[IncomingArchive]:
    """Read all archives. Raises `SeveralErrors` with everything that is wrong with any of them."""
    found: list[IncomingArchive] = []
    errors: list[PeepError] = []
    for path in paths:
        try:
            found.append(_from_path(path, now))
        except ArchiveError as error:
            errors.append(error)
        except OSError as error:
            errors.append(PeepError(f"{path}: cannot be read: {error.strerror or error}"))
        reporter.worked(_READ)
    if errors:
        raise SeveralErrors(errors)
    return found


def _from_path(path: str, now: datetime) -> IncomingArchive:
    """A private file came into being when it is added: there is no other time that cut-off dates could go by."""
    with open(path, "rb", opener=regular_only) as file:
        digest, size = digest_of_stream(file)
        file.seek(0)
        carried = read_archive(os.path.basename(path), file)
    return IncomingArchive(os.path.basename(path), path, digest.hex, size, carried, upload_time=sortable_time(now))


def _from_bundle(place: str, digest: str | None, scratch: str, reporter: Reporter) -> list[IncomingArchive]:
    found: list[IncomingArchive] = []
    with opened_bundle(place, parse_digest(digest)) as bundle:
        for archive in bundle.manifest.archives:
            found.append(_from_bundled(bundle, archive, scratch))
            reporter.worked(_READ)
    return found


def _from_bundled(bundle: OpenedBundle, archive: BundleArchive, scratch: str) -> IncomingArchive:
    """Copy an archive out of a bundle, compared with its manifest."""
    copy = os.path.join(scratch, archive.sha256)
    label = f"{bundle.tree.label}: {archive.path}"
    with ToldAs(PeepError, f"{label}: cannot be read", "peep bundle check"):
        with bundle.tree.open(archive.path) as source, open(copy, "wb") as file:
            while file.tell() <= archive.size and (piece := source.read(PIECE)):  # more is another archive, told below
                file.write(piece)
        provenance = None
        if archive.provenance:
            with bundle.tree.open(archive.provenance_path) as source:
                provenance = source.read(LARGEST_PROVENANCE)
    with open(copy, "rb") as file:
        digest, size = digest_of_stream(file)
        if digest.hex != archive.sha256:
            raise PeepError(
                f"{label}: has sha256:{digest.hex}; its manifest says sha256:{archive.sha256}", "peep bundle check"
            )
        file.seek(0)
        carried = read_archive(archive.filename, file, archive.name, archive.version)
    if provenance is not None and sha256(provenance).hexdigest() != archive.provenance:
        raise PeepError(
            f"{bundle.tree.label}: {archive.provenance_path}: is not what its name says", "peep bundle check"
        )
    return IncomingArchive(
        archive.filename, copy, archive.sha256, size, carried, archive.upload_time, archive.yanked, provenance
    )


def _owners(
    incoming: Sequence[IncomingArchive], ownership: Ownership, source: str, mirror: MirrorFolder
) -> dict[str, Owner]:
    """The owner of each name. Raises `InstallRefused` with all names that `source` (if given) does not own."""
    owners: dict[str, Owner] = {}
    refused: list[NotOwned] = []
    for archive in incoming:
        owner = ownership.owner_of(archive.name)
        if owner is None or (source and owner.source.name != source):
            refused.append(not_owned(ownership, archive.name, source, mirror, archive.filename))
        else:
            owners[archive.name] = owner
    if refused:
        raise InstallRefused(tuple(dict.fromkeys(refused)))
    return owners


def _added(
    mirror: MirrorFolder,
    incoming: Sequence[IncomingArchive],
    owners: dict[str, Owner],
    options: MirrorAddOptions,
    now: datetime,
    scratch: str,
) -> MirrorOutcome:
    before = facts_of(mirror, owners)
    refuse_new_owners(before, owners, [normalised(name) for name in options.transfer])
    files: list[NewFile] = []
    facts: list[tuple[ArchiveFacts, str]] = []
    for archive in incoming:
        known = known_file(before[archive.name], archive)
        new = known or described(archive, owners[archive.name].source.name, now)
        facts.append((linked_again(new, now), archive.name))
        if known is None or not holds(mirror, known):
            files += stored_files_of(archive, new, scratch)
    return change(mirror, before, projects_with(facts, before, owners, now), files)
