"""Comparison of releases known by digest: from the indexes, opened in the sandboxed child."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from peep.archives.receive import Receiver, receive_archive
from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.examine.child import ReleaseArchives, analyse
from peep.examine.types import Comparison, UnvouchedArchive
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.digest_lines import DigestLine
from peep.formats.versions import same_version
from peep.index.client import PackageIndex
from peep.model import ArchiveKind, IndexFile
from peep.pipeline.examining.kept_archives import KeptArchives, kept_folder
from peep.pipeline.examining.unvouched_releases import Fetch, WheelChoice, fetched_archive, index_release
from peep.pipeline.session import Session
from peep.system.sandbox import Isolation


@dataclass(frozen=True, slots=True)
class WantedRelease:
    """A release by its archives; one with `lines` empty is what the index offers: the best wheel, and the sdist."""

    version: str
    lines: tuple[DigestLine, ...] = ()
    wheel: str | None = None
    """File name (or, without lines, a tag) of the wheel that is compared; None: the target's best."""


@dataclass(frozen=True, slots=True)
class ComparedArchives:
    """What was compared, with the digests that were computed here."""

    old: tuple[DigestLine, ...]
    new: tuple[DigestLine, ...]
    comparison: Comparison


class ReleaseComparer:
    """Gathers archives in a private folder, each once, and compares releases of them."""

    def __init__(self, index: PackageIndex, fetch: Fetch, folder: str, tags: tuple[str, ...]) -> None:
        self._index = index
        self._fetch = fetch
        self._folder = folder
        self._tags = tags
        self._had: dict[str, UnvouchedArchive] = {}

    def compared(
        self, project: str, old: WantedRelease | None, new: WantedRelease, isolation: Isolation
    ) -> ComparedArchives:
        """Compare, with an inventory. Raises `PeepError` for what cannot be had, opened or analysed."""
        before = self._release(project, old) if old is not None else None
        after = self._release(project, new)
        comparison = analyse(before, after, isolation, with_inventory=True)
        return ComparedArchives(_lines(before) if before is not None else (), _lines(after), comparison)

    def narrowed(self, project: str, version: str, lines: Sequence[DigestLine]) -> WantedRelease:
        """Of many archives of one release the target's best wheel and the sdist, with their names.

        Raises `PeepError` where no index offers any of them.
        """
        offered = {
            digest.hex: file.filename
            for detail in self._index.project(project)
            for file in detail.files
            for digest in file.hashes
        }
        named = [DigestLine(line.sha256, offered.get(line.sha256, line.filename)) for line in lines]
        kinds = {line: _kind(project, line.filename) for line in named}
        choice = WheelChoice(self._tags)
        wheels = [line for line in named if kinds[line] is ArchiveKind.WHEEL]
        best = sorted(wheels, key=lambda line: (choice.rank(line.filename), line.filename))[:1]
        sdists = [line for line in named if kinds[line] is ArchiveKind.SDIST][:1]
        return WantedRelease(version, (*best, *sdists) or tuple(lines))

    def _release(self, project: str, wanted: WantedRelease) -> ReleaseArchives:
        choice = WheelChoice(self._tags, wanted.wheel)
        if not wanted.lines:
            found = index_release(project, wanted.version, self._index, self._fetch, self._folder, choice).archives
            self._had.update((one.sha256, one) for one in found.all)
            return found
        archives = [self._archive(project, wanted.version, line) for line in wanted.lines]
        wheels = sorted(
            (one for one in archives if one.filename.endswith(".whl")),
            key=lambda one: (choice.rank(one.filename), one.filename),
        )
        sdists = [one for one in archives if not one.filename.endswith(".whl")]
        if len({one.filename for one in archives}) < len(archives):
            raise PeepError(f"{project} {wanted.version}: two archives with one name: {_names(archives)}")
        if len(sdists) > 1:
            raise PeepError(f"{project} {wanted.version}: several source archives of one release: {_names(sdists)}")
        return ReleaseArchives(wheels[0] if wheels else None, tuple(wheels[1:]), sdists[0] if sdists else None)

    def _archive(self, project: str, version: str, line: DigestLine) -> UnvouchedArchive:
        """The archive with that digest, under the name that the index gives it."""
        for file in self._candidates(project, version, line):
            if line.sha256 in self._had:
                break
            archive = fetched_archive(file, self._fetch, self._folder)
            self._had[archive.sha256] = archive
        if line.sha256 not in self._had:
            raise PeepError(
                f"{line.filename or f'{project} {version}'}: no index and no --find-links place has an archive with "
                f"sha256 {line.sha256}",
                "name the place that has it: --index-url, --find-links",
            )
        return self._had[line.sha256]

    def _candidates(self, project: str, version: str, line: DigestLine) -> list[IndexFile]:
        """Files that may be the archive: of the stated digest, else of no stated digest and the right name."""
        offered = [file for detail in self._index.project(project) for file in detail.files]
        files = [file for file in offered if _kind(project, file.filename) is not None]
        stated = [file for file in files if any(digest.hex == line.sha256 for digest in file.hashes)]
        reader = NameReader(project)
        unstated = [file for file in files if not any(digest.algorithm == "sha256" for digest in file.hashes)]
        return stated or [file for file in unstated if _may_be(reader.read(file.filename), version)]


def _kind(project: str, filename: str) -> ArchiveKind | None:
    """Wheel or sdist, by a name that an archive of the project can have; None for any other."""
    name = NameReader(project).read(filename)
    return name.kind if isinstance(name, ArchiveName) else None


def _may_be(name: object, version: str) -> bool:
    return isinstance(name, ArchiveName) and same_version(name.version, version)


def _names(archives: Sequence[UnvouchedArchive]) -> str:
    return ", ".join(one.filename for one in archives)


def _lines(archives: ReleaseArchives) -> tuple[DigestLine, ...]:
    return tuple(DigestLine(one.sha256, one.filename) for one in archives.all)


@contextmanager
def release_comparer(session: Session) -> Iterator[ReleaseComparer]:
    """A comparer over the indexes of a session; what it fetched is gone when the context ends."""
    reporter = session.context.reporter
    with (
        tempfile.TemporaryDirectory(prefix="peep-releases-", ignore_cleanup_errors=True) as folder,
        tempfile.TemporaryDirectory(prefix="peep-fetch-", ignore_cleanup_errors=True) as scratch,
    ):
        receiver = Receiver(session.network.transport(), scratch, reporter)
        kept = kept_folder(session.context.environ, is_kept=session.options.store.is_kept)
        fetch = KeptArchives(lambda file: receive_archive(file, {"sha256"}, None, receiver).file, kept, reporter)
        yield ReleaseComparer(session.network.index(), fetch, folder, session.target.tags)
