"""Directory scan of an environment: one walk through its folders, which reads names only."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from peep.dataclass import dataclass, field
from peep.environment.mapping import WORK_FOLDER
from peep.environment.scheme_paths import SchemePaths, is_inside

CACHE = "__pycache__"


@dataclass(slots=True)
class DirectoryScan:
    """Absolute paths, by what they are."""

    roots: tuple[str, ...]
    """The folders that were walked."""
    files: set[str] = field(default_factory=set)
    """Regular files, bytecode caches aside."""
    cached: list[str] = field(default_factory=list)
    """Regular files in `__pycache__` folders."""
    others: dict[str, str] = field(default_factory=dict)
    """Links, devices, sockets: path -> what it is, in words."""
    folders: set[str] = field(default_factory=set)
    """Real folders, roots included; links to folders are not."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Folders that could not be listed, and why."""

    def covers(self, path: str) -> bool:
        """Whether the walk would have met a file at `path`."""
        return any(is_inside(path, root) for root in self.roots)


def walked_roots(scheme_paths: SchemePaths) -> tuple[str, ...]:
    """The folders in which every file must belong to a project.

    Programs count where they have a folder of their own: the scripts folder of a system's interpreter is everybody's.
    """
    target = scheme_paths.target
    paths = target.paths
    roots = [paths["purelib"], paths["platlib"]]
    is_own = target.is_virtual or is_inside(paths["scripts"], paths["purelib"])
    if is_own:
        roots.append(paths["scripts"])
    unique = list(dict.fromkeys(roots))
    return tuple(root for root in unique if not any(is_inside(root, other) for other in unique))


def scan_directories(roots: Iterable[str], skipped: Collection[str] = ()) -> DirectoryScan:
    """Walk through `roots`, but not into `skipped` folders; follows no link. A root that is not there is empty."""
    found = DirectoryScan(tuple(roots))
    waiting = [root for root in found.roots if os.path.isdir(root)]
    while waiting:
        folder = waiting.pop()
        if folder in skipped:
            continue
        found.folders.add(folder)
        keep = found.cached.append if folder.endswith(os.sep + CACHE) else found.files.add
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        keep(entry.path)
                    else:
                        _note(entry, found, waiting)
        except OSError as error:
            found.unreadable[folder] = error.strerror or str(error)
    return found


def _note(entry: os.DirEntry[str], found: DirectoryScan, waiting: list[str]) -> None:
    """What is no regular file."""
    if entry.is_dir(follow_symlinks=False):
        if not (entry.name == WORK_FOLDER and os.path.dirname(entry.path) in found.roots):
            waiting.append(entry.path)
    elif entry.is_symlink():
        found.others[entry.path] = f"a link to {_target(entry.path)}"
    else:
        found.others[entry.path] = "neither file nor folder"


def _target(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return "nowhere"
