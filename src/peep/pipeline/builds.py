"""Builds of a run: constraints, build requirements, and sdists made into wheels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack

from peep.build.builder import Builder, BuildSupport, Obtained
from peep.build.plan import BuildPlan, BuildSettings, PlannedBuild
from peep.build.source_trees import ArchiveTree, FolderTree, SourceTree, commit_tree, local_tree
from peep.build.tool_choice import Listed
from peep.build.toolchains import Toolchains
from peep.build.variables import steering_variables
from peep.dataclass import replace
from peep.errors import BuildError, FetchFailure, MissingBuildRequirement, NoIndexToAsk, NoUsableFile, Problem
from peep.formats.url_secrets import redacted
from peep.model import (
    Commit,
    Digest,
    FormatControl,
    PinnedRequirement,
    PlannedWheel,
    Provenance,
    StoredWheel,
    VerifiedArchive,
)
from peep.pipeline.build_lists import listed_for_builds
from peep.pipeline.build_wishes import further_needs, unbuilt_names, visible_folders, with_settings
from peep.pipeline.fetch import WheelProvider, wheels_for
from peep.pipeline.result import PendingBuild
from peep.pipeline.session import Session, target_request
from peep.pipeline.settings import project_settings
from peep.pipeline.suggestions import Suggestions
from peep.pipeline.vetting.run_gate import NothingDemanded, RunGate
from peep.pipeline.vetting.used_archives import Used
from peep.requirements.pinned_set import PinnedSet
from peep.system.sandbox import Isolation, choose_isolation, find_isolation

_FOREIGN = (
    "only a source archive is listed or offered, and that cannot be built for another Python or platform than the one "
    "that runs; list the hash of a wheel"
)


class Builds:
    """Plans and runs the builds of a run; to be closed at its end. Costs nothing as long as there is no sdist."""

    def __init__(
        self, session: Session, pinned: PinnedSet, provider: WheelProvider, examined: RunGate | None = None
    ) -> None:
        """`examined` is asked about every archive of a build environment; without it nobody is."""
        self._session = session
        self._pinned = pinned
        # `--no-binary` speaks of what is installed; applied to build tools it would have each of them built first.
        self._provider = replace(provider, formats=FormatControl())
        self._examined = examined or NothingDemanded()
        self._open = ExitStack()
        self._trees: list[SourceTree] = []
        self._builder: Builder | None = None
        self._plan = BuildPlan({})

    def plan(self, sdists: Sequence[VerifiedArchive], trees: Sequence[PinnedRequirement] = ()) -> tuple[Problem, ...]:
        """Read the sdists, fetch the commits that `trees` pin, and obtain what their builds need.

        Gives back everything that keeps them from starting. Raises `BuildError` under `--require-sandbox` where there
        is none, and `RequirementsErrors` for a build constraints file that cannot be read.
        """
        self._open.callback(_close_all, sdists)
        if not sdists and not trees:
            return ()
        if target_request(self._session.options.target).is_foreign:
            return tuple(NoUsableFile(pin, _FOREIGN) for pin in (*(archive.pin for archive in sdists), *trees))
        fetched, problems = self._fetched(trees)
        support = BuildSupport(
            self._session.store, self._obtain, Suggestions(self._provider).lines, self._session.context.reporter
        )
        listed = listed_for_builds(self._session, self._pinned, self._pinned.pins)
        self._builder = Builder(self._session.target, self._settings(listed), listed, support)
        self._open.callback(self._builder.close)
        self._trees = [*(ArchiveTree(archive) for archive in sdists), *fetched]
        self._plan = self._builder.plan(self._trees)
        self._tell_uncounted_constraints()
        return (*problems, *self._plan.problems)

    def _tell_uncounted_constraints(self) -> None:
        """Name the build constraints inside of a bundle, where builds miss some and nobody has said that they count."""
        missing = any(isinstance(problem, MissingBuildRequirement) for problem in self._plan.problems)
        if not missing or self._session.options.build.constraint_files:
            return
        for path in self._session.network.build_constraints():
            hint = f"--bundle-digest lets it count, or --build-constraint {path} once you have vetted it"
            self._session.context.reporter.warning(f"{path} lists build constraints, which nothing vouches for: {hint}")

    def _fetched(self, pins: Sequence[PinnedRequirement]) -> tuple[list[FolderTree], list[Problem]]:
        trees: list[FolderTree] = []
        problems: list[Problem] = []
        workshop = self._open.enter_context(self._session.store.workshop()) if pins else ""
        for pin in pins:
            try:
                if isinstance(pin.source, Commit):
                    trees.append(commit_tree(pin, workshop, self._session.context.environ))
                else:
                    trees.append(local_tree(pin))
            except BuildError as error:
                url = redacted(pin.url or "")
                problems.append(FetchFailure(pin, url, error.reason))
        return trees, problems

    def stated_requirements(self) -> dict[str, tuple[str, ...]]:
        """What the planned projects will require, of those whose metadata says so for good (PEP 643), by name."""
        listed = {id(tree) for tree in self._trees}
        builds = [build for build in self._plan.builds.values() if id(build.tree) in listed]
        return {build.name: build.requires_dist for build in builds if build.requires_dist}

    def run(self) -> list[PlannedWheel]:
        """Build what was planned without problems. Raises `BuildError`, `InstallRefused`."""
        if self._builder is None:
            return []
        built = self._builder.build_all(self._plan)
        return [built_wheel(tree, built[key]) for key, tree in zip(self._keys(), self._trees, strict=True)]

    def foreseen(self) -> tuple[list[PlannedWheel], tuple[PendingBuild, ...]]:
        """For a `--dry-run`: what equal builds left in the store, and what would have to be built. Runs no backend."""
        if self._builder is None:
            return [], ()
        known = self._builder.remembered(self._plan)
        named = list(zip(self._keys(), self._trees, strict=True))
        pending = [pending_build(tree, self._plan.builds[name]) for name, tree in named if name not in known]
        return [built_wheel(tree, known[name]) for name, tree in named if name in known], tuple(pending)

    def _keys(self) -> list[str]:
        keys = {id(build.tree): key for key, build in self._plan.builds.items()}
        return [keys[id(tree)] for tree in self._trees]

    def close(self) -> None:
        """Let go of the source trees of all builds, planned or not."""
        self._open.close()

    def _settings(self, listed: Listed) -> BuildSettings:
        session, context = self._session, self._session.context
        settings = project_settings(session.options.sources.requirement_files)
        if settings.path:
            session.reading.read(settings.path)  # what the run depends on is looked at again by the next one
        options = with_settings(session.options.build, settings)
        found = find_isolation()
        required = options.require_sandbox or bool(self._pinned.directive_values("--require-sandbox"))
        isolation = choose_isolation(found, wanted=options.use_sandbox, required=required)
        if not options.use_sandbox:
            context.reporter.note("builds run without a sandbox (--no-sandbox)")
        elif said := found.describe():
            context.reporter.note(said)
        if not options.isolation:
            context.reporter.note(
                "builds use what the target environment has installed (--no-build-isolation); nobody has vetted that"
            )
        needs = further_needs(options.requirements, self._pinned.directives)
        known = {*(pin.name for pin in self._pinned.pins), *listed}
        for name in unbuilt_names(needs, known):
            context.reporter.warning(f"--build-requirement names {name}, which is neither listed nor a build tool")
        home = os.path.expanduser("~")
        folders = visible_folders(options.visible_folders, self._pinned.directives, home)
        path = context.environ.get("PATH", "")
        toolchains = Toolchains(path, folders, home, sees_everything=isolation is Isolation.NONE)
        steering = steering_variables(context.environ)
        return BuildSettings(
            isolation=isolation,
            use_build_environment=options.isolation,
            config_settings=options.config_settings,
            steering={**steering, **toolchains.variables(context.environ)},
            toolchains=toolchains,
            withheld=frozenset(context.environ.keys() - steering.keys()),
            further_needs=needs,
        )

    def _obtain(self, pins: Sequence[PinnedRequirement]) -> Obtained:
        """Verified archives of build requirements; whatever is wrong with one keeps the builds from starting."""
        wanted, refused = self._examined.tools_worth_fetching(pins)
        try:
            fetched = wheels_for(wanted, self._provider)
        except NoIndexToAsk as error:  # of this run nothing else may have needed one
            reason = f"{error}, and building {', '.join(tree.label for tree in self._trees)} needs it"
            return Obtained({}, (), tuple(NoUsableFile(pin, reason) for pin in pins))
        wheels = {name: one.wheel for name, one in fetched.wheels.items()}
        unexamined = self._examined.tool_problems(Used(wheels=[*wheels.values()], sdists=fetched.sdists))
        return Obtained(wheels, fetched.sdists, (*fetched.problems, *refused, *unexamined))


def built_wheel(tree: SourceTree, wheel: StoredWheel) -> PlannedWheel:
    """A built wheel, recorded as coming from what the user vetted."""
    return PlannedWheel(wheel, source_of(tree), tree.pin.is_requested)


def pending_build(tree: SourceTree, build: PlannedBuild) -> PendingBuild:
    """What is known of a build that is not run."""
    return PendingBuild(tree.pin, tree.label, source_of(tree), build.requires_dist, tuple(build.system.requires))


def source_of(tree: SourceTree) -> Provenance:
    """Where a source tree came from: an archive (PEP 710), a commit or folder (PEP 610)."""
    pin = tree.pin
    if isinstance(tree, ArchiveTree):
        archive = tree.archive
        hashes = tuple(sorted({archive.digest, Digest("sha256", archive.sha256)}))
        is_direct = pin.url is not None
        return Provenance(archive.url, hashes, is_direct, subdirectory=pin.subdirectory if is_direct else None)
    commit = tree.key.removeprefix("git:") or None
    url = pin.url or ""
    if isinstance(pin.source, Commit):
        url = url.rpartition("@")[0].removeprefix("git+")
    return Provenance(
        redacted(url), is_direct=True, vcs_commit=commit, is_editable=bool(tree.in_place), subdirectory=pin.subdirectory
    )


def _close_all(archives: Sequence[VerifiedArchive]) -> None:
    for archive in archives:
        archive.file.close()
