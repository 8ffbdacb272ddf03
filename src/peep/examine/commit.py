"""Comparison of a release with the commit it names, by git's object ids: trees, no contents.

Benign by rule: what build backends generate, and line ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from peep.dataclass import dataclass
from peep.examine.correspondence import SOURCE_FOLDERS, Origin, installed_path, voted_folders
from peep.examine.types import Blob, Hit


@dataclass(frozen=True, slots=True)
class CommitIdentity:
    """How many files of an archive (`files`) the commit has at the path they map to (`same`).

    The archive is the wheel, or the sdist where there is none. What is generated or compiled does not count. `hits`
    are about files of the wheel, and about what only the sdist has.
    """

    url: str
    """Without credentials."""
    commit: str
    files: int
    same: int
    hits: tuple[Hit, ...]
    remarks: tuple[str, ...] = ()
    """What was not compared: compiled files, what builds write anew, submodules, links."""


def compared_with_commit(
    blobs: Iterable[Blob], tree: Mapping[str, str], url: str, commit: str, remarks: tuple[str, ...] = ()
) -> CommitIdentity:
    """Look each file up in `tree` (path -> object id), at its path in the sdist, or as wheels map to source trees."""
    listed = list(blobs)
    of_wheel = [blob for blob in listed if blob.in_wheel]
    of_sdist = [blob for blob in listed if not blob.in_wheel]
    lookup = _Lookup(tree, {identity: path for path, identity in sorted(tree.items(), reverse=True)})
    wheel, sdist = lookup.compared(of_wheel), lookup.compared(of_sdist)
    counted = wheel if of_wheel else sdist
    hits = (*wheel.hits, *sdist.hits)
    told = tuple(_remarks(wheel.compiled, (*wheel.rewritten, *sdist.rewritten)))
    return CommitIdentity(url, commit, counted.same + len(counted.hits), counted.same, hits, (*told, *remarks))


def _remarks(compiled: int, rewritten: Sequence[str]) -> Iterator[str]:
    if compiled:
        yield f"{compiled} compiled file{'s are' if compiled > 1 else ' is'} in no commit"
    if rewritten:
        yield f"written anew by the build, so not compared: {', '.join(rewritten)}"


@dataclass(frozen=True, slots=True)
class _Compared:
    """The files of one archive: how many are `same`, what is wrong with others, and what was left out."""

    same: int
    hits: tuple[Hit, ...]
    compiled: int
    rewritten: tuple[str, ...]
    """Paths of generated files whose place in the commit has other bytes."""


@dataclass(frozen=True, slots=True)
class _Lookup:
    tree: Mapping[str, str]
    paths: Mapping[str, str]
    """Object id -> path."""

    def compared(self, blobs: Sequence[Blob]) -> _Compared:
        folders = voted_folders((blob.path for blob in blobs), self.tree)
        same = compiled = 0
        hits: list[Hit] = []
        rewritten: list[str] = []
        for blob in blobs:
            paths = [path for path in _paths(blob, folders) if path in self.tree]
            if any(self.tree[path] in (blob.blob, blob.other_ends) for path in paths):
                same += 1
            elif blob.origin == Origin.COMPILED.value and not paths:
                compiled += 1
            elif not _is_generated(blob):
                hits.append(_hit(blob, paths, self.paths))
            elif paths:
                rewritten.append(blob.path)
        return _Compared(same, tuple(hits), compiled, tuple(rewritten))


def _paths(blob: Blob, folders: Mapping[str, str]) -> list[str]:
    installed = installed_path(blob.path) if blob.in_wheel else blob.path
    voted = folders.get(installed.partition("/")[0], "")
    mapped = [folder + installed for folder in (voted, *SOURCE_FOLDERS)]
    if blob.in_wheel and ".dist-info/" in installed:
        mapped += [installed.rpartition("/")[2], installed.partition("/licenses/")[2]]
    return list(dict.fromkeys([blob.source, *mapped] if blob.source else mapped))


def _is_generated(blob: Blob) -> bool:
    """Whether builds make it, so that commits do not have it, or have a draft of it."""
    is_metadata = blob.in_wheel and ".dist-info/" in blob.path and blob.moment == "metadata"
    return blob.origin == Origin.GENERATED.value or is_metadata


def _hit(blob: Blob, paths: list[str], ids: Mapping[str, str]) -> Hit:
    if paths:
        return Hit("commit-differs", blob.path, 0, f"the commit has other bytes at {paths[0]}", blob.moment)
    other = ids.get(blob.blob)
    where = f"the same bytes stand at {other}" if other else "nowhere in the commit"
    return Hit("commit-only", blob.path, 0, where, blob.moment)
