"""Saving of verified archives into a folder: all or none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from threading import Lock

from peep.concurrency.thread_pool import run_tasks
from peep.dataclass import dataclass, replace
from peep.errors import ArchiveError, DestinationError, Problem, StoreError
from peep.model import ArchiveKind, HashForm, PinnedRequirement, StoredWheel, VerifiedArchive
from peep.pipeline.fetch import Search, WheelProvider, add_wheel
from peep.pipeline.options import InstallOptions
from peep.pipeline.unpacking import Unpacker
from peep.store.stale_files import is_abandoned
from peep.system.file_digest import digest_of_file, digest_of_stream
from peep.system.files import ToldAs, remove_tree, replace_file, temporary_folder
from peep.system.locks import lock_folder

_PREFIX = ".peep-"
_NO_FILE_NAME = re.compile(r"[/\\:\0]|^\.{0,2}$")
_TEMPORARY = re.compile(r"\.peep-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class SavedFile:
    """One archive in the user's folder."""

    name: str
    """Of the project, normalised."""
    filename: str
    sha256: str
    """Lower-case hex, of the bytes that were written."""
    size: int
    """Bytes."""
    hash_form: HashForm
    """In which the user's file lists hashes of this project."""
    is_built: bool = False
    """peep made it from the sdist that was verified."""
    was_there: bool = False
    """The folder held the very same bytes under this name already."""


class ArchiveCollection:
    """Takes verified archives from the downloader's threads and copies them into a private folder."""

    def __init__(self, provider: WheelProvider, unpacker: Unpacker, folder: str, *, keeps_sdists: bool = True) -> None:
        """`keeps_sdists`: source archives are wanted in the folder, not only for being built."""
        self.folder = folder
        self._keeps_sdists = keeps_sdists
        self.saved: dict[str, SavedFile] = {}
        """By project name."""
        self.wheels: dict[str, StoredWheel] = {}
        """By project name."""
        self.sdists: list[VerifiedArchive] = []
        self._provider = provider
        self._unpacker = unpacker
        self._names: dict[str, str] = {}
        """Case-folded file name -> sha256."""
        self._lock = Lock()

    def accept(self, archive: VerifiedArchive) -> None:
        """Check a wheel as install would, and keep the archive. Raises `ArchiveError` for a bad wheel."""
        if archive.kind is ArchiveKind.SDIST:
            if self._keeps_sdists:
                self._keep(archive)
            with self._lock:
                self.sdists.append(archive)
            return
        wheel = add_wheel(archive, self._provider, self._unpacker)
        self._keep(archive)
        archive.file.close()
        with self._lock:
            self.wheels[archive.pin.name] = wheel

    def _keep(self, archive: VerifiedArchive) -> None:
        """Copy the archive, and see that what was written is what was verified.

        Two pins may mean one file, which is copied once; of two files with one name, a folder can hold only one.
        """
        name, filename = archive.pin.name, archive.filename
        if _NO_FILE_NAME.search(filename):
            raise ArchiveError(filename, ["that is no name for a file in a folder"])
        with self._lock:
            is_new = filename.lower() not in self._names
            known = self._names.setdefault(filename.lower(), archive.sha256)
            if known == archive.sha256:
                self.saved[name] = SavedFile(name, filename, archive.sha256, archive.size, archive.pin.hash_form)
        if known != archive.sha256:
            raise ArchiveError(filename, ["another listed archive has this name: fetch them one by one"])
        if is_new:
            self._copy(archive)

    def _copy(self, archive: VerifiedArchive) -> None:
        archive.file.seek(0)
        place = os.path.dirname(self.folder)
        with _explained(place), open(os.path.join(self.folder, archive.filename), "xb") as copy:
            written, _ = digest_of_stream(archive.file, copy=copy)
        if written.hex != archive.sha256:
            raise StoreError(f"{archive.filename}: the verified download changed on the disk while it was being copied")

    def take_built(self, wheel: StoredWheel, content: bytes, hash_form: HashForm) -> None:
        """Keep a built wheel."""
        name, filename = wheel.identity.name, wheel.identity.filename
        place = os.path.dirname(self.folder)
        with _explained(place), open(os.path.join(self.folder, filename), "wb") as file:
            file.write(content)
        self.wheels[name] = wheel
        digest = sha256(content).hexdigest()
        self.saved[name] = SavedFile(name, filename, digest, len(content), hash_form, is_built=True)


@contextmanager
def collected(
    pins: Sequence[PinnedRequirement], provider: WheelProvider, destination: str, *, keeps_sdists: bool = True
) -> Iterator[tuple[ArchiveCollection, tuple[Problem, ...]]]:
    """Fetch and verify the archives of `pins` into a folder inside their destination; it is gone with the context.

    Gives back what came, and all that is wrong so far; the destination shows nothing yet, and is gone with the rest
    when it was made here and nothing was handed over. Raises `DestinationError` where it cannot be written to.
    """
    with _made(destination), _private(destination) as folder, closing(Unpacker(provider.store, len(pins))) as unpacker:
        collection = ArchiveCollection(provider, unpacker, folder, keeps_sdists=keeps_sdists)
        found: tuple[Problem, ...] = ()
        if pins:
            search = Search(provider, pins, collection.accept)
            run_tasks(search.tasks, search.stop)
            _, found = search.results()
        yield collection, found


@contextmanager
def _private(destination: str) -> Iterator[str]:
    """A folder of this run alone; those that killed runs left go."""
    for name in os.listdir(destination):
        path = os.path.join(destination, name)
        if _TEMPORARY.fullmatch(name):
            with suppress(OSError):
                if is_abandoned(path):
                    remove_tree(path)
    with temporary_folder(destination, _PREFIX) as folder:
        descriptor = lock_folder(folder)
        try:
            yield folder
        finally:
            if descriptor >= 0:
                os.close(descriptor)


@contextmanager
def _explained(destination: str) -> Iterator[None]:
    """Say of which folder it is that the system complains."""
    with ToldAs(DestinationError, f"{destination}: archives cannot be put here", "name another folder"):
        yield


@contextmanager
def _made(destination: str) -> Iterator[None]:
    """Make a folder, and take it away again as far as it is empty in the end."""
    missing = []
    place = destination
    while not os.path.lexists(place):
        missing.append(place)
        place = os.path.dirname(place)
    with _explained(destination):
        os.makedirs(destination, exist_ok=True)
        if not os.access(destination, os.W_OK | os.X_OK):
            raise PermissionError(0, "it cannot be written to")
    try:
        yield
    finally:
        with suppress(OSError):
            for folder in missing:
                os.rmdir(folder)


def with_destination(options: InstallOptions) -> tuple[InstallOptions, str]:
    """The folder that the user named, or the working directory; files for other platforms are then allowed."""
    destination = os.path.abspath(options.destination or ".")
    target = options.target
    is_foreign = bool(target.platforms or target.abis or target.implementation or target.python_version)
    return (replace(options, target=replace(target, target=destination)) if is_foreign else options), destination


def publish(collection: ArchiveCollection, destination: str) -> tuple[SavedFile, ...]:
    """Move everything into the destination, by file name; what is there already, the very same, stays.

    Raises `DestinationError`, before anything is moved, where another file has one of the names.
    """
    saved = sorted(collection.saved.values(), key=lambda one: one.filename.lower())
    found = [_seen(one, os.path.join(destination, one.filename)) for one in saved]
    in_the_way = [one for one in found if isinstance(one, str)]
    if in_the_way:
        raise DestinationError("\n".join(in_the_way), "move them away, or name another folder")
    for one in found:
        if isinstance(one, SavedFile) and not one.was_there:
            with suppress(FileNotFoundError):  # moved already: two pins meant it
                replace_file(os.path.join(collection.folder, one.filename), os.path.join(destination, one.filename))
    return tuple(one for one in found if isinstance(one, SavedFile))


def _seen(one: SavedFile, path: str) -> SavedFile | str:
    """The file as it will be told of, or what is in its way."""
    if not os.path.lexists(path):
        return one
    if os.path.islink(path) or not os.path.isfile(path):
        return f"{path}: is there already, and is no file"
    try:
        there, _ = digest_of_file(path)
    except OSError as error:
        return f"{path}: is there already, and cannot be read: {error.strerror or error}"
    if there.hex != one.sha256:
        return f"{path}: is there already, with sha256:{there.hex}; the one to put there has sha256:{one.sha256}"
    return replace(one, was_there=True)
