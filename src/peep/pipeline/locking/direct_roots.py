"""Direct roots of a lock: commits, archives at URLs; each as a page of one release.

A branch or tag becomes its full commit, which is kept like a version; an archive is downloaded and hashed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from packaging.version import Version

from peep.archives.sdist_metadata import read_static_metadata
from peep.build.source_trees import FolderTree, commit_tree
from peep.dataclass import replace
from peep.errors import BuildError, RequirementsError, RequirementsErrors
from peep.formats.archive_names import ArchiveName, NameReader, UnreadableName, filename_of_url
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.documents import parse_json
from peep.formats.names import normalised
from peep.formats.url_secrets import redacted
from peep.locking.candidates import NamedFile, Release
from peep.locking.roots import DirectSource, Root, divided_ref
from peep.locking.sources import NeedsBuild, StatedBuild, Unreadable
from peep.model import ArchiveKind, Commit, IndexFile, Location, PinnedRequirement, sha256_among
from peep.pipeline.locking.builds import stated_build
from peep.pipeline.locking.direct_pages import DirectProject, KnownDirect
from peep.pipeline.locking.metadata import IndexMetadata
from peep.store.wheels import Store
from peep.system.git import commit_of

_KIND = "commit-facts"
_FORMAT = 1
_UNKNOWN = Version("0")


class DirectRoots:
    """Finds out what URLs of roots lead to; each is fetched once, and facts about commits are kept for good."""

    def __init__(
        self, store: Store, metadata: IndexMetadata, known: KnownDirect, environ: Mapping[str, str], scratch: str
    ) -> None:
        """`scratch`: a folder that only this user can enter."""
        self._store = store
        self._metadata = metadata
        self._known = known
        self._environ = environ
        self._scratch = scratch
        self.ask: Callable[[DirectProject, str], ProjectMetadata | None] = lambda *_: None
        """(project, subdirectory) -> what its build backend says, where that may be asked."""

    def resolved(self, roots: Sequence[Root]) -> tuple[tuple[Root, ...], dict[str, DirectProject]]:
        """Give back the roots, their comments naming branches, and the projects by name.

        Raises `RequirementsErrors` with everything that cannot be had, and the errors of the network.
        """
        found: dict[str, DirectProject] = {}
        sources: dict[str, DirectSource] = {}
        errors: list[RequirementsError] = []
        told = []
        for root in roots:
            told.append(_told(root))
            name, direct = root.edge.name, root.direct
            if direct is None or sources.get(name) == direct:
                continue
            if name in sources:
                errors.append(
                    RequirementsError(root.location, f"{name} comes from {redacted(sources[name].url)} already")
                )
                continue
            sources[name] = direct
            try:
                found[name] = self._repository(name, direct) if direct.is_repository else self._archive(name, direct)
            except BuildError as error:
                errors.append(RequirementsError(root.location, str(error), error.hint))
        if errors:
            raise RequirementsErrors(errors)
        return tuple(told), found

    # -- repositories ------------------------------------------------------------------------------

    def _repository(self, name: str, direct: DirectSource) -> DirectProject:
        repository, ref = divided_ref(direct.url)
        kept = self._known.commits.get(name)
        if kept is not None and kept[1] == ref and divided_ref(kept[0])[0] == repository:
            url = kept[0]
        else:
            url = f"{repository}@{commit_of(repository.removeprefix('git+'), ref, self._environ)}"
        written = f"{url}#subdirectory={direct.subdirectory}" if direct.subdirectory else url
        static, build = self._facts(name, url, direct.subdirectory)
        if static is not None and static.name != name:
            raise BuildError(f"its pyproject.toml is that of {static.name}, not of {name}", subject=redacted(url))
        filename = f"{name} @ {redacted(url)}"
        file = IndexFile(filename, url, index=redacted(repository))
        if static is None:
            unknown = Release(name, _UNKNOWN, (_named(file, "0"),), written)
            static = self.ask(DirectProject(unknown, build=build), direct.subdirectory)
        version = (version_or_none(static.version) or _UNKNOWN) if static is not None else _UNKNOWN
        release = Release(name, version, (_named(file, str(version)),), written)
        answer: ProjectMetadata | NeedsBuild = static if static is not None else NeedsBuild(filename)
        return DirectProject(release, answer, build)

    def _facts(self, name: str, url: str, subdirectory: str) -> tuple[ProjectMetadata | None, StatedBuild | Unreadable]:
        """Read a commit's pyproject.toml; what was read of it before is true for ever."""
        key = f"{_FORMAT} {redacted(url)} {subdirectory}"
        kept = _decoded(self._store.get_value(_KIND, key))
        if kept is not None:
            return kept
        with self.tree(name, url, subdirectory) as tree:
            prefix = f"{subdirectory.strip('/')}/" if subdirectory else ""
            pyproject, setup = tree.read((f"{prefix}pyproject.toml", f"{prefix}setup.py"))
        static = read_static_metadata(None, pyproject)
        build = stated_build(pyproject, setup, f"{name} @ {redacted(url)}")
        metadata = None
        if static is not None:
            extras = tuple(normalised(extra) for extra in static.provides_extra)
            metadata = ProjectMetadata(
                normalised(static.name), static.version, static.requires_dist, static.requires_python, extras
            )
        if isinstance(build, StatedBuild):
            self._store.put_value(_KIND, key, _encoded(metadata, build))
        return metadata, build

    @contextmanager
    def tree(self, name: str, url: str, subdirectory: str) -> Iterator[FolderTree]:
        """Give the tree of a commit. Raises `BuildError`."""
        pin = PinnedRequirement(
            name, name, None, (Location(redacted(url), 0),), source=Commit(url, subdirectory or None)
        )
        yield commit_tree(pin, self._scratch, self._environ)

    # -- archives ----------------------------------------------------------------------------------

    def _archive(self, name: str, direct: DirectSource) -> DirectProject:
        if direct.subdirectory:
            reason = "a project that is not at the top of its archive is not locked"
            raise BuildError(reason, "name a commit of its repository", subject=redacted(direct.url))
        filename = filename_of_url(direct.url)
        read = NameReader(name, is_lenient=True).read(filename)
        if isinstance(read, UnreadableName):
            raise BuildError(f"its file name means nothing: {read.reason}", subject=redacted(direct.url))
        if not read.version:
            reason = "its file name tells no version"
            raise BuildError(reason, "name an archive NAME-VERSION, or a commit of its repository", subject=filename)
        bare = NamedFile(IndexFile(filename, direct.url, index=redacted(direct.url)), read)
        url, digests = self._known.hashes.get(name, ("", ()))
        listed = digests if url == direct.url else ()
        digest = sha256_among(listed) or self._metadata.sha256(bare)
        if any(one.algorithm == "sha256" and one != digest for one in direct.hashes):
            raise BuildError(f"what came is {digest}, which its own #sha256= is not", subject=redacted(direct.url))
        named = replace(bare, file=replace(bare.file, hashes=(digest,)))
        return DirectProject(Release(name, version_or_none(read.version) or _UNKNOWN, (named,), direct.url))


def _told(root: Root) -> Root:
    """Name the branch or tag of a root in what `# via` comments say of it."""
    ref = divided_ref(root.direct.url)[1] if root.direct is not None and root.direct.is_repository else ""
    return replace(root, origin=f"{root.origin} (at {ref})") if ref else root


def _named(file: IndexFile, version: str) -> NamedFile:
    return NamedFile(file, ArchiveName(ArchiveKind.SDIST, version, suffix=".tar.gz"))


def _encoded(metadata: ProjectMetadata | None, build: StatedBuild) -> bytes:
    one = metadata
    head = one and [one.name, one.version, one.requires_dist, one.requires_python, one.provides_extra]
    return json.dumps([head, build.requires, build.uses_setuptools]).encode()


def _decoded(kept: bytes | None) -> tuple[ProjectMetadata | None, StatedBuild] | None:
    try:
        head, requires, uses_setuptools = parse_json(kept or b"")
        metadata = None
        if head is not None:
            name, version, requires_dist, python, extras = head
            metadata = ProjectMetadata(name, version, tuple(requires_dist), python, tuple(extras))
        return metadata, StatedBuild(tuple(requires), bool(uses_setuptools))
    except (ValueError, TypeError):
        return None
