"""Check of an environment: reads what is there, compares it with what must be, runs none of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from peep.concurrency.file_hashing import FileToHash, HashedFile, Hashing
from peep.dataclass import dataclass
from peep.environment.installed import rows_if_any
from peep.environment.scheme_paths import SchemePaths
from peep.model import InstalledProject, record_hash
from peep.proof.additions import find_additions, permissions_given
from peep.proof.comparison import Found, compare
from peep.proof.directory_scan import CACHE, DirectoryScan, scan_directories, walked_roots
from peep.proof.expected_files import ExpectedProject
from peep.proof.findings import Finding, FindingKind, finding
from peep.proof.permissions import Permissions, file_fault
from peep.transaction.uninstall_files import recorded_paths

_MOST_RECORD = 64 << 20


@dataclass(frozen=True, slots=True)
class EnvironmentCheck:
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
) -> EnvironmentCheck:
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
    permissions = permissions_given(scheme_paths)
    records = read_records(project.record for project in projects)
    found = Found(walked, hashed, records, _strange(wanted, walked), permissions)
    findings = [*compare(projects, found), *_claim_findings(conflicts, hashed, permissions)]
    owned = {**wanted, **dict.fromkeys((project.record for project in projects), 0)}
    additions = find_additions(scheme_paths, walked, owned, permissions)
    told = {one.path for one in findings}
    # A link in the place of a project's folder is told as that.
    findings += [one for one in additions.findings if one.kind is not FindingKind.ELSEWHERE or one.path not in told]
    read = [file for file in hashed.values() if isinstance(file, HashedFile)]
    faulty = {one.path for one in findings}
    sound = {path for project in projects for path in project.files if path not in faulty} | additions.modules
    return EnvironmentCheck(tuple(findings), len(read), sum(file.size for file in read), walked, frozenset(sound))


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
                # virtualenv lists the folders of bytecode as well.
                if row.hash or not path.endswith((".pyc", f"{os.sep}{CACHE}")):
                    conflicts[path] = OwnedFile(project.name, row.hash)
    return conflicts


def _claim_findings(
    conflicts: Mapping[str, OwnedFile], hashed: Mapping[str, HashedFile | OSError], permissions: Permissions
) -> Iterable[Finding]:
    for path, claim in conflicts.items():
        got = hashed.get(path)
        if not isinstance(got, HashedFile):
            reason = "its own RECORD lists it, and it is not there, or no file"
            yield finding(FindingKind.MISSING, reason, path=path, project=claim.project)
        elif claim.hash.startswith("sha256=") and claim.hash != f"sha256={record_hash(got.digest)}":
            reason = "its own RECORD states another hash"
            yield finding(FindingKind.CHANGED, reason, path=path, project=claim.project)
        elif fault := file_fault(got.mode, permissions, is_executable=None):
            yield fault.about(path, claim.project)
