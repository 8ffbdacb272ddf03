"""Bundle in the place of an index: its files of a project, and where their bytes lie in it.

Archives are looked up by digest. Each keeps the URL that it was fetched from, so that an install from a bundle records
what one from the index records; `paths` says which file of the bundle stands behind a URL. Nobody is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO
from urllib.parse import quote

from peep.bundle.manifest import BundleArchive, BundleManifest
from peep.bundle.tree import FileSource
from peep.dataclass import dataclass, field, replace
from peep.errors import TransportError
from peep.formats.url_secrets import redacted
from peep.index.answers import ProjectAnswers
from peep.model import Digest, IndexFile, ListedFile, LockedFiles, PinnedRequirement, ProjectDetail, listed_digest
from peep.system.files import PIECE


@dataclass(frozen=True, slots=True)
class BundleOffer:
    """Implements `index.client.PackageIndex` over a manifest."""

    manifest: BundleManifest
    place: str
    """URL of the bundle, without a slash at the end: of an archive whose own URL is not stated, its URL begins so."""

    def project(self, name: str) -> tuple[ProjectDetail, ...]:
        files = tuple(self._file(one) for one in self.manifest.archives if one.name == name)
        return (ProjectDetail(name, files, redacted(self.place)),) if files else ()

    def answers(self, name: str) -> ProjectAnswers:
        return ProjectAnswers(self.project(name), asked=(redacted(self.place),))

    def _file(self, archive: BundleArchive) -> IndexFile:
        return IndexFile(
            archive.filename,
            self.url_of(archive),
            hashes=(Digest("sha256", archive.sha256),),
            size=archive.size,
            upload_time=archive.upload_time,
            requires_python=archive.requires_python,
            yanked=archive.yanked,
            index=redacted(self.place),
        )

    def url_of(self, archive: BundleArchive) -> str:
        """The URL that stands for an archive, and that is recorded when it is installed."""
        return archive.url or f"{self.place}/{quote(archive.path)}"

    @property
    def paths(self) -> dict[str, str]:
        """Path in the bundle of each archive, by the URL that stands for it."""
        return {self.url_of(one): one.path for one in self.manifest.archives}

    def placed(self, pin: PinnedRequirement) -> tuple[PinnedRequirement, dict[str, str]]:
        """The pin with the places that it states itself replaced, and the path of each archive by its URL.

        Of a lock file's entry only the files remain that are in the bundle, if any is; a direct URL stays, for it is
        recorded, and stands for the archive that has one of the pin's hashes.
        """
        if isinstance(pin.source, LockedFiles):
            found = [one for file in pin.source.files if (one := self._placed(file))]
            if not found:
                return pin, {}
            files = tuple(file for file, _ in found)
            # The URL of an `archive` entry is that of its one file.
            direct = files[0].url if pin.source.direct_url else None
            source = replace(pin.source, files=files, direct_url=direct)
            return replace(pin, source=source), {file.url or "": path for file, path in found}
        if pin.url is not None:
            matching = next((one for one in self.manifest.archives if listed_digest(_digests(one), pin)), None)
            return pin, {pin.url: matching.path} if matching else {}
        return pin, {}

    def _placed(self, file: ListedFile) -> tuple[ListedFile, str] | None:
        listed = set(file.hashes)
        for archive in self.manifest.archives:
            if listed.intersection(_digests(archive)):
                return replace(file, url=file.url or self.url_of(archive), path=None), archive.path
        return None


def _digests(archive: BundleArchive) -> tuple[Digest, ...]:
    return (Digest("sha256", archive.sha256),)


@dataclass(frozen=True, slots=True)
class _Body:
    """An archive of a bundle as an answer: status 200 and its bytes."""

    url: str
    file: BinaryIO
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    credentials_from: str = ""

    def chunks(self) -> Iterator[bytes]:
        try:
            while piece := self.file.read(PIECE):
                yield piece
        except OSError as error:
            raise TransportError(redacted(self.url), f"its file in the bundle cannot be read: {error}") from error

    def read(self, limit: int) -> bytes:
        content = b"".join(self.chunks())
        if len(content) > limit:
            raise TransportError(redacted(self.url), f"is larger than {limit:,} bytes")
        return content


@dataclass(frozen=True, slots=True)
class BundleTransport:
    """Implements `Transport` by files of a bundle: what it has not is an error, and no socket is opened."""

    files: FileSource
    paths: Mapping[str, str]
    """Path in the bundle by URL."""

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[_Body]:
        del headers
        path = self.paths.get(url)
        if path is None:
            raise TransportError(
                redacted(url), f"no archive of the bundle {self.files.label} stands for it, and nobody else is asked"
            )
        try:
            file = self.files.open(path)
        except OSError as error:
            reason = f"{self.files.label}: {path}: {error.strerror or error}"
            raise TransportError(redacted(url), reason, "peep bundle check names all that differs") from error
        with file:
            yield _Body(url, file)
