"""Unowned files: files that no project owns, by how dangerous they are.

Specifications: `site` (`.pth`, `sitecustomize`, `usercustomize`), PEP 829 (`.start`), PEP 3147 (`__pycache__`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

from peep.dataclass import dataclass
from peep.environment.mapping import WORK_FOLDER, is_reserved_script
from peep.environment.scheme_paths import is_inside
from peep.model import TargetEnvironment
from peep.proof.directory_scan import DirectoryScan
from peep.proof.findings import Finding, FindingKind, finding

_STARTUP_SUFFIXES = (".pth", ".start")
_STARTUP_MODULES = ("sitecustomize", "usercustomize")
_IMPORTABLE = (".py", ".pyc", ".so", ".pyd", ".pyw")


@dataclass(frozen=True, slots=True)
class Owned:
    """Every path that some project accounts for."""

    files: Collection[str]
    sites: tuple[str, ...]
    scripts: str


def stray_findings(scan_directories: DirectoryScan, owned: Owned, target: TargetEnvironment) -> Iterator[Finding]:
    """What was found and belongs to nobody; the environment's own starters and interpreters aside."""
    strays = [path for path in scan_directories.files if path not in owned.files and not _is_own(path, owned)]
    shadowed = _modules(owned.files) if any(path.endswith(_IMPORTABLE) for path in strays) else set()
    for path in strays:
        yield _stray(path, owned, shadowed)
    for path, what in scan_directories.others.items():
        if path not in owned.files and not _is_interpreter_link(path, owned, target):
            yield _stray(path, owned, shadowed, what)
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


def _stray(path: str, owned: Owned, shadowed: Collection[str], what: str = "") -> Finding:
    folder, name = os.path.split(path)
    described = f"{what}; no project owns it" if what else "no project owns it"
    if folder in owned.sites and _runs_at_start(name):
        return finding(FindingKind.STARTUP, f"{described}, and it runs at every start of the interpreter", path=path)
    if any(folder == os.path.join(site, module) for site in owned.sites for module in _STARTUP_MODULES):
        return finding(FindingKind.STARTUP, f"{described}, and it runs at every start of the interpreter", path=path)
    importable = name.endswith(_IMPORTABLE)
    if importable and _module(path) in shadowed:
        return finding(FindingKind.SHADOWING, f"{described}, and it can stand in for a module of one", path=path)
    if name.startswith("__init__.") and importable and folder in shadowed:
        return finding(FindingKind.SHADOWING, f"{described}, and it can stand in for a module of one", path=path)
    if name.endswith((".pyc", ".pyo")):
        return finding(FindingKind.BYTECODE, f"{described}, and it can be imported without source", path=path)
    return finding(FindingKind.ADDED, described, path=path)


def _runs_at_start(name: str) -> bool:
    return name.endswith(_STARTUP_SUFFIXES) or name.split(".", 1)[0] in _STARTUP_MODULES


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


def _is_own(path: str, owned: Owned) -> bool:
    """Activation scripts and copies of the interpreter; the file that Windows locks."""
    folder, name = os.path.split(path)
    if folder == owned.scripts and folder not in owned.sites:
        return is_reserved_script(name)
    return folder in owned.sites and name == f"{WORK_FOLDER}.lock"


def _is_interpreter_link(path: str, owned: Owned, target: TargetEnvironment) -> bool:
    """Links to the interpreter among the programs, whatever their name (3.14 has one called after a Greek letter)."""
    if os.path.dirname(path) != owned.scripts or any(is_inside(path, site) for site in owned.sites):
        return False
    real = os.path.realpath(target.python)
    return os.path.realpath(path) == real and not is_inside(real, owned.scripts)
