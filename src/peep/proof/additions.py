"""Additions to an environment: files, links, empty folders and permissions that no project brought."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping

from peep.dataclass import dataclass
from peep.environment.scheme_paths import SchemePaths, is_inside
from peep.proof.comparison import folder_faults
from peep.proof.directory_scan import CACHE, DirectoryScan, scan_directories
from peep.proof.findings import Finding, FindingKind, finding
from peep.proof.maker_files import (
    CONFIGURATION,
    Premises,
    own_files,
    premises_findings,
    premises_of,
    standard_folders,
    unwalked,
)
from peep.proof.permissions import Permissions, folder_findings, mode_of, permissions_of
from peep.proof.unowned_files import Owned, stray_findings
from peep.system.files import names_in


@dataclass(frozen=True, slots=True)
class Additions:
    """What was found beside the projects."""

    findings: tuple[Finding, ...]
    modules: frozenset[str]
    """Sources that the environment's maker put into site-packages: bytecode of them can be compared."""


def permissions_given(scheme_paths: SchemePaths) -> Permissions:
    """What whoever made the environment gave to it."""
    paths = scheme_paths.target.paths
    return permissions_of([paths["data"], paths["scripts"], os.path.join(paths["data"], CONFIGURATION)])


def find_additions(
    scheme_paths: SchemePaths, walked: DirectoryScan, owned: Mapping[str, object], permissions: Permissions
) -> Additions:
    """Look at all that lies in `walked` (site-packages, programs) and around it, but for what is `owned`."""
    paths = scheme_paths.target.paths
    sites = tuple(dict.fromkeys((paths["purelib"], paths["platlib"])))
    premises = premises_of(scheme_paths)
    around, whole = _around(premises, walked, owned)
    unowned = [path for one in (walked, around) for path in (*one.files, *one.others) if path not in owned]
    own = own_files(premises, unowned) if premises is not None else set()
    accounted = Owned({*owned, *own}, sites, paths["data"], premises)
    findings = [
        *stray_findings(walked, accounted),
        *stray_findings(around, accounted, FindingKind.ELSEWHERE),
        *_whole_findings(whole),
        *folder_faults({**walked.unreadable, **around.unreadable}),
    ]
    told = {one.path for one in findings}
    folders = {*walked.folders, *around.folders}
    findings += _empty_folders(folders, [*accounted.files, *told, *walked.cached], scheme_paths, walked)
    findings += folder_findings(sorted(folders), permissions)
    # Whoever writes into the lock file of uv makes another file of it, which is none of the environment's own.
    lock = os.path.join(paths["data"], ".lock")
    findings += _own_modes(sorted(own - told - {lock}), permissions)
    findings += _own_modes([path for one in (walked, around) for path in one.cached if path not in told], permissions)
    if premises is not None:
        findings += premises_findings(premises, names_in(premises.scripts))
    return Additions(tuple(findings), frozenset(path for path in own if os.path.dirname(path) in sites))


def _around(
    premises: Premises | None, walked: DirectoryScan, owned: Collection[str]
) -> tuple[DirectoryScan, list[str]]:
    """The rest of the environment's folder, and folders at its root that need no look inside."""
    if premises is None:
        return DirectoryScan(()), []
    whole = unwalked(premises, owned)
    return scan_directories([premises.root], {*walked.roots, *whole}), whole


def _whole_findings(folders: Iterable[str]) -> Iterator[Finding]:
    for path in folders:
        if names_in(path):
            yield finding(FindingKind.ELSEWHERE, "a folder that holds nothing of any project", path=path)
        else:
            yield finding(FindingKind.FOLDER, "an empty folder; no project owns it", path=path)


def _empty_folders(
    folders: Iterable[str], held: Iterable[str], scheme_paths: SchemePaths, walked: DirectoryScan
) -> Iterator[Finding]:
    """The topmost folders that hold nothing of anybody."""
    standard = standard_folders(scheme_paths.target)
    needed = {*standard}
    for folder in {path.rpartition(os.sep)[0] for path in held}:  # of thousands of paths hundreds of folders
        above = folder
        while above not in needed:
            needed.add(above)
            above = os.path.dirname(above)
    empty = {one for one in folders if one not in needed and os.path.basename(one) != CACHE}
    for path in sorted(empty):
        if os.path.dirname(path) not in empty:
            yield finding(FindingKind.FOLDER, _empty_reason(path, walked), path=path)


def _empty_reason(path: str, walked: DirectoryScan) -> str:
    is_importable = "." not in os.path.basename(path) and any(is_inside(path, root) for root in walked.roots)
    reason = "an empty folder; no project owns it"
    return f"{reason}, and it can be imported as a namespace package" if is_importable else reason


def _own_modes(paths: Iterable[str], permissions: Permissions) -> Iterator[Finding]:
    """Of files that neither a project nor nobody owns: activation scripts, bytecode."""
    for path in paths:
        if fault := mode_of(path, permissions, is_executable=None):
            yield fault.about(path)
