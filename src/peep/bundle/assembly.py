"""Manifest of a bundle, put together of the verified archives that its targets need."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from urllib.parse import urlsplit

from peep.archives.carried_metadata import CarriedMetadata
from peep.bundle.manifest import (
    ArchiveRole,
    BundleArchive,
    BundleFile,
    BundleInput,
    BundleManifest,
    BundleTarget,
    InputRole,
)
from peep.dataclass import dataclass, field
from peep.errors import FileNameTaken, UsageError
from peep.formats.member_names import collision_problems
from peep.model import Digest, IndexFile


@dataclass(frozen=True, slots=True)
class ObtainedArchive:
    """A verified archive that lies on the disk, with what it and its index say."""

    filename: str
    place: str
    """Absolute path of its bytes."""
    sha256: str
    """Lower-case hex."""
    size: int
    """Bytes."""
    carried: CarriedMetadata
    source: IndexFile
    """As it was chosen: URL, index, yanked, upload time."""
    provenance: bytes | None = None
    """A PEP 740 provenance object, as it was served."""


@dataclass(frozen=True, slots=True)
class ArchiveNeed:
    """That a target needs an archive, and what for."""

    sha256: str
    target: str
    role: ArchiveRole
    is_optional: bool = False
    """Only if a marker holds that the target leaves open."""


@dataclass(frozen=True, slots=True)
class GivenInput:
    """A file that was read: its absolute path, role and bytes."""

    path: str
    role: InputRole
    content: bytes
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assembly:
    """A manifest, and where the bytes of its stored files are: in memory, or at a place on disk."""

    manifest: BundleManifest
    sources: Mapping[str, bytes | str] = field(default_factory=dict)


def assemble(
    targets: Sequence[BundleTarget],
    inputs: Sequence[GivenInput],
    archives: Iterable[ObtainedArchive],
    needs: Iterable[ArchiveNeed],
    tools: Mapping[str, bytes],
) -> Assembly | list[FileNameTaken]:
    """Put a bundle together, or say which archives cannot lie in one folder.

    `tools`: content by file name. Every need must be of one of the `archives`; archives that nobody needs are left out.
    """
    needed = _by_archive(needs)
    wanted = {one.sha256: one for one in archives if one.sha256 in needed}
    if taken := names_taken(wanted.values()):
        return taken
    stored: dict[str, bytes | str] = {}
    listed = [_listed(one, needed[one.sha256], stored) for one in wanted.values()]
    given = _given(inputs, stored)
    stored.update(tools)
    manifest = BundleManifest(
        tuple(sorted(targets, key=lambda one: one.name)),
        tuple(sorted(given, key=lambda one: one.file.path)),
        tuple(sorted(listed, key=lambda one: one.filename)),
        tuple(_file(name, content) for name, content in sorted(tools.items())),
    )
    return Assembly(manifest, stored)


def _by_archive(needs: Iterable[ArchiveNeed]) -> dict[str, list[ArchiveNeed]]:
    found: dict[str, list[ArchiveNeed]] = {}
    for need in needs:
        found.setdefault(need.sha256, []).append(need)
    return found


def names_taken(archives: Iterable[ObtainedArchive]) -> list[FileNameTaken]:
    """Archives whose names are one file, at least to some systems, and whose bytes are not."""
    by_name: dict[str, list[ObtainedArchive]] = {}
    for one in archives:
        by_name.setdefault(one.filename.casefold(), []).append(one)
    found = []
    for group in by_name.values():
        if len({one.sha256 for one in group}) > 1 or collision_problems([*{one.filename for one in group}]):
            digests = sorted({one.sha256 for one in group})
            found.append(FileNameTaken(min(one.filename for one in group), tuple(Digest("sha256", d) for d in digests)))
    return sorted(found, key=lambda one: one.filename)


def _listed(one: ObtainedArchive, needs: Sequence[ArchiveNeed], stored: dict[str, bytes | str]) -> BundleArchive:
    path = f"archives/{one.filename}"
    stored[path] = one.place
    metadata, provenance = one.carried.metadata, one.provenance
    if metadata is not None:
        stored[f"{path}.metadata"] = metadata
    digest = None if provenance is None else sha256(provenance).hexdigest()
    if digest is not None and provenance is not None:
        stored[f"provenance/{digest[:2]}/{digest}.json"] = provenance
    return BundleArchive(
        filename=one.filename,
        name=one.carried.name,
        version=one.carried.version,
        kind=one.carried.kind,
        sha256=one.sha256,
        size=one.size,
        roles=tuple(sorted({need.role for need in needs}, key=lambda role: role.value)),
        targets=tuple(sorted({need.target for need in needs})),
        requires_python=one.carried.requires_python,
        core_metadata=None if metadata is None else _file(f"{path}.metadata", metadata),
        provenance=digest,
        upload_time=one.source.upload_time,
        yanked=one.source.yanked,
        origin=public_url(one.source.index),
        url=public_url(one.source.url),
        is_optional=all(need.is_optional for need in needs),
    )


def public_url(url: str) -> str | None:
    """A URL as a manifest may hold it; None where it holds credentials or a query, or names something local."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or parts.query or not url.isprintable():
        return None
    return parts._replace(fragment="").geturl()


def _file(path: str, content: bytes) -> BundleFile:
    return BundleFile(path, sha256(content).hexdigest(), len(content))


def _given(inputs: Sequence[GivenInput], stored: dict[str, bytes | str]) -> list[BundleInput]:
    paths = input_paths([one.path for one in inputs])
    found = []
    for one in inputs:
        stored[paths[one.path]] = one.content
        found.append(BundleInput(_file(paths[one.path], one.content), one.role, one.extras, one.groups))
    return found


def input_paths(paths: Sequence[str]) -> dict[str, str]:
    """Where each input, by its absolute path, lies in the bundle: below `locks/`, seen from what all have in common.

    So an include leads to the same file in the bundle as outside. Raises `UsageError` for paths on two drives.
    """
    try:
        base = os.path.commonpath([os.path.dirname(path) for path in paths]) if paths else ""
    except ValueError:
        raise UsageError("inputs on different drives have no folder in common", "copy them into one") from None
    return {path: "locks/" + os.path.relpath(path, base).replace(os.sep, "/") for path in paths}
