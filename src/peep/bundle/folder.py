"""Writing of a bundle's folder: a killed run leaves the old one, the new one, or one to be finished.

The order: stored files, derived files, `bundle.json` by a rename, and only then removals. Where a bundle is there
already, no file of it changes before all new ones have come and were compared. A folder without a `bundle.json` yet
holds a marker meanwhile, by which the next run knows that it may go on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from peep.bundle.layout import GIT_ATTRIBUTES, LOCK, README, derived_files, stored_files
from peep.bundle.manifest import MANIFEST, BundleFile, BundleManifest
from peep.bundle.tree import FileSource
from peep.dataclass import dataclass
from peep.errors import DestinationError
from peep.system.file_digest import digest_of_file, digest_of_stream
from peep.system.files import ToldAs, fsync_folder, remove_tree, replace_file, temporary_folder, write_atomically
from peep.system.locks import lock_folder

MARKER = ".peep-unfinished"
_OWNED = ("advisories", "archives", "locks", "provenance", "simple")
"""Folders in which nothing but the bundle's own files lies: what no manifest lists there goes."""
_WRITTEN_BESIDE = (MANIFEST, MARKER, LOCK, README, GIT_ATTRIBUTES)
_TEMPORARY = re.compile(rf"\.peep-[0-9a-f]{{16}}|(?:{'|'.join(map(re.escape, _WRITTEN_BESIDE))})\.[0-9a-f]{{16}}")
"""What a killed run leaves: its private folder, and a file of the root that was not renamed yet."""


@dataclass(frozen=True, slots=True)
class WrittenBundle:
    """What became of a folder; paths of stored files."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    kept: int


@contextmanager
def claimed_folder(folder: str) -> Iterator[None]:
    """Make `folder` ready to take a bundle, and keep other runs of peep out of it meanwhile.

    Raises `DestinationError`, with the folder untouched, when it is neither empty, nor a bundle, nor one that a killed
    run left unfinished.
    """
    refuse_other_folders(folder)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error
    descriptor = lock_folder(folder)
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def refuse_other_folders(folder: str) -> None:
    """Raise `DestinationError` for a folder that is neither empty, nor a bundle, nor one that is yet to be made."""
    try:
        names = {name for name in os.listdir(folder) if not _TEMPORARY.fullmatch(name)}
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unusable(folder, error) from error
    if names and not names & {MANIFEST, MARKER}:
        raise DestinationError(f"{folder}: is neither empty nor a bundle", "name another folder, or an empty one")


def _unusable(folder: str, error: OSError) -> DestinationError:
    return DestinationError(f"{folder}: cannot take a bundle: {error.strerror or error}", "name another")


class BundleWriter:
    """Writes one bundle into a claimed folder."""

    def __init__(self, folder: str, manifest: BundleManifest, lock: bytes | None) -> None:
        """Raises `ManifestError` for a manifest whose files cannot lie in one folder."""
        self._folder = os.path.abspath(folder)
        self._manifest = manifest
        self._stored = stored_files(manifest)
        self._derived = derived_files(manifest, lock)

    def write(self, sources: FileSource) -> WrittenBundle:
        """Bring the folder to the manifest's state; files that are not there as listed are read from `sources`.

        Raises `DestinationError` for a file that `sources` has not, or with other bytes, and where the disk refuses;
        a bundle that was there before is untouched when `sources` are to blame.
        """
        try:
            return self._written(sources)
        except OSError as error:
            place = error.filename or self._folder
            raise DestinationError(f"{place}: cannot be written: {error.strerror or error}") from error

    def _written(self, sources: FileSource) -> WrittenBundle:
        is_begun = not os.path.lexists(self._place(MANIFEST))
        if is_begun:
            write_atomically(self._place(MARKER), b"a bundle is being written here; peep bundle create finishes it\n")
        added, waiting = [], {}
        with temporary_folder(self._folder, ".peep-") as scratch:
            for path, file in self._lacking():
                added.append(path)
                waiting[path] = self._bring(sources, path, file, os.path.join(scratch, str(len(added))))
                if is_begun:  # what has come is there for the next run; else a bundle must stay whole until all has
                    self._put(waiting)
            self._put(waiting)
        for path, content in sorted(self._derived.items()):
            if path != MANIFEST:
                self._write_derived(path, content)
        write_atomically(self._place(MANIFEST), self._derived[MANIFEST], durable=True)
        removed = self._tidy()
        return WrittenBundle(tuple(added), tuple(removed), len(self._stored) - len(added))

    def _lacking(self) -> list[tuple[str, BundleFile]]:
        """The stored files that do not lie there as listed, sorted; hashed by as many threads as processors."""
        listed = sorted(self._stored.items())
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            there = pool.map(lambda one: _holds(self._place(one[0]), one[1]), listed)
            return [one for one, is_there in zip(listed, there, strict=True) if not is_there]

    def _place(self, path: str) -> str:
        return os.path.join(self._folder, *path.split("/"))

    def _bring(self, sources: FileSource, path: str, file: BundleFile, temporary: str) -> str:
        with ToldAs(DestinationError, f"{sources.label}: {path}"):
            content = sources.open(path)
        with content, open(temporary, "xb") as copy:
            digest = digest_of_stream(content, copy=copy)[0].hex
            copy.flush()
            os.fsync(copy.fileno())
        if digest != file.sha256:
            raise DestinationError(f"{sources.label}: {path}: has sha256:{digest} instead of sha256:{file.sha256}")
        return temporary

    def _put(self, waiting: dict[str, str]) -> None:
        """Give files that were brought the names in the bundle that are their keys."""
        while waiting:
            path, temporary = waiting.popitem()
            self._make_room(path)
            replace_file(temporary, self._place(path))

    def _write_derived(self, path: str, content: bytes) -> None:
        place = self._place(path)
        with suppress(OSError), open(place, "rb") as there:
            if not os.path.islink(place) and there.read(len(content) + 1) == content:
                return
        self._make_room(path)
        write_atomically(place, content)

    def _make_room(self, path: str) -> None:
        """Make the folders above, in the place of whatever else is there, and take away what is no file."""
        place = self._folder
        for part in path.split("/")[:-1]:
            place = os.path.join(place, part)
            if os.path.islink(place) or not os.path.isdir(place):
                remove_tree(place) if os.path.lexists(place) else None
                os.mkdir(place)
        place = self._place(path)
        if os.path.isdir(place) and not os.path.islink(place):
            remove_tree(place)

    def _tidy(self) -> list[str]:
        """Remove what the manifest does not list: in the bundle's own folders, what killed runs left, an old lock."""
        keep = {*self._stored, *self._derived}
        removed = []
        for name in sorted(os.listdir(self._folder)):
            if name == MARKER or _TEMPORARY.fullmatch(name):
                remove_tree(self._place(name))
            elif name in _OWNED:
                removed += self._tidy_below(name, keep)
            elif name in {"pylock.toml", "peep.pyz"} and name not in keep:
                remove_tree(self._place(name))
                removed.append(name)
        fsync_folder(self._folder)
        return removed

    def _tidy_below(self, top: str, keep: set[str]) -> list[str]:
        removed = []
        for folder, folders, files in os.walk(self._place(top), topdown=False):
            relative = os.path.relpath(folder, self._folder).replace(os.sep, "/")
            for name in files + [one for one in folders if os.path.islink(os.path.join(folder, one))]:
                if f"{relative}/{name}" not in keep:
                    remove_tree(os.path.join(folder, name))
                    removed.append(f"{relative}/{name}")
            with suppress(OSError):
                os.rmdir(folder)  # succeeds only where nothing is left in it
        return sorted(removed)


def _holds(place: str, file: BundleFile) -> bool:
    """Whether the listed bytes lie there already, as a plain file."""
    if os.path.islink(place) or not os.path.isfile(place):
        return False
    if file.size >= 0 and os.path.getsize(place) != file.size:
        return False
    return digest_of_file(place)[0].hex == file.sha256
