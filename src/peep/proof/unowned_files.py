"""Unowned files: files that no project owns, by how dangerous they are.

Specifications: `site` (`.pth`, `sitecustomize`, `usercustomize`), PEP 829 (`.start`), PEP 3147 (`__pycache__`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

from peep.dataclass import dataclass
from peep.environment.mapping import WORK_FOLDER
from peep.formats.startup_files import startup_entry
from peep.proof.directory_scan import DirectoryScan
from peep.proof.findings import Finding, FindingKind, finding
from peep.proof.maker_files import Premises, foreign_starter

_IMPORTABLE = (".py", ".pyc", ".so", ".pyd", ".pyw")


@dataclass(frozen=True, slots=True)
class Owned:
    """Every path that some project accounts for."""

    files: Collection[str]
    sites: tuple[str, ...]
    root: str
    """The folder that the schemes share."""
    premises: Premises | None = None
    """None where the environment has no folder of its own."""


def stray_findings(
    scan_directories: DirectoryScan, owned: Owned, kind: FindingKind = FindingKind.ADDED
) -> Iterator[Finding]:
    """What was found and belongs to nobody; `kind`: of what is nothing worse than that."""
    strays = [path for path in scan_directories.files if path not in owned.files and not _is_lock(path, owned)]
    shadowed = _modules(owned.files) if any(path.endswith(_IMPORTABLE) for path in strays) else set()
    for path in strays:
        yield _stray(path, owned, shadowed, kind)
    for path, what in scan_directories.others.items():
        if path not in owned.files:
            yield _stray(path, owned, shadowed, kind, what)
    for path in scan_directories.cached:
        if path not in owned.files and (reason := _cache_fault(path, scan_directories)):
            yield finding(FindingKind.BYTECODE, reason, path=path)


def source_of(path: str) -> str | None:
    """The module whose bytecode a file in `__pycache__` is by its name (PEP 3147), or None when it is none."""
    folder, name = os.path.split(path)
    if not name.endswith(".pyc"):
        return None
    # PEP 488: STEM.TAG[.opt-N].pyc; what is compiled on purpose may have dots in its stem. pytest keeps the modules
    # whose assertions it rewrites as STEM.TAG-pytest-VERSION.pyc.
    stem = name.removesuffix(".pyc").partition(".opt-")[0].partition("-pytest-")[0].rpartition(".")[0]
    return os.path.join(os.path.dirname(folder), f"{stem}.py")


def _cache_fault(path: str, scan_directories: DirectoryScan) -> str:
    source = source_of(path)
    if source is None:
        return "no project owns it, and it is no bytecode"
    return "" if source in scan_directories.files else "it is bytecode whose source is not there"


def _stray(path: str, owned: Owned, shadowed: Collection[str], kind: FindingKind, what: str = "") -> Finding:
    folder, name = os.path.split(path)
    described = f"{what}; no project owns it" if what else "no project owns it"
    sites = [site.replace(os.sep, "/") for site in owned.sites]
    if startup_entry(path.replace(os.sep, "/"), owned.root.replace(os.sep, "/"), sites):
        return finding(FindingKind.STARTUP, f"{described}, and it runs at every start of the interpreter", path=path)
    if owned.premises is not None and (foreign := foreign_starter(owned.premises, path, described)):
        return foreign
    importable = name.endswith(_IMPORTABLE)
    if importable and _module(path) in shadowed:
        return finding(FindingKind.SHADOWING, f"{described}, and it can stand in for a module of one", path=path)
    if name.startswith("__init__.") and importable and folder in shadowed:
        return finding(FindingKind.SHADOWING, f"{described}, and it can stand in for a module of one", path=path)
    if name.endswith((".pyc", ".pyo")):
        return finding(FindingKind.BYTECODE, f"{described}, and it can be imported without source", path=path)
    return finding(kind, described, path=path)


def _modules(files: Collection[str]) -> set[str]:
    """Every owned module as folder and name: `…/flask/app` for `app.py`, `…/flask` for its `__init__.py`."""
    found = set()
    for path in files:
        if path.endswith(_IMPORTABLE):
            module = _module(path)
            found.add(module)
            if module.endswith(os.sep + "__init__"):
                found.add(module[: -len(os.sep + "__init__")])
    return found


def _module(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, name.split(".", 1)[0])


def _is_lock(path: str, owned: Owned) -> bool:
    """The file that Windows locks."""
    folder, name = os.path.split(path)
    return folder in owned.sites and name == f"{WORK_FOLDER}.lock"
