"""Files of a lock, downloaded and held against what the index states and what versions were chosen by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from peep.concurrency.thread_pool import MOST, TaskQueue, run_tasks
from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.core_metadata import ProjectMetadata
from peep.locking.candidates import CandidatePolicy, FileChooser, NamedFile, Release
from peep.locking.lock_plan import PlannedPin
from peep.model import Digest
from peep.pipeline.locking.metadata import IndexMetadata
from peep.target.declared import DeclaredTarget

_FIELDS = {"requires_dist": "Requires-Dist", "requires_python": "Requires-Python", "provides_extra": "Provides-Extra"}


class FilesDiffer(PeepError):
    """Files that are not what the index states of them; all are told at once, and nothing is written."""

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__("\n".join(differences), "whoever serves these files should be asked before anything is used")
        self.differences = tuple(differences)


@dataclass(frozen=True, slots=True)
class _Listed:
    release: Release
    file: NamedFile
    digest: Digest


def verify_files(pins: Sequence[PlannedPin], policy: CandidatePolicy, metadata: IndexMetadata) -> int:
    """Download every listed file that a declared target can use; gives back how many there are.

    Raises `FilesDiffer` with each file whose bytes or METADATA are not as stated.
    """
    files = list(dict.fromkeys(one for pin in pins for one in _usable(pin, policy)))
    differences: dict[str, list[str]] = {}
    tasks = TaskQueue()
    for one in files:
        tasks.add(_task(one, metadata, differences))
    run_tasks(tasks, threading.Event(), first=MOST)
    found = [text for name in sorted(differences) for text in differences[name]]
    if found:
        raise FilesDiffer(found)
    return len(files)


def _task(one: _Listed, metadata: IndexMetadata, differences: dict[str, list[str]]) -> Callable[[], None]:
    def look() -> None:
        try:
            found = list(_differences(one, metadata))
        except PeepError as error:
            found = [f"{one.file.file.filename}: {error}"]
        if found:
            differences[one.file.file.filename] = found

    return look


def _usable(pin: PlannedPin, policy: CandidatePolicy) -> Iterator[_Listed]:
    targets: dict[str, DeclaredTarget] = {}
    for group, _ in pin.merged.solved:
        targets.update((member.id.text, member) for member in group.members)
    choosers = [FileChooser(pin.merged.name, target, policy) for target in targets.values()]
    release = pin.merged.solved[0][1].candidate.release
    for file, digest in pin.listed.files:
        if any(not chooser.objection(file) for chooser in choosers):
            yield _Listed(release, file, digest)


def _differences(one: _Listed, metadata: IndexMetadata) -> Iterator[str]:
    filename = one.file.file.filename
    came, said = metadata.downloaded(one.release, one.file, one.digest.algorithm)
    if came != one.digest:
        yield f"{filename}: {one.digest} is stated, and what came is {came}"
        return
    used = metadata.stated_metadata(one.release, one.file)
    if not isinstance(used, ProjectMetadata) or not isinstance(said, ProjectMetadata):
        if type(used) is not type(said):
            yield f"{filename}: its own METADATA is of another kind than what versions were chosen by"
        return
    for field, title in _FIELDS.items():
        if sorted(getattr(used, field)) != sorted(getattr(said, field)):
            yield f"{filename}: its own METADATA says another {title} than what versions were chosen by"
