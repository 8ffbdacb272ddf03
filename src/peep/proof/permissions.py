"""Permissions that no installer gives (POSIX): writable by others, unreadable, set-user-id."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator

from peep.dataclass import dataclass
from peep.proof.findings import Finding, FindingKind, finding

_HAS_MODES = sys.platform != "win32"
_SET_ID = stat.S_ISUID | stat.S_ISGID
_BY_OTHERS = stat.S_IWOTH
_BY_GROUP = stat.S_IWGRP
_USUAL_FOLDERS = frozenset(stat.S_IFDIR | bits for bits in (0o755, 0o750, 0o711, 0o710, 0o700))
"""Modes of folders with which nothing is wrong, whatever is allowed: nearly all have one of these."""
_USUAL_FILES = frozenset(stat.S_IFREG | bits for bits in (0o644, 0o640, 0o600))
"""The same of files that are not executable."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """What whoever made the environment gave to all of it; nothing: umask 022 or stricter."""

    group_writes: bool = False
    """Its umask was 002: each user has a group of their own."""
    group_inherited: bool = False
    """Folders hand their group on (set-group-id)."""


@dataclass(frozen=True, slots=True)
class ModeFault:
    """What is wrong with permissions."""

    kind: FindingKind
    reason: str

    def about(self, path: str, project: str = "") -> Finding:
        return finding(self.kind, self.reason, path=path, project=project)


def permissions_of(paths: Iterable[str]) -> Permissions:
    """Read off what is oldest in an environment: its root, its settings, its folder of programs.

    All of them must agree: one that was opened to the group later is no permission to do so with others.
    """
    modes = [mode for mode in map(_mode, paths) if mode is not None]
    if not modes or not _HAS_MODES:
        return Permissions()
    folders = [mode for mode in modes if stat.S_ISDIR(mode)]
    return Permissions(
        all(mode & _BY_GROUP for mode in modes), bool(folders) and all(mode & stat.S_ISGID for mode in folders)
    )


def file_fault(mode: int, permissions: Permissions, *, is_executable: bool | None) -> ModeFault | None:
    """What is wrong with a file's mode; `is_executable`: None where either is right."""
    return None if mode in _USUAL_FILES and not is_executable else _file_fault(mode, permissions, is_executable)


def _file_fault(mode: int, permissions: Permissions, is_executable: bool | None) -> ModeFault | None:
    if not stat.S_ISREG(mode):
        return ModeFault(FindingKind.MODE, "it is no plain file")
    if not _HAS_MODES:
        return None
    shown = f"its permissions are {stat.S_IMODE(mode):04o}"
    if mode & (_BY_OTHERS | (0 if permissions.group_writes else _BY_GROUP)):
        return ModeFault(FindingKind.MODE, f"{shown}: others may write to it")
    if mode & (_SET_ID | stat.S_ISVTX):
        return ModeFault(FindingKind.MODE, f"{shown}: it runs as somebody else")
    if not mode & stat.S_IRUSR:
        return ModeFault(FindingKind.UNREADABLE, f"{shown}: its owner can't read it")
    if is_executable is None:
        return None
    if bool(mode & 0o100) != is_executable or (mode & 0o011 and not is_executable):
        return ModeFault(
            FindingKind.MODE, f"it is {'not ' if is_executable else ''}executable, other than as installed"
        )
    return None


def mode_of(path: str, permissions: Permissions, *, is_executable: bool | None = False) -> ModeFault | None:
    """What is wrong with the mode of a plain file; what is none, or not there, is told elsewhere."""
    mode = _mode(path)
    if mode is None or not stat.S_ISREG(mode):
        return None
    return file_fault(mode, permissions, is_executable=is_executable)


def folder_findings(folders: Iterable[str], permissions: Permissions) -> Iterator[Finding]:
    """Folders in which others may put and replace files, and those that can't be looked into."""
    if not _HAS_MODES:
        return
    for path in folders:
        mode = _mode(path)
        if mode is not None and mode not in _USUAL_FOLDERS and (fault := _folder_fault(mode, permissions)):
            yield fault.about(path)


def _folder_fault(mode: int, permissions: Permissions) -> ModeFault | None:
    shown = f"its permissions are {stat.S_IMODE(mode):04o}"
    if mode & (_BY_OTHERS | (0 if permissions.group_writes else _BY_GROUP)):
        return ModeFault(FindingKind.FOLDER_MODE, f"{shown}: others may add, replace and remove files in it")
    if mode & (stat.S_ISUID | stat.S_ISVTX | (0 if permissions.group_inherited else stat.S_ISGID)):
        return ModeFault(FindingKind.FOLDER_MODE, f"{shown}, which no install gives")
    if not (mode & stat.S_IRUSR and mode & stat.S_IXUSR):
        return ModeFault(FindingKind.UNREADABLE, f"{shown}: its owner can't look into it")
    return None


def _mode(path: str) -> int | None:
    try:
        return os.lstat(path).st_mode
    except OSError:
        return None
