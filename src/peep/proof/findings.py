"""Findings of a check: kinds and values for every report."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from peep.dataclass import dataclass


class FindingKind(Enum):
    """Why an environment is not proven; the values are stable names for programs, the rule ids of SARIF."""

    CHANGED = "changed"
    """A file holds other bytes than the verified archive."""
    MISSING = "missing"
    """A file of the verified archive is not there."""
    LINK = "not-a-file"
    """A link, folder or device stands where the verified archive has a file."""
    MODE = "mode"
    """A file has permissions that no install gives: others may write to it, it runs as somebody else."""
    FOLDER_MODE = "folder-mode"
    """Others may add, replace and remove what is in a folder."""
    UNREADABLE = "unreadable"
    """A file or folder can't be read, or not by its owner."""
    LAUNCHER = "altered-launcher"
    """A program does not start what its project asks for with this environment's interpreter."""
    RECORD = "edited-record"
    """What the installer wrote into `.dist-info` is not what it writes."""
    STARTUP = "added-startup-code"
    """A file that no project owns and that the interpreter runs at every start (site, PEP 829)."""
    SHADOWING = "added-shadowing-module"
    """A file that no project owns and that is imported instead of a project's own."""
    ADDED = "added"
    """Any other file of site-packages or among the programs that no project owns."""
    ELSEWHERE = "added-elsewhere"
    """A file elsewhere in the environment (share, include, etc, lib, its root) that no project owns."""
    FOLDER = "added-folder"
    """An empty folder that no project owns; in site-packages it is imported as a namespace package."""
    FOREIGN = "foreign-starter"
    """A program called like the interpreter, or an activation script, that the environment's maker didn't write."""
    SETTINGS = "edited-settings"
    """`pyvenv.cfg` is not as any maker writes it, or names another interpreter."""
    BYTECODE = "bytecode"
    """Bytecode without source, or (`--bytecode`) not what its source compiles to."""
    UNKNOWN_ORIGIN = "unknown-origin"
    """Nothing says which archive a project was installed from."""
    UNAVAILABLE = "archive-unavailable"
    """The archive that a project was installed from can't be had, so nothing can be compared."""
    UNLISTED = "archive-not-listed"
    """A project came from an archive that the requirements do not vouch for."""
    ABSENT = "not-installed"
    """A listed project is not installed."""
    EXTRA = "not-listed"
    """An installed project is not listed."""
    DIGEST = "other-digest"
    """The environment as a whole has another digest than the one given."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that keeps an environment from being proven."""

    project: str
    """Normalised name; '' for what belongs to none."""
    path: str
    """Absolute; '' where it is not about a file."""
    rule: str
    """The value of a `FindingKind`."""
    message: str
    """Lower case, no full stop, without the path."""

    @property
    def kind(self) -> FindingKind:
        return FindingKind(self.rule)


def finding(kind: FindingKind, message: str, *, path: str = "", project: str = "") -> Finding:
    """Make a finding."""
    return Finding(project, path, kind.value, message)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each once, by project and path: the same environment gives the same report."""
    return tuple(sorted(set(findings)))
