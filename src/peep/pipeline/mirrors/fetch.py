"""Fetching for a mirror, from the owners of names: all archives verified, or problems."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from peep.archives.download import Downloader, DownloadTask
from peep.concurrency.thread_pool import run_tasks
from peep.dataclass import dataclass
from peep.errors import HashMismatch, InstallRefused, Problem
from peep.locking.candidates import NamedFile, ProjectPage
from peep.locking.release_facts import files_of_pin
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.folder import MirrorFolder
from peep.model import ArchiveKind, Candidate, Digest, IndexFile, VerifiedArchive
from peep.pipeline.mirrors.archives import IncomingArchive, holds, read_archive
from peep.pipeline.mirrors.lists import MirroredPin


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A file that a pin needs, of those that the owner's page offers."""

    pin: MirroredPin
    file: IndexFile
    kind: ArchiveKind
    others: tuple[IndexFile, ...] = ()
    """Further files of the release that may be listed, as far as their page states digests at all."""

    @property
    def is_vouched(self) -> bool:
        """Whether the page states a digest that is listed."""
        return not set(self.file.hashes).isdisjoint(self.pin.hashes)


def listed_files(pin: MirroredPin, page: ProjectPage, filenames: Iterable[str] | None = None) -> list[WantedFile]:
    """The files of the pinned release that are listed, or may be; of those called `filenames`, if given."""
    release = page.release(pin.judged.version)
    files = files_of_pin(() if release is None else release.files, pin.hashes)
    chosen = None if filenames is None else set(filenames)
    return [_wanted(pin, one, files) for one in files if chosen is None or one.file.filename in chosen]


def _wanted(pin: MirroredPin, one: NamedFile, files: Sequence[NamedFile]) -> WantedFile:
    others = tuple(other.file for other in files if other is not one and set(other.file.hashes).isdisjoint(pin.hashes))
    return WantedFile(pin, one.file, one.name.kind, others)


def held_file(facts: ProjectFacts | None, wanted: WantedFile, mirror: MirrorFolder) -> ArchiveFacts | None:
    """The facts of a wanted file that the mirror has already; then nobody is asked for it."""
    for file in facts.files if facts else ():
        if file.filename == wanted.file.filename and holds(mirror, file):
            is_listed = Digest("sha256", file.sha256) in wanted.pin.hashes
            return file if is_listed else None
    return None


class ArchiveFetch:
    """Fetches wanted files into a scratch folder."""

    def __init__(
        self, downloader: Downloader, scratch: str, provenance_of: Callable[[IndexFile], bytes | None]
    ) -> None:
        self._downloader = downloader
        self._scratch = scratch
        self._provenance_of = provenance_of
        self._lock = Lock()
        self._tasks: list[tuple[DownloadTask, WantedFile]] = []
        self.incoming: list[tuple[IncomingArchive, WantedFile]] = []

    def add(self, wanted: WantedFile, *, is_exact: bool) -> None:
        """Have a file fetched; `is_exact`: another file of the release, of unknown digest, may turn out to be it."""
        others = wanted.others if is_exact and not wanted.is_vouched else ()
        candidate = Candidate(
            wanted.pin.stated, wanted.file, wanted.kind, offered=(wanted.file, *wanted.others), alternatives=others
        )

        def take(archive: VerifiedArchive) -> None:
            self._take(archive, wanted)

        self._tasks.append((self._downloader.add(candidate, take), wanted))

    def run(self) -> None:
        """Fetch everything. Raises `InstallRefused` with all that is wrong: nothing has been put anywhere then."""
        run_tasks(self._downloader.tasks, self._downloader.stop)
        came = {(wanted.pin.judged.name, wanted.pin.judged.version) for _, wanted in self.incoming}
        problems: list[Problem] = []
        for task, wanted in self._tasks:
            is_had = (wanted.pin.judged.name, wanted.pin.judged.version) in came
            problems += (one for one in task.problems if not (is_had and _is_merely_unlisted(one, wanted)))
        if problems:
            raise InstallRefused(tuple(dict.fromkeys(problems)))

    def _take(self, archive: VerifiedArchive, wanted: WantedFile) -> None:
        """Read a verified archive and keep its bytes. Raises `ArchiveError`."""
        try:
            archive.file.seek(0)
            pin = wanted.pin.judged
            carried = read_archive(archive.filename, archive.file, pin.name, pin.version)
            place = os.path.join(self._scratch, f"{archive.sha256}-{len(archive.filename)}")
            archive.file.seek(0)
            with open(place, "wb") as copy:
                while piece := archive.file.read(1 << 20):
                    copy.write(piece)
        finally:
            archive.file.close()
        told = next((one for one in (wanted.file, *wanted.others) if one.filename == archive.filename), wanted.file)
        incoming = IncomingArchive(
            archive.filename,
            place,
            archive.sha256,
            archive.size,
            carried,
            told.upload_time,
            told.yanked,
            self._provenance_of(told),
        )
        with self._lock:
            self.incoming.append((incoming, wanted))


def _is_merely_unlisted(problem: Problem, wanted: WantedFile) -> bool:
    """A file that nobody said was listed, and is not: it is no more wanted than any other."""
    return isinstance(problem, HashMismatch) and not wanted.is_vouched
