"""Builds of a run: constraints, build requirements, and sdists made into wheels."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from peep.build.builder import Builder, BuildSupport, Obtained
from peep.build.plan import BuildPlan, BuildSettings
from peep.build.requirements import Suggest
from peep.build.source_trees import ArchiveTree, FolderTree, SourceTree, commit_tree, local_tree
from peep.build.suggestion import suggested_lines
from peep.build.variables import steering_variables
from peep.dataclass import replace
from peep.errors import (
    BuildError,
    FetchFailure,
    MissingBuildRequirement,
    NoIndexToAsk,
    NoUsableFile,
    PeepError,
    Problem,
)
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
from peep.pipeline.fetch import WheelProvider, wheels_for
from peep.pipeline.run_gate import NothingDemanded, RunGate, Used
from peep.pipeline.session import Session, target_request
from peep.requirements.files import is_url, parse_requirements_files
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.pins import pinned_requirements
from peep.system.sandbox import choose_isolation, find_isolation

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
        support = BuildSupport(self._session.store, self._obtain, self._suggest(), self._session.context.reporter)
        self._builder = Builder(self._session.target, self._settings(), self._constraints(), support)
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
        return [built_wheel(tree, built[name]) for name, tree in zip(self._names(), self._trees, strict=True)]

    def _names(self) -> list[str]:
        names = {id(build.tree): name for name, build in self._plan.builds.items()}
        return [names[id(tree)] for tree in self._trees]

    def close(self) -> None:
        """Let go of the source trees of all builds, planned or not."""
        self._open.close()

    def _settings(self) -> BuildSettings:
        options, context = self._session.options.build, self._session.context
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
        return BuildSettings(
            isolation=isolation,
            use_build_environment=options.isolation,
            config_settings=options.config_settings,
            steering=steering_variables(context.environ),
            search_path=context.environ.get("PATH", ""),
        )

    def _constraints(self) -> Mapping[str, PinnedRequirement]:
        """Build constraints by name: the files given, then the run's own pins for what they do not name."""
        session = self._session
        directed = [
            _beside(directive.location.path, directive.value)
            for directive in self._pinned.directives
            if directive.option == "--build-constraint"
        ]
        paths = list(dict.fromkeys((*session.options.build.constraint_files, *directed)))
        files = parse_requirements_files(paths, session.reading.read, session.context.environ)
        listed = pinned_requirements(files, (), session.target.markers)
        return {pin.name: pin for pin in (*self._pinned.pins, *listed.pins)}

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

    def _suggest(self) -> Suggest:
        def suggest(name: str, wanted: Sequence[str]) -> tuple[str, ...]:
            try:
                details = self._provider.open_index().answers(name).details
            except PeepError:
                return ()  # the report stands without a suggestion
            return suggested_lines(name, wanted, details, ".".join(map(str, self._session.target.version)))

        return suggest


def _beside(path: str, value: str) -> str:
    """A file that a directive names, meant from the folder of the file that it stands in."""
    return value if is_url(value) or is_url(path) else os.path.join(os.path.dirname(path), value)


def built_wheel(tree: SourceTree, wheel: StoredWheel) -> PlannedWheel:
    """A built wheel, recorded as coming from what the user vetted: archive (PEP 710), commit or folder (PEP 610)."""
    pin = tree.pin
    if isinstance(tree, ArchiveTree):
        archive = tree.archive
        hashes = tuple(sorted({archive.digest, Digest("sha256", archive.sha256)}))
        is_direct = pin.url is not None
        provenance = Provenance(archive.url, hashes, is_direct, subdirectory=pin.subdirectory if is_direct else None)
    else:
        commit = tree.key.removeprefix("git:") or None
        url = pin.url or ""
        if isinstance(pin.source, Commit):
            url = url.rpartition("@")[0].removeprefix("git+")
        provenance = Provenance(
            redacted(url),
            is_direct=True,
            vcs_commit=commit,
            is_editable=bool(tree.in_place),
            subdirectory=pin.subdirectory,
        )
    return PlannedWheel(wheel, provenance, pin.is_requested)


def _close_all(archives: Sequence[VerifiedArchive]) -> None:
    for archive in archives:
        archive.file.close()
