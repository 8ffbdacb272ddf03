"""Comparison of a release with the commit that it says it was made of, by git's object ids: trees only, no contents.

Benign by rule: what build backends generate, and line ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peep.dataclass import dataclass
from peep.examine.correspondence import SOURCE_FOLDERS, Origin, installed_path, voted_folders
from peep.examine.types import Blob, Hit

_GENERATED_NAMES = frozenset({"PKG-INFO", "setup.cfg", "MANIFEST.in"})


@dataclass(frozen=True, slots=True)
class CommitIdentity:
    """How many files of an archive (`files`, those that are generated aside) the commit has at the path they map to."""

    url: str
    """Without credentials."""
    commit: str
    files: int
    same: int
    hits: tuple[Hit, ...]
    remarks: tuple[str, ...] = ()
    """What was not looked at: submodules, links."""


def compared_with_commit(
    blobs: Iterable[Blob], tree: Mapping[str, str], url: str, commit: str, remarks: tuple[str, ...] = ()
) -> CommitIdentity:
    """Look each file up in `tree` (path -> object id), at its path in the sdist, or as wheels map to source trees."""
    blobs = list(blobs)
    folders = voted_folders((blob.path for blob in blobs), tree)
    ids = {identity: path for path, identity in sorted(tree.items(), reverse=True)}
    files = same = 0
    hits: list[Hit] = []
    for blob in blobs:
        paths = [path for path in _paths(blob, folders) if path in tree]
        if any(tree[path] in (blob.blob, blob.unix_blob) for path in paths):
            files, same = files + 1, same + 1
        elif not _is_generated(blob):
            files += 1
            hits.append(_hit(blob, paths, ids))
    return CommitIdentity(url, commit, files, same, tuple(hits), remarks)


def _paths(blob: Blob, folders: Mapping[str, str]) -> list[str]:
    installed = installed_path(blob.path)
    voted = folders.get(installed.partition("/")[0], "")
    mapped = [folder + installed for folder in (voted, *SOURCE_FOLDERS)]
    if ".dist-info/" in installed:
        mapped += [installed.rpartition("/")[2], installed.partition("/licenses/")[2]]
    return list(dict.fromkeys([blob.source, *mapped] if blob.source else mapped))


def _is_generated(blob: Blob) -> bool:
    if blob.origin == Origin.GENERATED.value or (".dist-info/" in blob.path and blob.moment == "metadata"):
        return True
    if blob.origin:
        return False
    return blob.path in _GENERATED_NAMES or ".egg-info/" in blob.path


def _hit(blob: Blob, paths: list[str], ids: Mapping[str, str]) -> Hit:
    if paths:
        return Hit("commit-differs", blob.path, 0, f"the commit has other bytes at {paths[0]}", blob.moment)
    other = ids.get(blob.blob)
    where = f"the same bytes stand at {other}" if other else "nowhere in the commit"
    return Hit("commit-only", blob.path, 0, where, blob.moment)
