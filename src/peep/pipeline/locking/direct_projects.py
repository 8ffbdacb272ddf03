"""Projects that roots name by URL, made known to all that answers for archives in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from peep.formats.core_metadata import ProjectMetadata
from peep.locking.roots import Root
from peep.pipeline.locking.build_hooks import LockHooks
from peep.pipeline.locking.builds import LockBuilds
from peep.pipeline.locking.direct_pages import DirectProject
from peep.pipeline.locking.direct_roots import DirectRoots
from peep.pipeline.locking.metadata import IndexMetadata


def direct_projects(
    roots: Sequence[Root], finder: DirectRoots, metadata: IndexMetadata, builds: LockBuilds, hooks: LockHooks | None
) -> tuple[tuple[Root, ...], Mapping[str, DirectProject]]:
    """Find out what roots lead to, asking the backends that may be asked; gives back the roots and the projects.

    Raises as `DirectRoots.resolved` does.
    """

    def ask(project: DirectProject, subdirectory: str) -> ProjectMetadata | None:
        release, file = project.release, project.release.files[0]
        if hooks is None or not hooks.may_be_asked(release.project) or project.build is None:
            return None
        builds.note(file.file.filename, project.build)
        hooks.trees[file.file.filename] = partial(finder.tree, release.project, file.file.url, subdirectory)
        return hooks.metadata(release, file)

    finder.ask = ask
    told, found = finder.resolved(roots)
    for project in found.values():
        filename = project.release.files[0].file.filename
        if project.metadata is not None:
            metadata.note(filename, project.metadata)
        if project.build is not None:
            builds.note(filename, project.build)
    return told, found
