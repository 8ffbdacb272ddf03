"""Self-check of a mirror: files and pages by facts, sidecars by wheels, names by owners."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from peep.archives.carried_metadata import read_carried_metadata
from peep.dataclass import dataclass
from peep.errors import ArchiveError
from peep.mirror.facts import ArchiveFacts, ProjectFacts
from peep.mirror.folder import LOCK_FILE, UNFINISHED, MirrorFolder
from peep.mirror.layout import (
    FLAT_PAGE,
    MIRROR_SETTINGS,
    ROOT_MANIFEST,
    View,
    facts_digest,
    facts_path,
    flat_page,
    project_pages,
    root_pages,
    stored_paths,
)
from peep.mirror.ownership import Ownership
from peep.mirror.repair import PENDING
from peep.mirror.twins import twins
from peep.place_faults import FileState, MirrorFileFault, NotOwned
from peep.reporting import Reporter
from peep.system.file_digest import digest_of_stream
from peep.system.files import regular_only

_OWN_FILES = frozenset({MIRROR_SETTINGS, ROOT_MANIFEST, LOCK_FILE, UNFINISHED, PENDING})


MirrorFault = MirrorFileFault | NotOwned


@dataclass(frozen=True, slots=True)
class CheckedMirror:
    """How much was looked at, and what is wrong with it."""

    serial: int
    projects: int
    files: int
    faults: tuple[MirrorFault, ...]
    twins: tuple[tuple[str, str], ...] = ()
    """Pairs of files that clients take for one, although their bytes differ."""


def check_mirror(mirror: MirrorFolder, reporter: Reporter) -> CheckedMirror:
    """Look at everything in a mirror's folder. Raises `MirrorError` and `UsageError` for what cannot be read at all."""
    manifest, ownership = mirror.manifest(), mirror.ownership()
    faults: list[MirrorFault] = []
    expected: dict[str, str] = {}
    archives: list[ArchiveFacts] = []
    alike: list[tuple[str, str]] = []
    digests = {}
    for facts in mirror.all_facts():
        digests[facts.name] = facts_digest(facts)
        faults += owner_faults(facts, ownership, mirror.place(MIRROR_SETTINGS))
        expected[facts_path(facts.name)] = digests[facts.name]
        expected.update(_digests(project_pages(facts, manifest.views)))
        expected.update(stored_paths(facts))
        archives += facts.files
        alike += twins(facts)
    expected.update(_digests(root_pages(digests, manifest.views)))
    if View.FLAT in manifest.views:
        expected[FLAT_PAGE] = sha256(flat_page(mirror.all_facts())).hexdigest()
    if digests != manifest.projects:
        reason = "it lists other facts than those that are there; peep mirror write mends it"
        faults.append(MirrorFileFault(ROOT_MANIFEST, FileState.CHANGED, reason))
    faults += _file_faults(mirror, expected, reporter)
    known = {fault.path for fault in faults}
    faults += _sidecar_faults(mirror, [one for one in archives if one.path not in known])
    ordered = sorted(faults, key=lambda fault: (fault.path, isinstance(fault, NotOwned)))
    return CheckedMirror(manifest.serial, len(digests), len(archives), tuple(ordered), tuple(alike))


def _digests(pages: Mapping[str, bytes]) -> dict[str, str]:
    return {path: sha256(content).hexdigest() for path, content in pages.items()}


def owner_faults(facts: ProjectFacts, ownership: Ownership, settings: str) -> list[NotOwned]:
    """Whether `mirror.toml` gives a project to the source that its facts name."""
    owner = ownership.owner_of(facts.name)
    if owner is not None and owner.source.name == facts.owner:
        return []
    rule = f"{owner.rule} of {owner.source.name}" if owner else ""
    return [NotOwned(facts.name, facts.owner, rule, settings)]


def _file_faults(mirror: MirrorFolder, expected: Mapping[str, str], reporter: Reporter) -> list[MirrorFileFault]:
    there = set(_paths(mirror.root))
    faults = [MirrorFileFault(path, FileState.MISSING) for path in expected.keys() - there]
    faults += [MirrorFileFault(path, FileState.FOREIGN) for path in there - expected.keys() - _OWN_FILES]
    present = sorted(expected.keys() & there)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        digests = pool.map(lambda path: _digest(mirror.place(path)), present)
        for path, digest in zip(present, digests, strict=True):
            reporter.worked("files compared")
            if digest != expected[path]:
                faults.append(MirrorFileFault(path, FileState.CHANGED))
    return faults


def _paths(root: str) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in (*files, *links):
            yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def _digest(path: str) -> str:
    """'' for a link, for what is no plain file and for what cannot be read."""
    if os.path.islink(path):
        return ""
    try:
        with open(path, "rb", opener=regular_only) as file:
            return digest_of_stream(file)[0].hex
    except OSError:
        return ""


def _sidecar_faults(mirror: MirrorFolder, archives: Iterable[ArchiveFacts]) -> Iterator[MirrorFileFault]:
    """Each sidecar against its wheel: clients resolve by the one and install the other."""
    for archive in archives:
        if archive.core_metadata is None:
            continue
        path = f"{archive.path}.metadata"
        try:
            with open(mirror.place(archive.path), "rb", opener=regular_only) as file:
                metadata = read_carried_metadata(archive.filename, file).metadata or b""
        except (ArchiveError, OSError) as error:
            yield MirrorFileFault(archive.path, FileState.CHANGED, str(error))
            continue
        if sha256(metadata).hexdigest() != archive.core_metadata:
            yield MirrorFileFault(path, FileState.CHANGED, "it is not the METADATA of its wheel")
