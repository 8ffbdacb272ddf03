"""Run that changes a mirror, under its lock: repair first, then files, facts and pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from peep.mirror.facts import ProjectFacts
from peep.mirror.folder import MirrorFolder, NewFile
from peep.mirror.layout import stored_paths
from peep.mirror.outcome import MirrorOutcome, file_changes
from peep.mirror.repair import note_pending, repair, settle
from peep.reporting import Reporter


@contextmanager
def opened_mirror(directory: str, purpose: str, reporter: Reporter) -> Iterator[MirrorFolder]:
    """Open the mirror in a folder for changes, whose steps `reporter` is told of; others that want to change it wait.

    Raises `MirrorError` for a folder that is no mirror, which stays untouched, and `UsageError` for a bad
    `mirror.toml`.
    """
    mirror = MirrorFolder(directory, reporter)
    mirror.manifest()
    with mirror.held(purpose):
        repair(mirror)
        mirror.ownership()
        yield mirror


def facts_of(mirror: MirrorFolder, names: Iterable[str]) -> dict[str, ProjectFacts | None]:
    """The present facts of projects, None for those that are not there. Raises `MirrorError`."""
    return {name: mirror.facts(name) for name in sorted(set(names))}


def change(
    mirror: MirrorFolder,
    before: Mapping[str, ProjectFacts | None],
    after: Sequence[ProjectFacts],
    files: Sequence[NewFile] = (),
) -> MirrorOutcome:
    """Put `files` in, write the facts `after` and their pages, and remove what they speak of no longer.

    `before` are the facts of the same projects. Raises `MirrorError`; no page leads to a missing file then.
    """
    _note(mirror, before, after, files)
    mirror.add_files(files)
    written = mirror.write(after)
    settle(mirror)
    found = file_changes(before, after)
    return MirrorOutcome(
        written.serial, written.projects, written.pages, found.added, found.unlinked, found.removed, found.kept
    )


def _note(
    mirror: MirrorFolder,
    before: Mapping[str, ProjectFacts | None],
    after: Sequence[ProjectFacts],
    files: Sequence[NewFile],
) -> None:
    """Note what comes, which no facts speak of yet, and what goes, which facts still speak of."""
    touched: dict[str, set[str]] = {}
    coming = {file.path for file in files}
    for facts in after:
        known = before.get(facts.name)
        old = set(stored_paths(known)) if known else set()
        paths = (set(stored_paths(facts)) & coming) | (old - set(stored_paths(facts)))
        if paths:
            touched[facts.name] = paths
    if touched:
        note_pending(mirror, touched)
