"""Merge of two states of a project's facts, written by publishers who did not know of each other.

Union by file name. Of two statements about one thing the later counts, by its own time; of two at one time the careful
one. The result does not depend on the order, and merging it again changes nothing, so that any publisher may repeat it.
"""

from __future__ import annotations

from collections.abc import Iterable

from peep.dataclass import replace
from peep.errors import FileNameTaken
from peep.formats.simple_pages import ProjectStatus
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.model import Digest

_CAUTION = (ProjectStatus.ACTIVE, ProjectStatus.ARCHIVED, ProjectStatus.DEPRECATED, ProjectStatus.QUARANTINED)


def merged(one: ProjectFacts, other: ProjectFacts) -> ProjectFacts | list[FileNameTaken]:
    """The facts that both states amount to, or the files that contradict each other. Both are of one project."""
    files: dict[str, ArchiveFacts] = {file.filename: file for file in one.files}
    taken = []
    for file in other.files:
        known = files.get(file.filename)
        if known is not None and known.sha256 != file.sha256:
            taken.append(_taken(known, file))
        else:
            files[file.filename] = file if known is None else _merged_file(known, file)
    taken += _alike(files.values())
    if taken:
        return taken
    owner = max(one, other, key=lambda facts: (facts.owned_since, facts.owner, facts.earlier_owners))
    status = max(
        one, other, key=lambda facts: (facts.status_at or "", _CAUTION.index(facts.status), facts.status_reason)
    )
    return replace(
        owner,
        status=status.status,
        status_reason=status.status_reason,
        status_at=status.status_at,
        files=tuple(files[name] for name in sorted(files)),
    )


def _merged_file(one: ArchiveFacts, other: ArchiveFacts) -> ArchiveFacts:
    """What follows from the archive is the same on both sides; upstream's words are kept where one side has them."""
    yank = max(one, other, key=lambda file: (file.yanked_at or "", file.yanked is not None, file.yanked or ""))
    return replace(
        one,
        version=min(one.version, other.version),
        size=min(one.size, other.size),
        source=min(one.source, other.source),
        linked=max(one.linked, other.linked),
        unlinked=max(one.unlinked or "", other.unlinked or "") or None,
        yanked=yank.yanked,
        yanked_at=yank.yanked_at,
        requires_python=_either(one.requires_python, other.requires_python),
        core_metadata=_either(one.core_metadata, other.core_metadata),
        provenance=_either(one.provenance, other.provenance),
        upload_time=_either(one.upload_time, other.upload_time),
    )


def _either(one: str | None, other: str | None) -> str | None:
    return max(one or "", other or "") or None


def _taken(one: ArchiveFacts, other: ArchiveFacts) -> FileNameTaken:
    hashes = sorted({one.sha256, other.sha256})
    return FileNameTaken(other.filename, tuple(Digest("sha256", sha256) for sha256 in hashes))


def _alike(files: Iterable[ArchiveFacts]) -> list[FileNameTaken]:
    """Names that differ in case only are one file to some systems, and to people."""
    by_name: dict[str, ArchiveFacts] = {}
    found = []
    for file in sorted(files, key=lambda one: one.filename):
        known = by_name.setdefault(file.filename.lower(), file)
        if known is not file:
            found.append(_taken(known, file))
    return found
