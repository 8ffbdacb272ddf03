"""Archives of all pins, verified, gathered in a folder and moved to where the user wants them: all or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock

from peep.environment.dependencies import RequiringProject, check_dependencies
from peep.errors import Problems
from peep.model import ArchiveKind, Candidate, PinnedRequirement, StoredWheel, VerifiedArchive
from peep.requirements.pinned_set import PinnedSet
from peep.system.files import temporary_folder
from peep.workflows.options import InstallOptions
from peep.workflows.session import Session
from peep.workflows.supply import Supplier, stored


@dataclass(frozen=True, slots=True)
class SavedFile:
    """One archive in the user's folder."""

    pin: PinnedRequirement
    filename: str
    sha256: str
    """Lower-case hex."""
    size: int
    """Bytes."""
    is_built: bool = False
    """peep made it from the sdist that was verified."""


class Gathering:
    """Takes verified archives from the downloader's threads and copies them into a private folder."""

    def __init__(self, supplier: Supplier, folder: str) -> None:
        self.folder = folder
        self.saved: dict[str, SavedFile] = {}
        """By project name."""
        self.wheels: dict[str, StoredWheel] = {}
        self.sdists: list[VerifiedArchive] = []
        self._supplier = supplier
        self._lock = Lock()

    def accept(self, archive: VerifiedArchive) -> None:
        """Check a wheel as install would, and keep the archive. Raises `ArchiveError` for a bad wheel."""
        name = archive.pin.name
        wheel = stored(archive, self._supplier) if archive.kind is ArchiveKind.WHEEL else None
        archive.file.seek(0)
        with open(os.path.join(self.folder, archive.filename), "xb") as copy:
            shutil.copyfileobj(archive.file, copy)
        with self._lock:
            self.saved[name] = SavedFile(archive.pin, archive.filename, archive.sha256, archive.size)
            if wheel is None:
                self.sdists.append(archive)
            else:
                self.wheels[name] = wheel
                archive.file.close()


@contextmanager
def gathered(pinned: PinnedSet, supplier: Supplier, destination: str) -> Iterator[tuple[Gathering, Problems]]:
    """Fetch and verify all pins into a folder beside their destination, which is gone when the context ends.

    Gives back what came, and all that is wrong so far; nothing is in the destination yet.
    """
    with temporary_folder(destination, ".peep-") as folder:
        gathering = Gathering(supplier, folder)
        candidates, found = supplier.candidates(pinned.pins)
        problems = Problems([*pinned.unusable, *found])
        problems.found += supplier.open_downloader().fetch(_one_of_each(candidates), gathering.accept)
        yield gathering, problems


def _one_of_each(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Two pins of one file would be one copy: the first counts."""
    return list({candidate.file.filename: candidate for candidate in reversed(candidates)}.values())[::-1]


def with_destination(options: InstallOptions) -> tuple[InstallOptions, str]:
    """The folder that the user named, or the working directory; files for other platforms are then allowed."""
    destination = os.path.abspath(options.destination or ".")
    target = options.target
    is_foreign = bool(target.platforms or target.abis or target.implementation or target.python_version)
    return (replace(options, target=replace(target, target=destination)) if is_foreign else options), destination


def check_requirements(session: Session, pinned: PinnedSet, gathering: Gathering, problems: Problems) -> None:
    """Add what wheels require and the files do not list; sdists say that only once they are built."""
    options: InstallOptions = session.options
    if not options.check_dependencies or pinned.directive_values("--no-check-dependencies"):
        return
    projects = [
        RequiringProject(pin.name, pin.version or "", wheel.requires_dist if wheel else ())
        for pin in pinned.pins
        for wheel in [gathering.wheels.get(pin.name)]
    ]
    problems.found += check_dependencies(projects, pinned.pins, session.target.markers)


def hand_over(gathering: Gathering, destination: str) -> tuple[SavedFile, ...]:
    """Move everything into the destination, replacing files of the same names; gives it back by name."""
    saved = tuple(sorted(gathering.saved.values(), key=lambda one: one.filename.lower()))
    for one in saved:
        os.replace(os.path.join(gathering.folder, one.filename), os.path.join(destination, one.filename))
    return saved
