"""Outcome of a verb that changes a mirror: facts before and after, as lists of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peep.dataclass import dataclass
from peep.mirror.facts import ProjectFacts


@dataclass(frozen=True, slots=True)
class MirrorOutcome:
    """What a run did; files by name."""

    serial: int
    projects: tuple[str, ...] = ()
    """Whose facts changed."""
    pages: int = 0
    """That were written, because their bytes changed."""
    added: tuple[str, ...] = ()
    """That stand on pages now and did not before."""
    unlinked: tuple[str, ...] = ()
    """That stand on no page any more; their bytes are there."""
    removed: tuple[str, ...] = ()
    kept: int = 0
    """How many of those that were looked at stay as they were."""


@dataclass(frozen=True, slots=True)
class FileChanges:
    """How the files of some projects differ between two states."""

    added: tuple[str, ...]
    unlinked: tuple[str, ...]
    removed: tuple[str, ...]
    kept: int


def file_changes(before: Mapping[str, ProjectFacts | None], after: Iterable[ProjectFacts]) -> FileChanges:
    """Compare two states of the same projects, `before` by name."""
    added: list[str] = []
    unlinked: list[str] = []
    removed: list[str] = []
    kept = 0
    for facts in after:
        known = before.get(facts.name)
        old = {file.filename: file.is_linked for file in known.files} if known else {}
        new = {file.filename: file.is_linked for file in facts.files}
        added += (name for name, linked in new.items() if linked and not old.get(name))
        unlinked += (name for name, linked in new.items() if not linked and old.get(name))
        removed += (name for name in old if name not in new)
        kept += sum(old.get(name) == linked for name, linked in new.items())
    return FileChanges(tuple(sorted(added)), tuple(sorted(unlinked)), tuple(sorted(removed)), kept)
