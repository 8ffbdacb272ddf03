"""Shelf of archives that earlier bundles and mirrors hold, by digest: they are not fetched again.

Nothing on it is trusted: a file counts once its bytes have a digest that the pin lists.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress

from peep.bundle.layout import stored_files
from peep.bundle.manifest import MANIFEST, BundleArchive
from peep.bundle.tree import FileSource, FolderTree, UnreadableBundle
from peep.dataclass import dataclass, replace
from peep.errors import UsageError
from peep.formats.url_secrets import redacted
from peep.http.file_urls import file_url
from peep.index.selection import select_candidate
from peep.mirror.facts import ArchiveFacts
from peep.mirror.folder import MirrorFolder
from peep.mirror.layout import ROOT_MANIFEST
from peep.model import (
    Candidate,
    Digest,
    FormatControl,
    FromIndex,
    IndexFile,
    PinnedRequirement,
    ProjectDetail,
    TargetEnvironment,
    listed_digest,
    listed_hashes,
)
from peep.pipeline.bundles.open_bundle import OpenedBundle, opened_bundle
from peep.requirements.files import is_url


@dataclass(frozen=True, slots=True)
class ShelvedArchive:
    """An archive as a manifest or facts describe it, and where its bytes should be."""

    name: str
    """Of the project, normalised."""
    sha256: str
    files: FileSource
    path: str
    """In `files`."""
    source: IndexFile
    """As it was once chosen; a URL that was not stated is that of the place where it lies."""
    targets: frozenset[str] = frozenset()
    """Names of targets for which a bundle carries it."""
    provenance_path: str | None = None

    @property
    def place(self) -> str | None:
        """The file itself, where it is one of a folder."""
        folder = self.files.label if isinstance(self.files, FolderTree) else None
        return None if folder is None else os.path.join(folder, *self.path.split("/"))


class Shelf:
    """All archives of the places that a run names."""

    def __init__(self, archives: Iterable[ShelvedArchive], mirrors: Sequence[MirrorFolder] = ()) -> None:
        """`mirrors` may hold very many projects: each is looked at when it is asked for."""
        self._by_name: dict[str, dict[str, list[ShelvedArchive]]] = {}
        """By project, then sha256, in the order of the places."""
        self._unread = {mirror: set[str]() for mirror in mirrors}
        """Names that were looked for in each mirror."""
        for one in archives:
            self._add(one)

    def _add(self, one: ShelvedArchive) -> None:
        self._by_name.setdefault(one.name, {}).setdefault(one.sha256, []).append(one)

    def _of(self, name: str) -> dict[str, list[ShelvedArchive]]:
        for mirror, seen in self._unread.items():
            if name not in seen:
                seen.add(name)
                for one in _of_mirror(mirror, name):
                    self._add(one)
        return self._by_name.get(name, {})

    def find(self, candidate: Candidate) -> ShelvedArchive | None:
        """An archive with the bytes that are wanted, going by digests that the pin lists."""
        pin, file = candidate.pin, candidate.file
        digests = file.hashes or (() if isinstance(pin.source, FromIndex) else listed_hashes(pin, file.filename))
        for digest in digests:
            found = self._of(pin.name).get(digest.hex) if listed_digest((digest,), pin, file.filename) else None
            if found:
                return found[0]
        return None

    def drop(self, archive: ShelvedArchive) -> None:
        """Forget one whose bytes are not what they should be; another place may have it."""
        self._by_name[archive.name][archive.sha256].remove(archive)

    def candidate(
        self, pin: PinnedRequirement, target: TargetEnvironment, name: str, formats: FormatControl
    ) -> Candidate | None:
        """What the indexes would bring for `pin` on the target called `name`, where the shelf alone tells it.

        That is so where a bundle carries the archive for that very target, and where every listed hash is that of a
        file here: then nobody could offer another.
        """
        if not isinstance(pin.source, FromIndex) or not pin.hashes:
            return None
        firsts = [found[0] for found in self._of(pin.name).values() if found]
        listed = [one for one in firsts if listed_digest(one.source.hashes, pin, one.source.filename)]
        is_all = {Digest("sha256", one.sha256) for one in listed} >= set(pin.hashes)
        known = listed if is_all else [one for one in listed if self._is_for(one, name)]
        details = [ProjectDetail(pin.name, (one.source,), one.source.index) for one in known]
        chosen = select_candidate(pin, details, target, formats)
        return chosen if known and isinstance(chosen, Candidate) else None

    def _is_for(self, archive: ShelvedArchive, name: str) -> bool:
        return any(name in one.targets for one in self._by_name[archive.name][archive.sha256])


def open_shelf(folder: str, places: Sequence[str], stack: ExitStack) -> Shelf:
    """The shelf of a bundle that is to be replaced, if `folder` holds one, and of bundles and mirrors in `places`.

    Raises `UsageError` for a place that is neither, `UnreadableBundle`, `MirrorError`.
    """
    found: list[ShelvedArchive] = []
    mirrors: list[MirrorFolder] = []
    if os.path.lexists(os.path.join(folder, MANIFEST)):
        with suppress(UnreadableBundle):  # such a one is about to be replaced as a whole
            found += _of_bundle(stack.enter_context(opened_bundle(folder)))
    for place in places:
        if os.path.exists(os.path.join(place, ROOT_MANIFEST)):
            mirrors.append(MirrorFolder(place))
        elif os.path.isfile(place) or os.path.exists(os.path.join(place, MANIFEST)):
            found += _of_bundle(stack.enter_context(opened_bundle(place)))
        elif is_url(place):
            hint = "fetch it first: peep bundle unpack URL FOLDER"
            raise UsageError(f"--from {redacted(place)}: archives are taken from a folder or a tar", hint)
        else:
            raise UsageError(f"--from {place}: is neither a bundle nor a mirror", "name the folder, or a bundle's tar")
    return Shelf(found, mirrors)


def shelf_of(bundle: OpenedBundle) -> Shelf:
    """The shelf of one bundle alone."""
    return Shelf(_of_bundle(bundle))


def _of_bundle(bundle: OpenedBundle) -> Iterator[ShelvedArchive]:
    for archive in bundle.manifest.archives:
        yield ShelvedArchive(
            archive.name,
            archive.sha256,
            bundle.tree,
            archive.path,
            _of_manifest(archive, bundle.tree.label),
            frozenset(archive.targets),
            archive.provenance_path if archive.provenance else None,
        )


def _of_manifest(archive: BundleArchive, label: str) -> IndexFile:
    return IndexFile(
        archive.filename,
        archive.url or file_url(os.path.join(label, archive.path)),
        hashes=(Digest("sha256", archive.sha256),),
        size=archive.size,
        upload_time=archive.upload_time,
        requires_python=archive.requires_python,
        yanked=archive.yanked,
        index=archive.origin or "",
    )


def _of_mirror(mirror: MirrorFolder, name: str) -> Iterator[ShelvedArchive]:
    facts = mirror.facts(name)
    tree = FolderTree(mirror.root)
    for archive in facts.files if facts else ():
        if archive.is_linked:
            source = _of_facts(archive, mirror.place(archive.path))
            yield ShelvedArchive(
                name, archive.sha256, tree, archive.path, source, provenance_path=archive.provenance_path
            )


def _of_facts(archive: ArchiveFacts, place: str) -> IndexFile:
    return IndexFile(
        archive.filename,
        file_url(place),
        hashes=(Digest("sha256", archive.sha256),),
        size=archive.size,
        upload_time=archive.upload_time,
        requires_python=archive.requires_python,
        yanked=archive.yanked,
    )


def carried_before(folder: str) -> tuple[Sequence[BundleArchive], Mapping[str, str]]:
    """Archives that the bundle in `folder` lists, for no target any more, and the places of their files.

    None where there is no bundle, or one that cannot be read.
    """
    try:
        with opened_bundle(folder) as bundle:
            listed = tuple(replace(one, targets=()) for one in bundle.manifest.archives)
            places = {path: os.path.join(folder, *path.split("/")) for path in stored_files(bundle.manifest)}
            return listed, places
    except UnreadableBundle:
        return (), {}
