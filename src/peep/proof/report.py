"""Reports of a verification for programs: JSON, and SARIF 2.1.0 (OASIS)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from peep.environment.scheme_paths import is_inside, shown_path
from peep.model import InstalledProject, TargetEnvironment
from peep.proof.findings import Finding, FindingKind

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
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
    rules = [{"id": kind.value, "shortDescription": {"text": _EXPLANATIONS[kind]}} for kind in kinds]
    numbers = {kind.value: number for number, kind in enumerate(kinds)}
    return {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "peep", "version": version, "rules": rules}},
                "originalUriBaseIds": {_ROOT: {"uri": _folder_uri(root)}},
                "columnKind": "unicodeCodePoints",
                "results": list(_results(findings, root, numbers, projects)),
            }
        ],
    }


def _results(
    findings: Iterable[Finding], root: str, numbers: Mapping[str, int], projects: Mapping[str, str]
) -> Iterable[dict[str, Any]]:
    for one in findings:
        about = f"{one.project} {projects.get(one.project, '')}".strip()
        result: dict[str, Any] = {
            "ruleId": one.rule,
            "ruleIndex": numbers[one.rule],
            "level": "error",
            "message": {"text": f"{about}: {one.message}" if about else one.message},
        }
        place = one.path or root
        if is_inside(place, root):
            artifact = {"uri": quote(shown_path(place, root)), "uriBaseId": _ROOT}
        else:
            artifact = {"uri": _file_uri(place)}
        result["locations"] = [{"physicalLocation": {"artifactLocation": artifact}}]
        yield result


def _folder_uri(path: str) -> str:
    return _file_uri(path).rstrip("/") + "/"


def _file_uri(path: str) -> str:
    spelled = quote(path.replace(os.sep, "/").encode("utf-8", "surrogateescape"), safe="/:")
    return "file://" + (spelled if spelled.startswith("/") else f"/{spelled}")
