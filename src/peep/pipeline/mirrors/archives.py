"""Verified archives that come into a mirror: read strictly, then described by facts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO

from peep.archives.carried_metadata import CarriedMetadata, read_carried_metadata
from peep.dataclass import dataclass, replace
from peep.errors import ArchiveError, FileNameTaken, InstallRefused, PeepError
from peep.formats.ages import UnreadableTime, parse_time, sortable_time
from peep.formats.archive_names import NameReader, UnreadableName
from peep.formats.dependency_specifiers import version_or_none
from peep.mirror.changes import with_files, with_owner
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.folder import MirrorFolder, NewFile
from peep.mirror.layout import MIRROR_SETTINGS
from peep.mirror.ownership import Owner, Ownership
from peep.model import Digest
from peep.place_faults import NotOwned


@dataclass(frozen=True, slots=True)
class IncomingArchive:
    """An archive on the disk with what it says of itself; `sha256` in lower-case hex, `size` in bytes."""

    filename: str
    place: str
    sha256: str
    size: int
    carried: CarriedMetadata
    upload_time: str | None = None
    yanked: str | None = None
    provenance: bytes | None = None
    """A PEP 740 provenance object, as it was served."""

    @property
    def name(self) -> str:
        return self.carried.name


def read_archive(
    filename: str, file: BinaryIO, project: str | None = None, version: str | None = None
) -> CarriedMetadata:
    """Read an archive as `peep install` would, and hold it against its file name and against what it should be.

    Raises `ArchiveError`.
    """
    carried = read_carried_metadata(filename, file)
    if project is not None and carried.name != project:
        raise ArchiveError(filename, [f"is of the project {carried.name}, not of {project}"])
    named = NameReader(carried.name).read(filename)
    if isinstance(named, UnreadableName):
        raise ArchiveError(filename, [named.reason])
    for other in filter(None, (named.version, version)):
        if not _is_same_version(carried.version, other):
            raise ArchiveError(filename, [f"is of version {carried.version}, not of {other}"])
    return carried


def _is_same_version(one: str, other: str) -> bool:
    left, right = version_or_none(one), version_or_none(other.replace("_", "-"))
    return one == other if left is None or right is None else left == right


def described(archive: IncomingArchive, source: str, now: datetime) -> ArchiveFacts:
    """The facts of an archive that `source` brings now."""
    metadata, at = archive.carried.metadata, sortable_time(now)
    return ArchiveFacts(
        filename=archive.filename,
        version=archive.carried.version,
        sha256=archive.sha256,
        size=archive.size,
        source=source,
        linked=at,
        requires_python=archive.carried.requires_python,
        core_metadata=sha256(metadata).hexdigest() if metadata else None,
        provenance=sha256(archive.provenance).hexdigest() if archive.provenance else None,
        upload_time=stated_time(archive.upload_time),
        yanked=None if archive.yanked is None else stated_text(archive.yanked),
        yanked_at=None if archive.yanked is None else at,
    )


def stated_time(text: str | None) -> str | None:
    """An upload time as facts have it; None for what is no time."""
    try:
        return sortable_time(parse_time(text)) if text else None
    except UnreadableTime:
        return None


def stated_text(text: str) -> str:
    """Words of upstream as facts have them: half of a surrogate pair, which JSON can state, is no character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def stored_files_of(archive: IncomingArchive, facts: ArchiveFacts, scratch: str) -> list[NewFile]:
    """The immutable files of an archive; those that it does not lie in itself are written into `scratch`."""
    files = [NewFile(facts.path, archive.place, archive.sha256)]
    beside = {f"{facts.path}.metadata": archive.carried.metadata, facts.provenance_path: archive.provenance}
    for path, content in beside.items():
        if path and content:
            digest = sha256(content).hexdigest()
            place = os.path.join(scratch, digest)
            with open(place, "wb") as file:
                file.write(content)
            files.append(NewFile(path, place, digest))
    return files


def projects_with(
    archives: Sequence[tuple[ArchiveFacts, str]],
    before: Mapping[str, ProjectFacts | None],
    owners: Mapping[str, Owner],
    now: datetime,
) -> list[ProjectFacts]:
    """The facts of projects with further archives, each with its project's name; `before` has all of those projects.

    Raises `InstallRefused` with every file name that other bytes have taken.
    """
    by_name: dict[str, list[ArchiveFacts]] = {name: [] for name in before}
    for facts, name in archives:
        by_name[name].append(facts)
    found: list[ProjectFacts] = []
    taken: list[FileNameTaken] = []
    for name, files in by_name.items():
        known = before[name] or ProjectFacts(name, owners[name].source.name, owned_since=sortable_time(now))
        merged = with_files(with_owner(known, owners[name].source.name, now), files)
        if isinstance(merged, ProjectFacts):
            found.append(merged)
        else:
            taken += merged
    taken += _taken_among(archives)
    if taken:
        raise InstallRefused(tuple(dict.fromkeys(taken)))
    return found


def _taken_among(archives: Sequence[tuple[ArchiveFacts, str]]) -> list[FileNameTaken]:
    """Files of one run that have one name and different bytes."""
    by_name: dict[str, ArchiveFacts] = {}
    found = []
    for one, _ in archives:
        other = by_name.setdefault(one.filename.lower(), one)
        if other.sha256 != one.sha256:
            digests = tuple(Digest("sha256", digest) for digest in sorted({one.sha256, other.sha256}))
            found.append(FileNameTaken(one.filename, digests))
    return found


def known_file(facts: ProjectFacts | None, archive: IncomingArchive) -> ArchiveFacts | None:
    """The facts of these very bytes under this very name, where they came before."""
    for file in facts.files if facts else ():
        if (file.filename, file.sha256) == (archive.filename, archive.sha256):
            return file
    return None


def holds(mirror: MirrorFolder, file: ArchiveFacts) -> bool:
    """Whether the files that facts speak of are there, by name and size: `check` compares bytes."""
    try:
        is_whole = os.path.getsize(mirror.place(file.path)) == file.size
    except OSError:
        return False
    return is_whole and (not file.core_metadata or os.path.isfile(mirror.place(f"{file.path}.metadata")))


def not_owned(ownership: Ownership, name: str, source: str, mirror: MirrorFolder, listed: str) -> NotOwned:
    """That `source` may not bring `name`, with the rule that says so."""
    owner = ownership.owner_of(name)
    rule = f"{owner.rule} of {owner.source.name}" if owner else ""
    return NotOwned(name, source, rule, mirror.place(MIRROR_SETTINGS), listed)


def refuse_new_owners(
    before: Mapping[str, ProjectFacts | None], owners: Mapping[str, Owner], transferred: Sequence[str]
) -> None:
    """Refuse to give projects that have files to another source, unless the user names them.

    Raises `PeepError` with all of them.
    """
    lines = [
        f"{name}: its files came from {facts.owner}, and now {owners[name].source.name} owns it by the rule"
        f" {owners[name].rule}"
        for name, facts in sorted(before.items())
        if facts and facts.files and facts.owner != owners[name].source.name and name not in transferred
    ]
    if lines:
        raise PeepError("\n".join(lines), "if that is meant: --transfer NAME, for each of them")


def linked_again(file: ArchiveFacts, now: datetime) -> ArchiveFacts:
    """The facts of a file that is there, back on its page."""
    return file if file.is_linked else replace(file, linked=sortable_time(now))
