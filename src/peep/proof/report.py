"""Reports of a verification for programs: JSON, and SARIF 2.1.0 (OASIS)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peep.environment.scheme_paths import is_inside, shown_path
from peep.formats.sarif import SarifPlace, SarifResult, SarifRule, sarif_log
from peep.model import InstalledProject, TargetEnvironment
from peep.proof.findings import Finding, FindingKind

_ROOT = "ENVIRONMENT"

_EXPLANATIONS = {
    FindingKind.CHANGED: "A file holds other bytes than the verified archive",
    FindingKind.MISSING: "A file of the verified archive is not there",
    FindingKind.LINK: "Something else stands where the verified archive has a file",
    FindingKind.MODE: "A file has permissions that no install gives",
    FindingKind.FOLDER_MODE: "A folder in which others may add, replace and remove files",
    FindingKind.UNREADABLE: "A file or folder that can't be read",
    FindingKind.LAUNCHER: "A program is not the one that installing makes",
    FindingKind.RECORD: "What the installer wrote down was edited",
    FindingKind.STARTUP: "A file that no project owns runs at every start of the interpreter",
    FindingKind.SHADOWING: "A file that no project owns can stand in for a module of one",
    FindingKind.ADDED: "A file that no project owns",
    FindingKind.ELSEWHERE: "A file outside of site-packages that no project owns",
    FindingKind.FOLDER: "An empty folder that no project owns",
    FindingKind.FOREIGN: "A program beside the interpreter's own that the environment's maker did not write",
    FindingKind.MOVED: "The environment lies in another folder than the one that its programs name",
    FindingKind.SETTINGS: "The settings of the environment are not as they are made",
    FindingKind.BYTECODE: "Bytecode that no verified source compiles to",
    FindingKind.UNKNOWN_ORIGIN: "Nothing tells which archive a project was installed from",
    FindingKind.UNAVAILABLE: "The archive of a project can't be had",
    FindingKind.UNLISTED: "A project came from an archive that is not listed",
    FindingKind.ABSENT: "A listed project is not installed",
    FindingKind.EXTRA: "An installed project is not listed",
    FindingKind.UNEXAMINED: "Nobody examined the archive that a project came from",
    FindingKind.OBJECTED: "Somebody objects to the archive that a project came from",
    FindingKind.DIGEST: "The environment has another digest than the one given",
}


def finding_json(one: Finding, root: str) -> dict[str, Any]:
    """One finding: `kind`, `project`, `path` (relative to the environment), `message`."""
    return {
        "kind": one.rule,
        "project": one.project or None,
        "path": shown_path(one.path, root) if one.path else None,
        "message": one.message,
    }


def project_json(project: InstalledProject, wheel: str | None) -> dict[str, Any]:
    """One project with what is recorded of its origin; `wheel`: the digest that it was compared with."""
    origin = project.provenance
    return {
        "name": project.name,
        "version": project.version,
        "url": origin.url if origin else None,
        "hashes": [str(digest) for digest in origin.hashes] if origin else [],
        "wheel_sha256": wheel,
    }


def target_json(target: TargetEnvironment) -> dict[str, Any]:
    """Which environment it was."""
    return {
        "prefix": target.paths["data"],
        "python": target.python,
        "version": ".".join(map(str, target.version)),
        "implementation": target.implementation,
    }


def sarif(findings: Sequence[Finding], root: str, version: str, projects: Mapping[str, str]) -> dict[str, Any]:
    """The findings as a SARIF log with one run; `projects` are name -> version, `version` is peep's own."""
    kinds = sorted({one.kind for one in findings}, key=lambda kind: kind.value)
    rules = [SarifRule(kind.value, _EXPLANATIONS[kind]) for kind in kinds]
    results = [_result(one, root, f"{one.project} {projects.get(one.project, '')}".strip()) for one in findings]
    return sarif_log(version, rules, results, bases={_ROOT: root})


def _result(one: Finding, root: str, about: str) -> SarifResult:
    path = one.path or root
    place = SarifPlace(shown_path(path, root), base=_ROOT) if is_inside(path, root) else SarifPlace(path)
    return SarifResult(one.rule, "error", f"{about}: {one.message}" if about else one.message, (place,))
