"""Every entry of a lock file (PEP 751) as a pin to audit, whatever its markers, extras and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from packaging.pylock import Package

from peep.advisories.findings import AuditedPin, Place, UnjudgedPin
from peep.advisories.roster import Gathered
from peep.errors import PeepError
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.url_secrets import redacted
from peep.requirements.pylock_files import files_of, version_of
from peep.requirements.pylock_reader import LockDocument

Add = Callable[[Gathered], None]
"""Adds an entry to what was read of a subject."""


def read_document(content: bytes, path: str) -> LockDocument:
    """A lock file as places name it. Raises `RequirementsErrors` for no lock file."""
    return LockDocument.read(content, redacted(path))


def gather_lock(document: LockDocument, path: str) -> Iterator[tuple[str, Add]]:
    """The marker of each entry ('' for none), and what adds it."""
    for line, package in zip(document.lines, document.lock.packages, strict=True):
        marker = str(package.marker) if package.marker else ""
        yield marker, _adder(package, Place(redacted(path), line, marker or None), path)


def _adder(package: Package, place: Place, path: str) -> Add:
    def add(gathered: Gathered) -> None:
        if package.directory:
            gathered.local.add(package.name)
            return
        try:
            files = () if package.vcs else files_of(package, path)
            version = _version(package, [file.filename for file in files])
        except (PeepError, ValueError) as error:
            gathered.faults.append(f"{place.path}:{place.line}: {package.name}: {error}")
            return
        if not (version or files):
            gathered.unjudged.append(UnjudgedPin(package.name, "no-version", (place,)))
            return
        hashes = tuple(sorted({digest for file in files for digest in file.hashes}))
        names = tuple(sorted({file.filename for file in files}))
        is_direct = bool(package.vcs or package.archive)
        gathered.add(
            AuditedPin(package.name, version, hashes, names, (place,), is_direct=is_direct, index=package.index)
        )

    return add


def _version(package: Package, filenames: list[str]) -> str:
    if package.version is not None:
        return str(package.version)
    if package.vcs:
        return ""
    if package.archive:
        read = NameReader(package.name, is_lenient=True).read(filenames[0])
        return read.version if isinstance(read, ArchiveName) else ""
    return version_of(package)
