"""Projects that give way (`--allow-file-conflict`), and what installed ones have in the same places."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from peep.dataclass import dataclass
from peep.environment.installed import rows_if_any
from peep.environment.scheme_paths import SchemePaths, is_inside
from peep.model import InstalledProject, record_hash
from peep.transaction.uninstall_files import recorded_paths


@dataclass(frozen=True, slots=True)
class GivingWay:
    """Projects whose files are left out where others bring, or have, different ones (`--allow-file-conflict`)."""

    names: frozenset[str] = frozenset()
    """Normalised."""
    owner_of: Callable[[str, str], str] = lambda _staged, _digest: ""
    """Path in the work folder and digest of a file -> the installed project that stays and has another one there."""


def giving_way(names: Sequence[str], staying: Iterable[InstalledProject], scheme_paths: SchemePaths) -> GivingWay:
    """Those of `names`, and what the projects that stay in the environment have on record."""
    if not names:
        return GivingWay()
    owners = {
        path: project.name
        for project in staying
        for path in recorded_paths(rows_if_any(project), project.metadata_path, scheme_paths, [])
    }

    def owner_of(staged: str, digest: str) -> str:
        mirror = next(mirror for mirror in scheme_paths.mirrors if is_inside(staged, mirror.new))
        path = mirror.final(staged)
        if path not in owners or not os.path.isfile(path):
            return ""
        with open(path, "rb") as file:
            return owners[path] if record_hash(sha256(file.read()).digest()) != digest else ""

    return GivingWay(frozenset(names), owner_of)
