"""Provenance of archives as their indexes offer it (PEP 740): one document each, unchecked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from peep.dataclass import dataclass
from peep.errors import PeepError, TransportError
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.digest_lines import DigestLine
from peep.formats.url_secrets import redacted
from peep.formats.versions import same_version
from peep.http.transport import Transport
from peep.index.client import PackageIndex
from peep.index.links import followed
from peep.model import IndexFile

_LARGEST = 4 << 20
_OK, _FORBIDDEN, _NOT_FOUND, _GONE = 200, 403, 404, 410


@dataclass(frozen=True, slots=True)
class OfferedArchive:
    """One archive that an index offers. `provenance`: the text of its document, '' where there is none.

    `problem`: why the document could not be had; '' if that is not so. `note`: why there is none.
    """

    project: str
    version: str
    line: DigestLine
    provenance: str = ""
    problem: str = ""
    note: str = ""


def offered_archives(
    project: str, version: str, digests: Sequence[str] | None, index: PackageIndex, transport: Transport
) -> tuple[OfferedArchive, ...]:
    """The archives with these sha256 (None: every one of the version), each with its provenance.

    Raises `PeepError` where the index cannot be asked, or has nothing of the version.
    """
    found = {line.sha256: (line, file) for line, file in _files(project, version, index)}
    wanted = tuple(found) if digests is None else tuple(digests)
    if not wanted:
        raise PeepError(f"{project} {version}: no index offers an archive of it with a sha256")
    absent = [
        OfferedArchive(
            project,
            version,
            DigestLine(digest, f"{project}-{version}"),
            problem=f"no index offers it (sha256 {digest})",
        )
        for digest in wanted
        if digest not in found
    ]
    offered = [_with_provenance(project, version, *found[digest], transport) for digest in wanted if digest in found]
    return (*offered, *absent)


def _files(project: str, version: str, index: PackageIndex) -> Iterator[tuple[DigestLine, IndexFile]]:
    """Files of the version with a stated sha256; of one archive on several indexes the first that has provenance."""
    reader = NameReader(project)
    files = [file for detail in index.project(project) for file in detail.files]
    for file in sorted(files, key=lambda one: bool(one.provenance)):
        name = reader.read(file.filename)
        if isinstance(name, ArchiveName) and same_version(name.version, version):
            for digest in file.hashes:
                if digest.algorithm == "sha256":
                    yield DigestLine(digest.hex, file.filename), file


def _with_provenance(
    project: str, version: str, line: DigestLine, file: IndexFile, transport: Transport
) -> OfferedArchive:
    offered = OfferedArchive(project, version, line)
    if not file.provenance:
        return offered
    try:
        with transport.get(followed(file.provenance), {"Accept": "application/vnd.pypi.integrity.v1+json"}) as response:
            if response.status in (_NOT_FOUND, _GONE):
                return offered
            if response.status == _FORBIDDEN:
                return OfferedArchive(project, version, line, note="its index has provenance disabled")
            if response.status != _OK:
                reason = f"{redacted(response.url)} answered {response.status}"
                return OfferedArchive(project, version, line, problem=reason)
            return OfferedArchive(project, version, line, response.read(_LARGEST).decode("utf-8"))
    except (TransportError, UnicodeDecodeError) as error:
        return OfferedArchive(project, version, line, problem=f"its provenance cannot be had: {error}")


def versions_of(archives: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """(project, version) -> digests, of (project, version, sha256)."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for project, version, digest in archives:
        found[project, version] = (*found.get((project, version), ()), digest)
    return found
