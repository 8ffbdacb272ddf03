"""Check of an environment: reads what is there, compares it with what must be, runs none of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from peep.concurrency.file_hashing import FileToHash, HashedFile, Hashing
from peep.dataclass import dataclass
from peep.environment.installed import rows_if_any
from peep.environment.scheme_paths import SchemePaths
from peep.model import InstalledProject, record_hash
from peep.proof.comparison import Found, compare, folder_faults
from peep.proof.directory_scan import DirectoryScan, scan_directories, walked_roots
from peep.proof.expected_files import ExpectedProject
from peep.proof.findings import Finding, FindingKind, finding
from peep.proof.unowned_files import Owned, stray_findings
from peep.transaction.uninstall_files import recorded_paths

_MOST_RECORD = 64 << 20


@dataclass(frozen=True, slots=True)
class Examination:
    """What one look found."""

    findings: tuple[Finding, ...]
    files: int
    """That were compared."""
    bytes: int
    scan_directories: DirectoryScan
    sound: frozenset[str]
    """Paths whose bytes are those of the verified archive."""


@dataclass(frozen=True, slots=True)
class OwnedFile:
    """A file that a project of unknown origin says it has; `hash` as RECORD states it."""

    project: str
    hash: str


def examine(
    scheme_paths: SchemePaths, projects: Sequence[ExpectedProject], unknown: Iterable[InstalledProject]
) -> Examination:
    """Compare everything that was installed with what must be there, and tell what nobody owns.

    `unknown` projects are compared with their own RECORD: that finds accidents, and proves nothing.
    """
    conflicts = _claims(unknown, scheme_paths)
    wanted = {path: file.size for project in projects for path, file in project.files.items()}
    for path in conflicts:
        wanted.setdefault(path, 0)
    hashing = Hashing([FileToHash(path, size) for path, size in wanted.items()])
    walked = scan_directories(walked_roots(scheme_paths))
    hashed = hashing.results()
    found = Found(walked, hashed, read_records(project.record for project in projects), _strange(wanted, walked))
    findings = [*compare(projects, found), *_claim_findings(conflicts, hashed), *folder_faults(walked.unreadable)]
    owned = {**wanted, **dict.fromkeys((project.record for project in projects), 0)}
    paths = scheme_paths.target.paths
    sites = tuple(dict.fromkeys((paths["purelib"], paths["platlib"])))
    findings += stray_findings(walked, Owned(owned, sites, paths["scripts"]), scheme_paths.target)
    read = [file for file in hashed.values() if isinstance(file, HashedFile)]
    faulty = {one.path for one in findings}
    sound = frozenset(path for project in projects for path in project.files if path not in faulty)
    return Examination(tuple(findings), len(read), sum(file.size for file in read), walked, sound)


def read_records(paths: Iterable[str]) -> dict[str, bytes]:
    """The RECORD files that can be read, by path; links are not followed."""
    found = {}
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
            with open(descriptor, "rb") as file:
                found[path] = file.read(_MOST_RECORD)
        except OSError:
            continue
    return found


def _strange(paths: Iterable[str], walked: DirectoryScan) -> frozenset[str]:
    """Folders outside of the walk whose real place is another."""
    folders = {path[: path.rfind(os.sep)] for path in paths}
    outside = [folder for folder in folders if folder not in walked.folders and not walked.covers(folder)]
    return frozenset(folder for folder in outside if os.path.realpath(folder) != folder)


def _claims(unknown: Iterable[InstalledProject], scheme_paths: SchemePaths) -> dict[str, OwnedFile]:
    """Files that projects of unknown origin list in their RECORDs, metadata folder included."""
    conflicts: dict[str, OwnedFile] = {}
    for project in unknown:
        for row in rows_if_any(project):
            for path in recorded_paths([row], project.metadata_path, scheme_paths, []):
                if not (path.endswith(".pyc") and not row.hash):
                    conflicts[path] = OwnedFile(project.name, row.hash)
    return conflicts


def _claim_findings(
    conflicts: Mapping[str, OwnedFile], hashed: Mapping[str, HashedFile | OSError]
) -> Iterable[Finding]:
    for path, claim in conflicts.items():
        got = hashed.get(path)
        if not isinstance(got, HashedFile):
            reason = "its own RECORD lists it, and it is not there, or no file"
            yield finding(FindingKind.MISSING, reason, path=path, project=claim.project)
        elif claim.hash.startswith("sha256=") and claim.hash != f"sha256={record_hash(got.digest)}":
            reason = "its own RECORD states another hash"
            yield finding(FindingKind.CHANGED, reason, path=path, project=claim.project)
