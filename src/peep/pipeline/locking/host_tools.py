"""Tools for this machine: what `--allow-build` backends run with while other targets are locked."""

from __future__ import annotations

from collections.abc import Sequence

from peep.build.tool_choice import Listed
from peep.dataclass import dataclass, replace
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.target_ids import parse_target_id
from peep.locking.build_plan import BuildTools, BuildWorld, SdistPin, solve_builds
from peep.locking.candidates import NamedFile, Release
from peep.locking.derivation import NoSolution
from peep.locking.lock_plan import stated_sha256
from peep.locking.lock_run import LockInputs
from peep.locking.solution import TargetSolution
from peep.locking.sources import NeedsBuild, Pages, SdistBuilds, StatedBuild, Unreadable
from peep.model import Digest, FormatControl, TargetEnvironment
from peep.pipeline.locking.build_hooks import pins_of_tools
from peep.pipeline.locking.metadata import IndexMetadata


@dataclass(frozen=True, slots=True)
class HostTools:
    """Chooses tools for this interpreter; calls are `lock_hooks.Tools`."""

    host_id: str
    environment: TargetEnvironment
    inputs: LockInputs
    """Of which policy and known tools count."""
    pages: Pages
    metadata: IndexMetadata
    builds: SdistBuilds

    def __call__(self, release: Release, file: NamedFile, more: Sequence[str]) -> Listed:
        """Give back pins that serve the build. Raises `NoSolution`, `UnbuildableSdist`."""
        target = parse_target_id(self.host_id)
        builds = _Silent(self.builds, file.file.filename, tuple(more))
        policy = replace(self.inputs.policy, formats=FormatControl())
        inputs = replace(self.inputs, policy=policy, known=self.inputs.known_tools, constraints=(), roots=())
        world = BuildWorld(self.pages, _Stated(self.metadata), builds)
        found = solve_builds([SdistPin(release, file, frozenset({target}))], inputs, world)
        if found.failures:
            raise NoSolution(found.failures)
        return pins_of_tools(self._listed(found))

    def _listed(self, found: BuildTools) -> list[tuple[str, str, tuple[Digest, ...]]]:
        listed: dict[tuple[str, str], tuple[Digest, ...]] = {}
        for one in found.sets:
            for pin in self._here(one.solutions).pins.values():
                files = [named for _, named in pin.candidate.files]
                digests = (stated_sha256(named) or self.metadata.sha256(named) for named in files)
                listed[pin.name, pin.candidate.release.text] = tuple(dict.fromkeys(digests))
        return [(name, version, digests) for (name, version), digests in sorted(listed.items())]

    def _here(self, solutions: Sequence[TargetSolution]) -> TargetSolution:
        """Choose the solution for this very micro version: the latest boundary that it has passed."""
        passed = [one for one in solutions if one.group.version <= tuple(self.environment.version)]
        return max(passed or solutions, key=lambda one: one.group.version)


@dataclass(frozen=True, slots=True)
class _Stated:
    """Metadata without backends: tools are chosen by what is stated, so that no question waits for itself."""

    metadata_of_index: IndexMetadata

    def metadata(self, release: Release, file: NamedFile) -> ProjectMetadata | NeedsBuild | Unreadable:
        return self.metadata_of_index.stated_metadata(release, file)


@dataclass(frozen=True, slots=True)
class _Silent:
    """Builds whose backends are not asked; of one archive it's known already what more its build requires."""

    builds: SdistBuilds
    filename: str
    more: tuple[str, ...]

    def stated(self, release: Release, file: NamedFile) -> StatedBuild | Unreadable:
        found = self.builds.stated(release, file)
        if file.file.filename != self.filename or isinstance(found, Unreadable):
            return found
        return replace(found, requires=tuple(dict.fromkeys((*found.requires, *self.more))))

    def may_be_asked(self, project: str) -> bool:
        del project
        return False

    def asked(self, release: Release, file: NamedFile, requires: Sequence[str]) -> tuple[str, ...]:
        del release, file, requires
        return ()
