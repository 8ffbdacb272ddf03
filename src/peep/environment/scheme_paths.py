"""Scheme paths of a target as they lie on disk, and staging areas beside them.

New files are first put together in `.peep` inside of site-packages, in a tree that mirrors the environment from the
deepest folder that holds all schemes. Whole folders then move into place by one rename each.
"""

from __future__ import annotations

import os
from unicodedata import normalize

from peep.dataclass import dataclass, replace
from peep.environment.mapping import WORK_FOLDER, rooted_paths
from peep.model import TargetEnvironment

_NEW = "n"
_OLD = "o"


@dataclass(frozen=True, slots=True)
class StagingArea:
    """A folder of the environment, and the work folder on the same file system that mirrors it."""

    root: str
    """Absolute, free of links."""
    work: str

    @property
    def new(self) -> str:
        """Mirrors `root`; the name is short because Windows' paths are."""
        return os.path.join(self.work, _NEW)

    @property
    def old(self) -> str:
        """Takes what is moved aside."""
        return os.path.join(self.work, _OLD)

    def staged(self, destination: str) -> str:
        """Where a file of the environment is prepared."""
        # Normal, since paths are compared: for the anchor itself, `relpath` answers with a dot.
        return os.path.normpath(os.path.join(self.new, os.path.relpath(destination, self.root)))

    def final(self, staged: str) -> str:
        """Where a prepared file will be."""
        return os.path.join(self.root, os.path.relpath(staged, self.new))


@dataclass(frozen=True, slots=True)
class SchemePaths:
    """The target with real paths, and one mirror per file system (nearly always one in all)."""

    target: TargetEnvironment
    """`paths` are free of links and already below `--root`; `root` is None."""
    mirrors: tuple[StagingArea, ...]
    """That of site-packages first."""

    @property
    def work(self) -> str:
        """The folder of the journal."""
        return self.mirrors[0].work

    @property
    def roots(self) -> frozenset[str]:
        """The scheme folders."""
        return frozenset(self.target.paths.values())

    def mirror_of(self, path: str) -> StagingArea:
        """The mirror whose anchor is the nearest above `path`."""
        holding = [mirror for mirror in self.mirrors if is_inside(path, mirror.root)]
        return max(holding, key=lambda mirror: len(mirror.root))

    def holds(self, path: str) -> bool:
        """Whether an absolute path lies inside of a scheme folder (compared by segments, THREATS Z2)."""
        return any(is_inside(path, root) for root in self.roots)

    def ignores_case(self) -> bool:
        """Whether the file systems take names that differ in case for the same; asks by the work folders, once made."""
        folders = [os.path.dirname(mirror.work) for mirror in self.mirrors]
        return all(os.path.lexists(os.path.join(folder, WORK_FOLDER.upper())) for folder in folders)


def in_one_case(path: str) -> str:
    """The same text for all paths, or names, that are one to a file system that ignores case.

    Those (macOS, Windows) mostly take composed and decomposed letters for the same as well.
    """
    return path.lower() if path.isascii() else normalize("NFC", path).casefold()


def scheme_paths_of(target: TargetEnvironment) -> SchemePaths:
    """Look where the schemes really are; nothing is made."""
    paths = {scheme: os.path.realpath(path) for scheme, path in rooted_paths(target).items()}
    devices: dict[int, list[str]] = {}
    for scheme in ("purelib", "platlib", "scripts", "data", "headers"):
        devices.setdefault(_device(paths[scheme]), []).append(paths[scheme])
    mirrors = tuple(
        StagingArea(os.path.commonpath(folders), os.path.join(folders[0], WORK_FOLDER)) for folders in devices.values()
    )
    return SchemePaths(replace(target, paths=paths, root=None), mirrors)


def is_inside(path: str, folder: str) -> bool:
    """Whether `path` is below `folder`; both absolute and normal."""
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def shown_path(path: str, root: str) -> str:
    """`path` relative to `root` where it is inside of it, with `/`; both absolute and normal."""
    return (path[len(root) + 1 :] if is_inside(path, root) else path).replace(os.sep, "/")


def _device(path: str) -> int:
    """The file system that a folder is on, or will be on once it is made."""
    while True:
        try:
            return os.stat(path).st_dev
        except FileNotFoundError:
            above = os.path.dirname(path)
            if above == path:
                raise  # Windows has drives that are not there
            path = above
