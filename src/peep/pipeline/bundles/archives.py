"""Archives of a bundle: off the shelf where they lie there, else from the indexes; each verified.

Which file a target takes is decided by the stage that decides it for an install; the gate is that of an install, too.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from hashlib import sha256
from threading import Event, Lock

from peep.archives.carried_metadata import CarriedMetadata, read_carried_metadata
from peep.archives.download import DownloadTask
from peep.archives.receive import Receiver
from peep.archives.verification import algorithms_for
from peep.bundle.assembly import ObtainedArchive
from peep.concurrency.thread_pool import MOST, TaskQueue, run_tasks
from peep.dataclass import dataclass, field, replace
from peep.errors import ArchiveError, BadArchive, NoUsableFile, PackageIndexError, Problem, TransportError
from peep.index.answers import ProjectAnswers, SourceFailure, failure_of
from peep.index.client import PackageIndex
from peep.index.preference import HashStatus, hash_status_of
from peep.index.rejection_messages import naming_places
from peep.model import (
    Candidate,
    Digest,
    FormatControl,
    FromIndex,
    IndexFile,
    PinnedRequirement,
    TargetEnvironment,
    VerifiedArchive,
    listed_digest,
    listed_hashes,
)
from peep.pipeline.bundles.served_provenance import LARGEST_PROVENANCE, served_provenance
from peep.pipeline.bundles.shelf import Shelf, ShelvedArchive
from peep.pipeline.fetch import Stages
from peep.pipeline.unanswered import failures_as_problems, is_needed, warnings_about
from peep.reporting import Reporter
from peep.system.file_digest import digests_of_stream

Key = tuple[str, str, frozenset[Digest]]
"""URL, project, and listed hashes of what is wanted: the same archive for whatever target."""


@dataclass(frozen=True, slots=True)
class WantedArchive:
    """A pin on a target, by which one file is chosen."""

    pin: PinnedRequirement
    target: TargetEnvironment
    name: str
    """Of the target."""
    formats: FormatControl


@dataclass(slots=True)
class World:
    """What it takes to obtain archives."""

    stages: Stages
    shelf: Shelf
    open_index: Callable[[], PackageIndex]
    receiver: Callable[[], Receiver]
    scratch: str
    """A private folder, for archives on their way."""
    reporter: Reporter
    with_provenance: bool = False


@dataclass(slots=True)
class ObtainedArchives:
    """All that was obtained in a run; asked again for the same, it answers at once."""

    world: World
    problems: list[Problem] = field(default_factory=list)
    chosen: dict[int, Candidate] = field(default_factory=dict)
    archives: dict[Key, ObtainedArchive] = field(default_factory=dict)
    _pages: dict[str, ProjectAnswers] = field(default_factory=dict)
    _failed: set[Key] = field(default_factory=set)
    _missed: list[tuple[PinnedRequirement, Sequence[SourceFailure]]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def obtain(self, wanted: Sequence[WantedArchive]) -> list[ObtainedArchive | NoUsableFile | None]:
        """For each: the archive; why no file can be used; None where a problem of the run tells why it did not come."""
        while True:
            choices = self._choices(wanted)
            if self._take_from_shelf(choices):
                break  # else something on the shelf is not what it should be: choose again without it
        self._fetch([one for one in choices if isinstance(one, Candidate) and not self._is_settled(key_of(one))])
        for text in dict.fromkeys(warnings_about(self._missed)):
            self.world.reporter.warning(text)
        self._missed.clear()
        return [self.archives.get(key_of(one)) if isinstance(one, Candidate) else one for one in choices]

    def _is_settled(self, key: Key) -> bool:
        return key in self.archives or key in self._failed

    def _choices(self, wanted: Sequence[WantedArchive]) -> list[Candidate | NoUsableFile | None]:
        known = [self.world.shelf.candidate(one.pin, one.target, one.name, one.formats) for one in wanted]
        unknown = [one.pin for one, found in zip(wanted, known, strict=True) if found is None]
        self._ask(pin.name for pin in unknown if isinstance(pin.source, FromIndex))
        return [found or self._choice(one) for one, found in zip(wanted, known, strict=True)]

    def _choice(self, one: WantedArchive) -> Candidate | NoUsableFile | None:
        answers = self._pages.get(one.pin.name) if isinstance(one.pin.source, FromIndex) else None
        answers = answers or ProjectAnswers()
        chosen = self.world.stages.select(one.pin, answers.details, one.target, one.formats)
        if answers.failures and is_needed(one.pin, chosen):
            self._add_problems(failures_as_problems(one.pin, answers.failures))
            return None
        if answers.failures:
            self._missed.append((one.pin, answers.failures))
        return _unless_listed_elsewhere(naming_places(chosen, answers.asked), one.name)

    def _add_problems(self, problems: Iterable[Problem]) -> None:
        self.problems += (one for one in problems if one not in self.problems)

    def _ask(self, names: Iterable[str]) -> None:
        """Ask the indexes for the pages of projects, each once. Raises `UsageError` when there is no index at all."""
        new = sorted({*names} - self._pages.keys())
        if not new:
            return
        index = self.world.open_index()
        tasks = TaskQueue()
        for name in new:
            tasks.add(partial(self._ask_for, index, name))
        run_tasks(tasks, Event(), first=MOST)

    def _ask_for(self, index: PackageIndex, name: str) -> None:
        try:
            answers = index.answers(name)
        except (TransportError, PackageIndexError) as error:
            answers = ProjectAnswers(failures=(failure_of(name, error),))
        with self._lock:
            self._pages[name] = answers

    def answers(self, name: str) -> ProjectAnswers:
        """What the indexes say of a project."""
        self._ask([name])
        return self._pages[name]

    def _take_from_shelf(self, choices: Iterable[Candidate | NoUsableFile | None]) -> bool:
        """Verify what lies on the shelf; False when something there had to be dropped."""
        there: dict[Key, tuple[Candidate, ShelvedArchive]] = {}
        for one in choices:
            shelved = self.world.shelf.find(one) if isinstance(one, Candidate) else None
            if isinstance(one, Candidate) and shelved and not self._is_settled(key_of(one)):
                there[key_of(one)] = one, shelved
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            sound = list(pool.map(lambda item: self._shelved(*item), there.items()))
        return all(sound)

    def _shelved(self, key: Key, found: tuple[Candidate, ShelvedArchive]) -> bool:
        candidate, shelved = found
        filename = shelved.source.filename
        try:
            place, digests, size = _hashed(shelved, algorithms_for(candidate.pin), self.world.scratch)
        except OSError:
            place, digests, size = "", (), -1
        is_right = listed_digest(digests, candidate.pin, filename) and candidate.exact_size in {None, size}
        if not is_right:
            self.world.reporter.warning(f"{shelved.files.label}: {shelved.path} is not what it should be: not used")
            with self._lock:
                self.world.shelf.drop(shelved)
            return False
        source = candidate.file if isinstance(candidate.pin.source, FromIndex) else _best_of(candidate.file, shelved)
        self._keep(key, candidate, source, ArrivedArchive(place, shelved.sha256, size, shelved))
        return True

    def _keep(self, key: Key, candidate: Candidate, source: IndexFile, arrival: ArrivedArchive) -> None:
        filename = source.filename
        try:
            carried = _carried(filename, arrival.place, candidate.pin.name)
        except ArchiveError as error:
            with self._lock:
                self._failed.add(key)
                self.problems.append(BadArchive(candidate.pin, filename, error.problems, error.hint))
            return
        provenance = self._provenance(source, arrival.shelved) if self.world.with_provenance else None
        found = ObtainedArchive(filename, arrival.place, arrival.sha256, arrival.size, carried, source, provenance)
        with self._lock:
            self.archives[key] = found

    def _provenance(self, source: IndexFile, shelved: ShelvedArchive | None) -> bytes | None:
        """The provenance object of a file, as it is served; evidence that peep does not judge."""
        if shelved is not None and shelved.provenance_path is not None:
            with suppress(OSError), shelved.files.open(shelved.provenance_path) as file:
                content = file.read(LARGEST_PROVENANCE)
                if sha256(content).hexdigest() in shelved.provenance_path:
                    return content
        return (
            served_provenance(source, self.world.receiver().transport, self.world.reporter)
            if source.provenance
            else None
        )

    def _fetch(self, candidates: Iterable[Candidate]) -> None:
        candidates = list(candidates)
        if not candidates:
            return
        receiver = self.world.receiver()
        queue = TaskQueue()
        tasks: dict[Key, DownloadTask] = {}
        for candidate in candidates:
            key = key_of(candidate)
            if key not in tasks:
                accept = partial(self._arrived, key, candidate)
                stages = self.world.stages
                tasks[key] = DownloadTask(receiver, stages.receive, stages.verify, candidate, accept)
                queue.add(tasks[key].run, weight=candidate.file.size or 0)
        run_tasks(queue, receiver.stop)
        for key, task in tasks.items():
            self._add_problems(task.problems)
            if key not in self.archives:
                self._failed.add(key)

    def _arrived(self, key: Key, candidate: Candidate, archive: VerifiedArchive) -> None:
        place = os.path.join(self.world.scratch, f"{len(self.archives)}-{os.urandom(8).hex()}")
        with archive.file as body, open(place, "xb") as copy:
            body.seek(0)
            shutil.copyfileobj(body, copy)
        offered = {file.filename: file for file in (*candidate.alternatives, *candidate.mirrors, candidate.file)}
        source = replace(offered[archive.filename], url=archive.url)
        self._keep(key, candidate, source, ArrivedArchive(place, archive.sha256, archive.size))


@dataclass(frozen=True, slots=True)
class ArrivedArchive:
    """Bytes that were verified, and where they lie now."""

    place: str
    sha256: str
    size: int
    shelved: ShelvedArchive | None = None


def _unless_listed_elsewhere(chosen: Candidate | NoUsableFile, target: str) -> Candidate | NoUsableFile:
    """No file, where the one that fits is not listed and files for other targets are: the list leaves a target out.

    Where nothing that is offered is listed, something is wrong with the list or the file: that is found by fetching it.
    """
    if not isinstance(chosen, Candidate) or hash_status_of(chosen.file, chosen.pin) is not HashStatus.UNLISTED:
        return chosen
    if not any(listed_digest(file.hashes, chosen.pin, file.filename) for file in chosen.offered):
        return chosen
    reason = f"none of its listed files fits {target}; {chosen.file.filename} would, and its hash is not listed"
    return NoUsableFile(chosen.pin, reason)


def key_of(candidate: Candidate) -> Key:
    """What makes two choices one."""
    return candidate.file.url, candidate.pin.name, frozenset(listed_hashes(candidate.pin, candidate.file.filename))


def _carried(filename: str, place: str, name: str) -> CarriedMetadata:
    with open(place, "rb") as file:
        carried = read_carried_metadata(filename, file)
    if carried.name != name:
        raise ArchiveError(filename, [f"it is of {carried.name}, not of {name}"])
    return carried


def _best_of(file: IndexFile, shelved: ShelvedArchive) -> IndexFile:
    """What a lock file or a URL says of a file, completed by what an index once said of the same bytes."""
    return replace(file, upload_time=file.upload_time or shelved.source.upload_time, yanked=shelved.source.yanked)


def _hashed(shelved: ShelvedArchive, algorithms: set[str], scratch: str) -> tuple[str, tuple[Digest, ...], int]:
    """The place of a file, its digests and size; of what lies in a tar, a copy is made on the way."""
    place = shelved.place
    copy = None if place else open(os.path.join(scratch, f"shelf-{os.urandom(8).hex()}"), "xb")  # noqa: SIM115
    try:
        with shelved.files.open(shelved.path) as file:
            digests, size = digests_of_stream(file, sorted(algorithms), copy)
    finally:
        if copy:
            copy.close()
    return place or (copy.name if copy else ""), digests, size
