"""Suggested pin for a project that is not listed, from file names and digests that indexes state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from peep.dataclass import dataclass
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.dependency_specifiers import read_requirement
from peep.formats.versions import version_in_name
from peep.index.compatibility import Compatibility
from peep.model import ArchiveKind, Digest, FormatControl, IndexFile, ProjectDetail, TargetEnvironment, sha256_among


@dataclass(frozen=True, slots=True)
class SuggestedPin:
    """A version, and the sha256 of each of its files that the target can use, sorted. For a person to vet."""

    version: str
    digests: tuple[Digest, ...]


def suggested_pin(
    name: str,
    wanted: Sequence[str],
    details: Iterable[ProjectDetail],
    target: TargetEnvironment,
    formats: FormatControl,
) -> SuggestedPin | None:
    """The newest version of a project that fits all of `wanted` (PEP 508 texts) and has files for the target.

    With every wheel that the target can use; with the source archives where there is no such wheel. A pre-release only
    where nothing else fits. None when no version fits, none has a hash, or a URL is wanted. What an index states is not
    trusted by being suggested.
    """
    requirements = [requirement for text in wanted if (requirement := _parsed(text))]
    if any(requirement.url for requirement in requirements):
        return None
    versions = _usable(name, [file for detail in details for file in detail.files], target, formats)
    fitting = [
        version
        for version in versions
        if all(requirement.specifier.contains(version, prereleases=True) for requirement in requirements)
    ]
    chosen = max(fitting, key=lambda version: (not version.is_prerelease, version), default=None)
    if chosen is None:
        return None
    files = versions[chosen]
    wheels = [digest for digest, kind in files.items() if kind is ArchiveKind.WHEEL]
    return SuggestedPin(str(chosen), tuple(sorted(wheels or files)))


def _parsed(text: str) -> Requirement | None:
    """None for what old metadata says and no rule covers: nothing of it can be heeded."""
    try:
        return read_requirement(text)
    except InvalidRequirement:
        return None


def _usable(
    name: str, files: Sequence[IndexFile], target: TargetEnvironment, formats: FormatControl
) -> dict[Version, dict[Digest, ArchiveKind]]:
    """By version the digests of all files that the target can use."""
    reader, compatibility = NameReader(name), Compatibility(name, target, formats)
    read = {file.filename: reader.read(file.filename) for file in files}
    named = {filename: found for filename, found in read.items() if isinstance(found, ArchiveName)}
    # Of several indexes that offer a file, one may keep silent about what it needs.
    refused = {
        file.filename
        for file in files
        if file.filename in named and (file.yanked is not None or compatibility.objection(named[file.filename], file))
    }
    usable: dict[Version, dict[Digest, ArchiveKind]] = {}
    for file in files:
        archive, digest = named.get(file.filename), sha256_among(file.hashes)
        version = version_in_name(archive.version) if archive is not None else None
        if archive is not None and version is not None and digest is not None and file.filename not in refused:
            usable.setdefault(version, {})[digest] = archive.kind
    return usable
