"""Metadata for locking: from the cache, a declared sidecar, byte ranges, or at last the whole archive.

No code of an archive runs. What comes from sidecars and ranges chooses versions; digests that are written are those
that the index states, or those of bytes that were downloaded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import BinaryIO, Protocol, TypeVar

from peep.archives.download import Receive
from peep.archives.receive import Receiver, receive_archive
from peep.archives.remote_metadata import RangesRefused, metadata_of_wheel, read_remote_metadata
from peep.archives.sdist import SdistContents, open_sdist
from peep.archives.sdist_metadata import SdistMetadata
from peep.dataclass import dataclass
from peep.errors import ArchiveError, PackageIndexError
from peep.formats.core_metadata import ProjectMetadata, UnreadableMetadata, parse_core_metadata
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.names import normalised
from peep.http.transport import Transport
from peep.index.sidecar import read_sidecar
from peep.locking.candidates import NamedFile, Release
from peep.locking.lock_plan import stated_sha256
from peep.locking.sources import NeedsBuild, Unreadable
from peep.model import ArchiveKind, Digest, IndexFile
from peep.pipeline.once import Once
from peep.reporting import Reporter
from peep.store.metadata_cache import MetadataCache

_LARGEST_ARCHIVE = 4 << 30
"""Bytes of a file that is downloaded only to be looked into."""

Answer = ProjectMetadata | NeedsBuild | Unreadable
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question; questions with the same address have the same answer."""

    release: Release
    named: NamedFile

    @property
    def key(self) -> tuple[str, str]:
        return self.named.file.filename, self.named.file.url


class MetadataHooks(Protocol):
    """Build backends that may say what their projects require."""

    def may_be_asked(self, project: str) -> bool: ...

    def metadata(self, release: Release, file: NamedFile) -> ProjectMetadata:
        """Give back what the wheel will say. Raises `BuildError`, `InstallRefused`."""


class IndexMetadata:
    """Implements `locking.sources.Metadata` and `locking.lock_plan.Digests`; safe to use from many threads."""

    def __init__(
        self, open_transport: Callable[[], Transport], cache: MetadataCache, scratch: str, reporter: Reporter
    ) -> None:
        """`scratch`: a folder that only this user can enter, for archives that have to be looked into whole."""
        self._transport = Once[None, Transport](lambda _: open_transport())
        self._cache = cache
        self._scratch = scratch
        self._reporter = reporter
        self._questions: dict[tuple[str, str], _Asked] = {}
        self._answers = Once(self._found)
        self._sidecars = Once[tuple[Digest, ...], ProjectMetadata](self._read_sidecar)
        self._ranged = Once[IndexFile, ProjectMetadata | None](self._read_ranged)
        self._declaring: dict[tuple[Digest, ...], IndexFile] = {}
        self._digests = Once(self._hashed)
        self._files: dict[tuple[str, str], IndexFile] = {}
        self._noted: dict[str, Answer] = {}
        self._expected: set[tuple[str, str]] = set()
        self._built = Once(self._built_metadata)
        self.hooks: MetadataHooks | None = None
        """Backends of `--allow-build`."""
        self.on_sdist: Callable[[SdistContents, NamedFile], object] = lambda *_: None
        """Looks at each source archive that is opened for its metadata."""
        self.ask_ahead: Callable[[Callable[[], object]], None] = lambda _: None
        """Has something done meanwhile; by default nothing is."""
        self.receive: Receive = receive_archive
        """Receives what is looked into whole."""
        self.stop = threading.Event()

    def metadata(self, release: Release, file: NamedFile) -> Answer:
        """Give back what an archive says of itself, or under `--allow-build` what its build backend says."""
        answer = self.stated_metadata(release, file)
        if isinstance(answer, NeedsBuild) and self.hooks is not None and self.hooks.may_be_asked(release.project):
            return self._built.get((file.file.filename, file.file.url))
        return answer

    def _built_metadata(self, key: tuple[str, str]) -> Answer:
        asked = self._questions[key]
        if self.hooks is None:  # pragma: no cover - asked for with hooks only
            return NeedsBuild(key[0])
        return _usable(self.hooks.metadata(asked.release, asked.named), asked)

    def note(self, filename: str, answer: Answer) -> None:
        """Take what was found out elsewhere about a tree that no index offers."""
        self._noted[filename] = answer

    def stated_metadata(self, release: Release, file: NamedFile) -> Answer:
        """Do as `metadata`, without any backend."""
        asked = _Asked(release, file)
        self._questions.setdefault(asked.key, asked)
        if file.file.filename in self._noted:
            return self._noted[file.file.filename]
        return self._answers.get(asked.key)

    def expect(self, release: Release, named: NamedFile) -> None:
        """Have the metadata of a wheel asked for that will probably be wanted, as far as that takes a part of it.

        What comes is what would come later, and so is an error: whoever wants it hears of it.
        """
        asked = _Asked(release, named)
        is_new = asked.key not in self._questions and asked.key not in self._expected
        if is_new and named.name.kind is ArchiveKind.WHEEL and named.file.filename not in self._noted:
            self._expected.add(asked.key)
            self.ask_ahead(lambda: self._ask_ahead(asked))

    def _ask_ahead(self, asked: _Asked) -> None:
        stated = stated_sha256(asked.named)
        if asked.key in self._questions or (stated is not None and self._cache.get(stated.hex) is not None):
            return
        if asked.named.file.sidecar:
            self._sidecar(asked)
        else:
            self._ranged.get(asked.named.file)

    def sha256(self, file: NamedFile) -> Digest:
        """Download a file and give back its true digest."""
        key = file.file.filename, file.file.url
        self._files.setdefault(key, file.file)
        return self._digests.get(key)

    def _hashed(self, key: tuple[str, str]) -> Digest:
        file = self._files[key]
        received = receive_archive(file, {"sha256"}, file.size or _LARGEST_ARCHIVE, self._receiver())
        received.file.close()
        return next(digest for digest in received.digests if digest.algorithm == "sha256")

    def downloaded(self, release: Release, named: NamedFile, algorithm: str) -> tuple[Digest, Answer]:
        """Download a whole file; gives back its true digest and what it says of itself. Nothing is taken from caches.

        Raises `ArchiveError`, `TransportError`.
        """
        file = named.file
        received = receive_archive(file, {algorithm, "sha256"}, file.size or _LARGEST_ARCHIVE, self._receiver())
        with received.file as body:
            digest = next(one for one in received.digests if one.algorithm == algorithm)
            body.seek(0)
            try:
                return digest, _usable(_metadata_of(body, named, release), _Asked(release, named))
            except (UnreadableMetadata, ArchiveError) as error:
                return digest, Unreadable(file.filename, f"holds metadata that cannot be used: {error}")

    def _found(self, key: tuple[str, str]) -> Answer:
        self._reporter.worked("archives looked at")
        asked = self._questions[key]
        stated = stated_sha256(asked.named)
        kept = self._cache.get(stated.hex) if stated is not None else None
        if kept is not None:
            return _usable(kept, asked)
        try:
            read = self._read(asked)
        except (UnreadableMetadata, ArchiveError) as error:
            return Unreadable(asked.named.file.filename, f"holds metadata that cannot be used: {error}")
        if stated is not None:
            self._cache.put(stated.hex, read)
        return _usable(read, asked)

    def _read(self, asked: _Asked) -> ProjectMetadata:
        file = asked.named.file
        if asked.named.name.kind is ArchiveKind.SDIST:
            return self._read_sdist(asked)
        if file.sidecar:
            return self._sidecar(asked)
        found = self._ranged.get(file)
        if found is not None:
            return found
        with self._received(file) as body:
            return parse_core_metadata(metadata_of_wheel(body, file.filename))

    def _read_ranged(self, file: IndexFile) -> ProjectMetadata | None:
        """Read the metadata of a wheel without the rest of it; None where the whole has to be fetched."""
        content = read_sidecar(file, self._transport.get(None))
        if content is None:
            try:
                content = read_remote_metadata(file, self._transport.get(None))
            except RangesRefused:
                return None
        return parse_core_metadata(content)

    def _sidecar(self, asked: _Asked) -> ProjectMetadata:
        file = asked.named.file
        digests = file.sidecar or ()
        self._declaring[digests] = _first_declaring(asked.release, file)
        return self._sidecars.get(digests)

    def _read_sidecar(self, digests: tuple[Digest, ...]) -> ProjectMetadata:
        """Read the metadata with these digests: wheels of a release mostly declare one and the same."""
        return parse_core_metadata(read_sidecar(self._declaring[digests], self._transport.get(None)) or b"")

    def read_sdist(self, file: NamedFile, read: Callable[[SdistContents], Value]) -> Value:
        """Let `read` look at a source archive that is downloaded, its stated digests checked.

        Raises `ArchiveError`, `TransportError`, `PackageIndexError`, and what `read` raises.
        """
        filename = file.file.filename
        with self._received(file.file) as body, open_sdist(_Source(filename, body), from_index=True) as contents:
            return read(contents)

    def _read_sdist(self, asked: _Asked) -> ProjectMetadata:
        """PEP 643 or PEP 621, whichever is final; else metadata that says that it is not."""
        static = self.read_sdist(asked.named, lambda contents: self._looked_at(contents, asked.named))
        return _of_sdist(static, asked.release)

    def _looked_at(self, contents: SdistContents, named: NamedFile) -> SdistMetadata | None:
        self.on_sdist(contents, named)
        return contents.static_metadata()

    def _received(self, file: IndexFile) -> BinaryIO:
        """Download a whole archive into a private file.

        Raises `PackageIndexError` when it is not as the index states.
        """
        algorithms = {digest.algorithm for digest in file.hashes}
        received = self.receive(file, algorithms, file.size or _LARGEST_ARCHIVE, self._receiver())
        wrong = [digest for digest in file.hashes if digest not in received.digests]
        if wrong:
            received.file.close()
            came = next(digest for digest in received.digests if digest.algorithm == wrong[0].algorithm)
            raise PackageIndexError(file.index, f"states {wrong[0]} for {file.filename}, and what came is {came}")
        received.file.seek(0)
        return received.file

    def _receiver(self) -> Receiver:
        return Receiver(self._transport.get(None), self._scratch, self._reporter, self.stop)


@dataclass(frozen=True, slots=True)
class _Source:
    """Implements `archives.sdist.SourceArchive`."""

    filename: str
    file: BinaryIO


def _first_declaring(release: Release, file: IndexFile) -> IndexFile:
    """Choose whose sidecar is asked for by the page alone, so that the order of questions changes nothing."""
    return next((one.file for one in release.files if one.file.sidecar == file.sidecar), file)


def _metadata_of(body: BinaryIO, named: NamedFile, release: Release) -> ProjectMetadata:
    filename = named.file.filename
    if named.name.kind is not ArchiveKind.SDIST:
        return parse_core_metadata(metadata_of_wheel(body, filename))
    with open_sdist(_Source(filename, body), from_index=True) as contents:
        return _of_sdist(contents.static_metadata(), release)


def _of_sdist(static: SdistMetadata | None, release: Release) -> ProjectMetadata:
    if static is None:
        return ProjectMetadata(release.project, release.text, is_static=False)
    return ProjectMetadata(
        normalised(static.name),
        static.version,
        static.requires_dist,
        static.requires_python,
        tuple(normalised(extra) for extra in static.provides_extra),
    )


def _usable(metadata: ProjectMetadata, asked: _Asked) -> Answer:
    """Hold metadata against the file's name, which chose it."""
    filename = asked.named.file.filename
    if metadata.name != asked.release.project:
        return Unreadable(filename, f"says that it is of the project {metadata.name[:100]}")
    if version_or_none(metadata.version) != asked.release.version:
        return Unreadable(filename, f"says that it is version {metadata.version[:100]}")
    if not metadata.is_static:
        return NeedsBuild(filename)
    return metadata
