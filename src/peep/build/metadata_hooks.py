"""Metadata hooks of build backends (PEP 517): what a build needs and its wheel will require.

They run as builds do: in an environment of verified tools, in the sandbox, off the network.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from hashlib import sha256

from peep.archives.remote_metadata import metadata_of_wheel
from peep.archives.sdist import DEFAULT_MTIME
from peep.archives.wheel import open_wheel
from peep.build.builder import Builder, WheelFile, kept_log
from peep.build.hooks import Backend, ConfigSettings
from peep.build.normalise import normalise_wheel
from peep.build.plan import BuildPlan, PlannedBuild, merged_settings
from peep.build.source_trees import SourceTree
from peep.build.workspace import Workspace
from peep.dataclass import dataclass
from peep.errors import ArchiveError, BackendFailed, InstallRefused
from peep.formats.core_metadata import ProjectMetadata, UnreadableMetadata, parse_core_metadata


@dataclass(frozen=True, slots=True)
class BackendAnswer:
    """What a backend says of its project."""

    requires: tuple[str, ...]
    """What it needs beside what the tree states."""
    metadata: ProjectMetadata | None = None
    """None: it needs more than was known, and was asked for nothing else."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """A backend in its surroundings, about to be asked."""

    backend: Backend
    settings: ConfigSettings
    site: Workspace
    log_path: str


class MetadataHooks(Builder):
    """Asks the backend of one source tree; what its tools need is built first, the tree itself is not."""

    def requirements_of(self, tree: SourceTree) -> tuple[str, ...]:
        """What the backend needs beside what the tree states (`get_requires_for_build_wheel`).

        Raises `BuildError`; `InstallRefused` where a tool is not listed or cannot be had.
        """
        with self._asking(self._planned(tree)) as asking:
            return asking.backend.requires_for_wheel(asking.settings)

    def answer_of(self, tree: SourceTree, known: frozenset[str]) -> BackendAnswer:
        """What the backend needs, and unless that is more than `known`, what the wheel says of itself.

        The latter by the backend's hook, else of a wheel that is built for it. Raises as `requirements_of` does.
        """
        build = self._planned(tree)
        with self._asking(build) as asking:
            asked = asking.backend.requires_for_wheel(asking.settings)
            if not known.issuperset(asked):
                return BackendAnswer(asked)
            if asked and asking.site.build_environment is not None:
                asking.site.build_environment.add(self._tools(build.needs(asked)))
            content = asking.backend.metadata(asking.settings)
            found = self._parsed(content, asking) if content is not None else self._of_wheel(asking, build)
            return BackendAnswer(asked, found)

    def _planned(self, tree: SourceTree) -> PlannedBuild:
        """Read the tree, have its tools, and build those of them that have no wheel."""
        plan = self.plan([tree])
        if plan.problems:
            raise InstallRefused(plan.problems)
        own = next(key for key, build in plan.builds.items() if build.tree is tree)
        self.build_all(BuildPlan({key: build for key, build in plan.builds.items() if key != own}))
        return plan.builds[own]

    @contextlib.contextmanager
    def _asking(self, build: PlannedBuild) -> Iterator[_Asking]:
        tools = self._tools(build.static_needs(self._listed)) if self._settings.use_build_environment else {}
        with kept_log(build.name) as log_path, self._support.store.workshop() as root:
            site = Workspace(root, build, self._settings, self._target)
            settings = merged_settings(self._settings.config_settings, build.tree.pin.config_settings)
            yield _Asking(site.backend(tools, log_path), settings, site, log_path)

    def _of_wheel(self, asking: _Asking, build: PlannedBuild) -> ProjectMetadata:
        filename, raw = asking.backend.build_wheel(asking.settings)
        try:
            content = normalise_wheel(filename, raw, DEFAULT_MTIME)
            open_wheel(WheelFile(filename, io.BytesIO(content), sha256(content).hexdigest()))
            return self._parsed(metadata_of_wheel(io.BytesIO(content), filename), asking)
        except ArchiveError as error:
            cause = "the wheel that it made breaks the rules: " + "; ".join(error.problems)
            raise BackendFailed(build.tree.label, "build_wheel", None, cause=cause, log_path=asking.log_path) from None

    def _parsed(self, content: bytes, asking: _Asking) -> ProjectMetadata:
        try:
            return parse_core_metadata(content)
        except UnreadableMetadata as error:
            hook = "prepare_metadata_for_build_wheel"
            raise BackendFailed(hook, hook, None, cause=f"METADATA {error}", log_path=asking.log_path) from None
