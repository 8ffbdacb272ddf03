"""Unvouched archives of a release in a private folder: local files, or what indexes offer.

They are hashed as they are copied, and named by a type that nothing which stores, builds or installs accepts.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import BinaryIO

from peep.dataclass import dataclass
from peep.errors import PeepError, UsageError
from peep.examine.child import ReleaseArchives
from peep.examine.types import UnvouchedArchive
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.dependency_specifiers import read_version
from peep.formats.names import archive_suffix, name_in_filename, normalised
from peep.formats.versions import same_version
from peep.formats.wheel_names import parse_wheel_filename
from peep.index.answers import places_text
from peep.index.client import PackageIndex
from peep.model import ArchiveKind, IndexFile
from peep.system.file_digest import digest_of_stream
from peep.system.files import ToldAs

_NO_TAG = 1_000_000
_VERSION = re.compile(r"-(v?\d[A-Za-z0-9._+!]*)$")

Fetch = Callable[[IndexFile], BinaryIO]
"""Brings one file of an index whole; gives back the private file that holds it."""


@dataclass(frozen=True, slots=True)
class CollectedRelease:
    """One release: `project` normalised ('' where no file name tells), `version` as the file names state it."""

    project: str
    version: str
    archives: ReleaseArchives


@dataclass(frozen=True, slots=True)
class WheelChoice:
    """Which wheel of several is compared: that of a tag or file name that the user gave, else the target's best."""

    tags: tuple[str, ...]
    """Of the target, best first."""
    wanted: str | None = None

    def rank(self, filename: str) -> int:
        """0 is the best; `_NO_TAG` and above do not fit the target. Raises `ValueError` for what is no wheel's name."""
        tags = parse_wheel_filename(filename).tags
        if self.wanted is not None:
            is_wanted = filename == os.path.basename(self.wanted) or self.wanted in tags
            return 0 if is_wanted or self.wanted in "-".join(filename[:-4].split("-")[-3:]) else _NO_TAG
        return min((self.tags.index(tag) for tag in tags if tag in self.tags), default=_NO_TAG)

    def check(self, best: int, place: str) -> None:
        """Raises `UsageError` where the wheel that the user named is not there."""
        if self.wanted is not None and best >= _NO_TAG:
            raise UsageError(f"--wheel {self.wanted}: {place} has no such wheel", "give a tag, or a file name")


# -- local files ---------------------------------------------------------------------------------------


def local_release(place: str, folder: str, choice: WheelChoice) -> CollectedRelease:
    """Copy the archive at `place`, or those of the folder there, into `folder`.

    Raises `UsageError` where that is no archive, or the archives are of several releases; `PeepError` for what cannot
    be read.
    """
    paths = _archives_at(place)
    releases = {_identity(os.path.basename(path)) for path in paths}
    if len({name for name, _ in releases}) > 1 or not _is_one_version([version for _, version in releases]):
        found = ", ".join(sorted(os.path.basename(path) for path in paths)[:6])
        raise UsageError(
            f"{place}: holds archives of several releases: {found}", "give each release a folder of its own"
        )
    archives = [_copied_file(path, folder) for path in paths]
    name, version = min(releases, key=lambda release: (release[0] == "", len(release[1])))
    return CollectedRelease(normalised(name), version, _chosen(archives, choice, place))


def _archives_at(place: str) -> list[str]:
    try:
        mode = os.stat(place).st_mode
        if stat.S_ISDIR(mode):
            found = sorted(entry.path for entry in os.scandir(place) if archive_suffix(entry.name) and entry.is_file())
            if not found:
                raise UsageError(f"{place}: a folder without archives", "peep diff compares wheels and source archives")
            return found
    except (OSError, ValueError) as error:
        raise PeepError(f"{place}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not archive_suffix(place):
        raise UsageError(f"{place}: is neither a wheel nor a source archive, by its name")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{place}: is no plain file")
    return [place]


def _identity(filename: str) -> tuple[str, str]:
    """Project and version by the file name; '' for what it does not tell."""
    if filename.endswith(".whl"):
        try:
            parts = parse_wheel_filename(filename)
        except ValueError as error:
            raise UsageError(f"{filename}: {error}") from None
        return parts.name, parts.version
    name = name_in_filename(filename)
    stem = filename[: len(filename) - len(archive_suffix(filename))]
    found = _VERSION.search(stem)
    return normalised(name), found[1] if found else ""


def _is_one_version(versions: Sequence[str]) -> bool:
    return all(same_version(versions[0], other) for other in versions[1:])


def _copied_file(path: str, folder: str) -> UnvouchedArchive:
    with ToldAs(PeepError, f"{path}: cannot be read"), open(path, "rb") as source:
        return _kept(source, os.path.basename(path), folder)


def _kept(source: BinaryIO, filename: str, folder: str) -> UnvouchedArchive:
    """Copy an open file into the private folder under a number, hashing what is written."""
    target = os.path.join(folder, str(len(os.listdir(folder))))
    with open(target, "xb") as copy:
        digest, size = digest_of_stream(source, copy=copy)
    return UnvouchedArchive(filename, digest.hex, size, target)


def _chosen(archives: Sequence[UnvouchedArchive], choice: WheelChoice, place: str) -> ReleaseArchives:
    wheels = [one for one in archives if one.filename.endswith(".whl")]
    sdists = [one for one in archives if not one.filename.endswith(".whl")]
    if len(sdists) > 1:
        names = ", ".join(one.filename for one in sdists)
        raise UsageError(f"{place}: holds several source archives of one release: {names}")
    ranked = sorted(wheels, key=lambda one: (choice.rank(one.filename), one.filename))
    if ranked:
        choice.check(choice.rank(ranked[0].filename), place)
    return ReleaseArchives(ranked[0] if ranked else None, tuple(ranked[1:]), sdists[0] if sdists else None)


# -- indexes -------------------------------------------------------------------------------------------


def index_release(
    project: str, version: str, index: PackageIndex, fetch: Fetch, folder: str, choice: WheelChoice
) -> CollectedRelease:
    """Fetch one wheel and the sdist of a release, each compared with the sha256 that the index states, if it does.

    Raises `PeepError` where no index has that version, or a file is not what its index says; `TransportError`.
    """
    files = _files_of_version(project, version, index)
    wheels = [(name, file) for name, file in files if name.kind is ArchiveKind.WHEEL]
    sdists = [file for name, file in files if name.kind is ArchiveKind.SDIST]
    archives = []
    ranked = sorted(wheels, key=lambda one: (choice.rank(one[1].filename), -one[0].build[0], one[1].filename))
    if ranked:
        best = ranked[0][1]
        choice.check(choice.rank(best.filename), f"{project} {version}")
        archives.append(fetched_archive(best, fetch, folder))
    archives += [fetched_archive(file, fetch, folder) for file in sdists[:1]]
    return CollectedRelease(normalised(project), files[0][0].version, _chosen(archives, choice, project))


def _files_of_version(project: str, version: str, index: PackageIndex) -> list[tuple[ArchiveName, IndexFile]]:
    """The first source's files of a version (index priority), installable ones only."""
    reader = NameReader(project)
    details = index.project(project)
    known: set[str] = set()
    for detail in details:
        found = []
        for file in detail.files:
            name = reader.read(file.filename)
            if isinstance(name, ArchiveName):
                known.add(name.version)
                if same_version(name.version, version):
                    found.append((name, file))
        if found:
            return found
    if not details:
        asked = places_text(index.answers(project).asked)
        raise PeepError(f"{project}: no index and no --find-links place has this project{asked}")
    newest = ", ".join(_newest(known))
    hint = f"there are: {newest}" if newest else "its files are of no kind that can be installed"
    raise PeepError(f"{project} {version}: there is no such release", hint)


def _newest(versions: Iterable[str]) -> list[str]:
    readable = []
    for text in versions:
        with suppress(ValueError):
            readable.append((read_version(text.replace("_", "+", 1)), text))
    return [text for _, text in sorted(readable, reverse=True)[:5]]


def fetched_archive(file: IndexFile, fetch: Fetch, folder: str) -> UnvouchedArchive:
    """Fetch one file into `folder`. Raises `PeepError` where it is not what its index states; `TransportError`."""
    with fetch(file) as body:
        body.seek(0)
        archive = _kept(body, file.filename, folder)
    stated = [digest.hex for digest in file.hashes if digest.algorithm == "sha256"]
    if stated and archive.sha256 not in stated:
        raise PeepError(
            f"{file.filename}: the index states sha256 {stated[0]}, and what came has {archive.sha256}",
            "it was changed on the way, or on the server: do not use it",
        )
    return archive
