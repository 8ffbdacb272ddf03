"""Changes to a project's facts: a file added, yanked, unlinked; a status; another owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from peep.dataclass import replace
from peep.errors import FileNameTaken
from peep.formats.ages import sortable_time
from peep.formats.simple_pages import ProjectStatus
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.merge import merged


def with_files(facts: ProjectFacts, files: Iterable[ArchiveFacts]) -> ProjectFacts | list[FileNameTaken]:
    """Facts with files added, or linked again; or the files whose names are taken by other bytes."""
    return merged(facts, replace(facts, files=tuple(sorted(files, key=lambda file: file.filename))))


def with_yank(facts: ProjectFacts, filenames: Iterable[str], reason: str | None, now: datetime) -> ProjectFacts:
    """Facts with files yanked for `reason` (perhaps ''), or with None, yanked no longer (PEP 592)."""
    chosen = set(filenames)
    at = sortable_time(now)
    files = (replace(one, yanked=reason, yanked_at=at) if one.filename in chosen else one for one in facts.files)
    return replace(facts, files=tuple(files))


def with_status(facts: ProjectFacts, status: ProjectStatus, reason: str, now: datetime) -> ProjectFacts:
    """Facts with another status (PEP 792)."""
    return replace(facts, status=status, status_reason=reason, status_at=sortable_time(now))


def with_owner(facts: ProjectFacts, owner: str, now: datetime) -> ProjectFacts:
    """Facts that another source owns from now on; who owned them before stays on record."""
    if facts.owner == owner:
        return facts
    return replace(
        facts, owner=owner, earlier_owners=(*facts.earlier_owners, facts.owner), owned_since=sortable_time(now)
    )


def pruned(facts: ProjectFacts, kept: Mapping[str, object], older_than: timedelta, now: datetime) -> ProjectFacts:
    """Facts after one step of pruning; `kept` has the sha256 of every archive that some lock lists.

    A file that none lists loses its link first; its facts, and so its bytes, go when it has been without one for longer
    than `older_than`, which is longer than any page stays in a cache.
    """
    limit = sortable_time(now - older_than)
    files = []
    for file in facts.files:
        if file.sha256 in kept:
            files.append(file if file.is_linked else replace(file, linked=sortable_time(now)))
        elif file.is_linked:
            files.append(replace(file, unlinked=sortable_time(now)))
        elif (file.unlinked or "") >= limit:
            files.append(file)
    return replace(facts, files=tuple(files))
