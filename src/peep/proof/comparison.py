"""Comparison of expected files with those found: digests and names in, findings out."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from peep.concurrency.file_hashing import HashedFile, is_link_error
from peep.dataclass import dataclass
from peep.model import StoredFile, record_hash
from peep.proof.directory_scan import DirectoryScan
from peep.proof.expected_files import ExpectedProject
from peep.proof.findings import Finding, FindingKind, finding
from peep.proof.permissions import Permissions, file_fault, mode_of
from peep.proof.record_rows import record_faults

Hashed = Mapping[str, HashedFile | OSError]
_GONE = {errno.ENOENT, errno.ENOTDIR}


@dataclass(frozen=True, slots=True)
class Found:
    """What was read of an environment."""

    scan_directories: DirectoryScan
    hashed: Hashed
    """Of every expected path."""
    records: Mapping[str, bytes]
    """Content of RECORD, by path; absent when it can't be read."""
    strange_folders: frozenset[str] = frozenset()
    """Folders outside of the walk that are reached through a link."""
    permissions: Permissions = Permissions()

    def permissions_of(self, project: ExpectedProject) -> Permissions:
        """What is allowed for files of a project: peep gives the same everywhere, pip follows the umask."""
        return self.permissions if project.is_by_pip else Permissions()


def compare(projects: Sequence[ExpectedProject], found: Found) -> Iterator[Finding]:
    """Every file of `projects` that is not as it must be."""
    shared = shared_files(projects)
    for project in projects:
        permissions = found.permissions_of(project)
        for path, file in project.files.items():
            got = found.hashed.get(path)
            # Nearly always: a plain file of the right bytes. What is unusual goes the long way.
            if (
                isinstance(got, HashedFile)
                and got.size == file.size
                and record_hash(got.digest) == file.record_hash
                and not file_fault(got.mode, permissions, is_executable=file.is_executable)
            ):
                continue
            allowed = [file, *shared.get(path, ())]
            yield from _file_findings(project, path, got, allowed, permissions)
        yield from _misplaced(project, found)
        yield from _record_findings(project, found, shared)


def shared_files(projects: Sequence[ExpectedProject]) -> dict[str, list[StoredFile]]:
    """Paths that several projects bring (allowed when the bytes are the same, or by force): all that may be there."""
    seen: dict[str, StoredFile] = {}
    shared: dict[str, list[StoredFile]] = {}
    for project in projects:
        for path in project.files.keys() & seen.keys():
            shared.setdefault(path, [seen[path]]).append(project.files[path])
        seen.update(project.files)
    return shared


def _file_findings(
    project: ExpectedProject,
    path: str,
    got: HashedFile | OSError | None,
    allowed: Sequence[StoredFile],
    permissions: Permissions,
) -> Iterator[Finding]:
    if isinstance(got, HashedFile):
        matching = [file for file in allowed if record_hash(got.digest) == file.record_hash]
        if not matching:
            yield _changed(project, path, got, allowed[0])
        elif fault := file_fault(got.mode, permissions, is_executable=matching[0].is_executable):
            yield fault.about(path, project.name)
    else:
        yield _unreadable(project.name, path, got)


def _changed(project: ExpectedProject, path: str, got: HashedFile, file: StoredFile) -> Finding:
    if path in project.programs:
        reason = "it is not the program that installing makes for this environment"
        return finding(FindingKind.LAUNCHER, reason, path=path, project=project.name)
    if path in project.written:
        reason = "it is not what the installer writes"
        return finding(FindingKind.RECORD, reason, path=path, project=project.name)
    reason = f"sha256 is {got.digest.hex()} instead of {file.sha256}"
    if got.size != file.size:
        reason += f", {got.size} bytes instead of {file.size}"
    return finding(FindingKind.CHANGED, reason, path=path, project=project.name)


def _unreadable(project: str, path: str, error: OSError | None) -> Finding:
    if error is None or error.errno in _GONE:
        return finding(FindingKind.MISSING, "it is not there", path=path, project=project)
    if is_link_error(error):
        return finding(FindingKind.LINK, "a link stands in its place", path=path, project=project)
    if error.errno == errno.EISDIR:
        return finding(FindingKind.LINK, "a folder stands in its place", path=path, project=project)
    return finding(FindingKind.UNREADABLE, f"it can't be read: {error.strerror}", path=path, project=project)


def _misplaced(project: ExpectedProject, found: Found) -> Iterator[Finding]:
    """Folders of the project that a link leads to: what lies behind it is not this environment's."""
    folders = {path[: path.rfind(os.sep)] for path in project.files}
    for folder in sorted(folders - found.scan_directories.folders):  # those are real folders, met on the walk
        is_covered = folder in found.scan_directories.roots or found.scan_directories.covers(folder)
        is_strange = folder not in found.scan_directories.folders if is_covered else folder in found.strange_folders
        if is_strange and folder not in found.scan_directories.unreadable and os.path.isdir(folder):
            yield finding(FindingKind.LINK, "it is reached through a link", path=folder, project=project.name)


def _record_findings(
    project: ExpectedProject, found: Found, shared: Mapping[str, Sequence[StoredFile]]
) -> Iterator[Finding]:
    content = found.records.get(project.record)
    if content is None:
        yield finding(FindingKind.MISSING, "it is not there, or no file", path=project.record, project=project.name)
        return
    if mode := mode_of(project.record, found.permissions_of(project)):
        yield mode.about(project.record, project.name)
    excused = {os.path.relpath(path, project.site).replace(os.sep, "/") for path in shared if path in project.files}
    if project.is_by_pip:
        content = b"".join(sorted(line + b"\n" for line in content.splitlines()))
    for fault in record_faults(content, project.rows, excused):
        yield finding(FindingKind.RECORD, fault, path=project.record, project=project.name)


def folder_faults(unreadable: Mapping[str, str]) -> Iterable[Finding]:
    """Folders that nobody could look into."""
    return [
        finding(FindingKind.UNREADABLE, f"it can't be listed: {why}", path=path)
        for path, why in sorted(unreadable.items())
    ]
