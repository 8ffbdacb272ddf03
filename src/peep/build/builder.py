"""Builds of verified sdists into stored wheels, planned first and run afterwards.

In two steps, so that nothing runs before everything is verified (promise 2): `plan` reads the archives and obtains
every build requirement that can be known without running code; `build_all` runs the backends. What a backend asks for
beyond that, in its own hook, must be pinned as well, and is obtained then.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import BinaryIO

from peep.archives.sdist import DEFAULT_MTIME
from peep.archives.wheel import open_wheel
from peep.build.hooks import Backend, ConfigSettings
from peep.build.normalise import normalise_wheel
from peep.build.plan import (
    BuildPlan,
    BuildSettings,
    PlannedBuild,
    build_key,
    digests,
    inspect_tree,
    merged_settings,
    wrong_identity,
)
from peep.build.requirements import BuildNeed, Closure, Suggest, close_needs
from peep.build.source_trees import ArchiveTree, SourceTree
from peep.build.workspace import Workspace
from peep.dataclass import dataclass, field
from peep.errors import ArchiveError, BackendFailed, BadArchive, BuildError, InstallRefused, Problem
from peep.formats.documents import parse_json
from peep.model import PinnedRequirement, StoredWheel, TargetEnvironment, VerifiedArchive
from peep.reporting import Reporter
from peep.store.wheels import Store


@dataclass(frozen=True, slots=True)
class Obtained:
    """What came of asking for the archives of some pins: all verified."""

    wheels: Mapping[str, StoredWheel] = field(default_factory=dict)
    """By project name."""
    sdists: tuple[VerifiedArchive, ...] = ()
    problems: tuple[Problem, ...] = ()


Obtain = Callable[[Sequence[PinnedRequirement]], Obtained]


@dataclass(frozen=True, slots=True)
class BuildSupport:
    """What a builder works with: where wheels are kept, how archives and suggestions are had, who is told."""

    store: Store
    obtain: Obtain
    suggest: Suggest
    reporter: Reporter


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A wheel just built, for `open_wheel`."""

    filename: str
    file: BinaryIO
    sha256: str


class Builder:
    """Builds for one target under one set of build constraints, by key (see `requirements.close_needs`)."""

    def __init__(
        self,
        target: TargetEnvironment,
        settings: BuildSettings,
        constraints: Mapping[str, PinnedRequirement],
        support: BuildSupport,
    ) -> None:
        self._target = target
        self._settings = settings
        self._constraints = constraints
        self._support = support
        self._wheels: dict[str, StoredWheel] = {}
        self._builds: dict[str, PlannedBuild] = {}
        self._requires_dist: dict[str, Sequence[str]] = {}
        self._trees: list[SourceTree] = []
        self._obtaining = threading.Lock()

    # -- before any code runs ----------------------------------------------------------------------

    def plan(self, trees: Iterable[SourceTree]) -> BuildPlan:
        """Read the source trees and obtain what building them needs, as far as that can be known without running code.

        Problems are collected: archives that break the rules, build requirements that no constraint pins, and whatever
        keeps a pinned one from being had.
        """
        problems = [problem for tree in trees for problem in self._take_in(tree)]
        if self._settings.use_build_environment:
            needs = lambda: [  # noqa: E731 - asked again: sdists among the requirements have needs of their own
                need for build in self._builds.values() for need in build.static_needs(self._constraints)
            ]
            problems += self._obtain_all(needs)
        return BuildPlan(dict(self._builds), tuple(dict.fromkeys(problems)))

    def _take_in(self, tree: SourceTree) -> list[Problem]:
        self._trees.append(tree)
        try:
            build = inspect_tree(tree)
        except ArchiveError as error:
            return [BadArchive(tree.pin, tree.label, error.problems, error.hint)]
        except BuildError as error:
            return [BadArchive(tree.pin, tree.label, (error.reason,))]
        key = self._key_of(build)
        self._builds[key] = build
        self._requires_dist.setdefault(key, build.requires_dist or ())
        return []

    def _key_of(self, build: PlannedBuild) -> str:
        """Its key among the constraints if it is what builds use; another text for a listed project that is not.

        A requirements file and the build constraints may pin different archives of one project.
        """
        listed = [(key, pin) for key, pin in self._constraints.items() if key.partition("==")[0] == build.name]
        own = build.tree.pin
        same = (key for key, pin in listed if (pin.hashes, pin.listed_files) == (own.hashes, own.listed_files))
        return next(same, f"{build.name} as listed" if listed else build.name)

    def _obtain_all(self, needs: Callable[[], list[BuildNeed]]) -> list[Problem]:
        """Obtain requirements of requirements until nothing new appears; then say what is missing."""
        problems: list[Problem] = []
        while unread := self._close(needs()).unread:
            keys = {pin.name: self._key_of_pin(pin) for pin in reversed(unread)}  # of each project one version a time
            obtained = self._support.obtain([self._constraints[key] for key in reversed(keys.values())])
            problems += obtained.problems
            for name, wheel in obtained.wheels.items():
                self._wheels[keys[name]] = wheel
                self._requires_dist[keys[name]] = wheel.requires_dist
            problems += [problem for archive in obtained.sdists for problem in self._take_in(ArchiveTree(archive))]
            for key in keys.values():  # what did not come is a problem already, and is not asked for again
                self._requires_dist.setdefault(key, ())
        if self._close(needs()).problems:
            problems += self._close(needs(), self._support.suggest).problems
        return problems

    def _key_of_pin(self, pin: PinnedRequirement) -> str:
        return next(key for key, one in self._constraints.items() if one is pin)

    def _close(self, needs: Iterable[BuildNeed], suggest: Suggest = lambda _name, _texts: ()) -> Closure:
        return close_needs(needs, self._constraints, self._requires_dist, self._target.markers, suggest)

    def close(self) -> None:
        """Let go of the source trees of every build, those of build requirements included."""
        for tree in self._trees:
            tree.close()

    # -- running backends --------------------------------------------------------------------------

    def build_all(self, plan: BuildPlan) -> dict[str, StoredWheel]:
        """Build everything of a plan without problems, several at once; gives back all its wheels by project name.

        Raises `BuildError` with every failure; what was built stays in the store. Raises `InstallRefused` when a
        backend asks for something that is not pinned.
        """
        waiting = dict(plan.builds)
        built: dict[str, StoredWheel] = {}
        while waiting:
            ready = {name: build for name, build in waiting.items() if not self._tool_names(build) & waiting.keys()}
            if not ready:
                raise BuildError(f"these need each other to be built: {', '.join(sorted(waiting))}")
            built |= self._build_wave(ready)
            self._wheels |= built
            self._requires_dist |= {name: wheel.requires_dist for name, wheel in built.items()}
            for name in ready:
                del waiting[name]
        return built

    def _tool_names(self, build: PlannedBuild) -> set[str]:
        if not self._settings.use_build_environment:
            return set()
        return set(self._close(build.static_needs(self._constraints)).pins)

    def _build_wave(self, builds: Mapping[str, PlannedBuild]) -> dict[str, StoredWheel]:
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            futures = {name: pool.submit(self._built, build) for name, build in builds.items()}
        errors = [error for future in futures.values() if (error := future.exception()) is not None]
        refusals = [problem for error in errors if isinstance(error, InstallRefused) for problem in error.problems]
        failures = [error for error in errors if isinstance(error, BuildError)]
        for error in errors:
            if not isinstance(error, InstallRefused | BuildError):
                raise error
        if refusals:
            raise InstallRefused(tuple(dict.fromkeys(refusals)))
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise BuildError("\n".join(map(str, failures)), "\n".join(dict.fromkeys(one.hint for one in failures)))
        return {name: future.result() for name, future in futures.items()}

    def _built(self, build: PlannedBuild) -> StoredWheel:
        """The wheel of one sdist: from the store where an equal build left it, otherwise built now."""
        if not self._settings.use_build_environment:
            return self._build_in_area(build, {})[0]
        tools = self._tools(build.static_needs(self._constraints))
        key = build_key(build, self._settings, self._target, tools)
        if build.tree.key and (remembered := self._remembered(build, key)):
            self._support.reporter.detail(f"{build.tree.label}: built before from the same inputs")
            return remembered
        wheel, asked = self._build_in_area(build, tools)
        if not build.tree.key:
            return wheel
        account = {"asked": asked, "tools": digests(self._tools(build.needs(asked)))}
        self._support.store.note_built(key, wheel.sha256, json.dumps(account, sort_keys=True).encode())
        return wheel

    def _remembered(self, build: PlannedBuild, key: str) -> StoredWheel | None:
        """A wheel built for this key, if what its backend asked for then would be the same bytes now."""
        found = self._support.store.built(key)
        if found is None:
            return None
        wheel, account = found
        try:
            noted = parse_json(account)
            asked, tools = list(noted["asked"]), dict(noted["tools"])
        except (ValueError, KeyError, TypeError):
            return None
        return wheel if digests(self._tools(build.needs(asked))) == tools else None

    def _tools(self, needs: Sequence[BuildNeed]) -> dict[str, StoredWheel]:
        """Wheels for some needs and all that they require. Raises `InstallRefused` when one cannot be had."""
        with self._obtaining:
            problems = self._obtain_all(lambda: list(needs))
        if problems:
            raise InstallRefused(tuple(problems))
        pins = self._close(needs).pins
        if missing := [key for key in pins if key not in self._wheels]:
            raise BuildError(
                f"its build needs {', '.join(sorted(missing))}, of which there is only an sdist, "
                "and it asked for that too late to build it first",
                "add it to build-system.requires, or pin a wheel of it",
                subject=needs[0].sdist,
            )
        return {pins[key].name: self._wheels[key] for key in sorted(pins)}

    def _build_in_area(self, build: PlannedBuild, tools: dict[str, StoredWheel]) -> tuple[StoredWheel, tuple[str, ...]]:
        """Run the backend in a fresh area; the wheel, and what the backend asked for."""
        self._support.reporter.note(f"building {build.tree.label}")
        log_path = new_log(build.name)
        with self._support.store.workshop() as root:
            site = Workspace(root, build, self._settings, self._target)
            settings = merged_settings(self._settings.config_settings, build.tree.pin.config_settings)
            backend = site.backend(tools, log_path)
            asked = backend.requires_for_wheel(settings, editable=bool(build.tree.in_place))
            if asked and site.build_environment is not None:
                site.build_environment.add(self._tools(build.needs(asked)))
            wheel = self._accepted(build, backend, settings, log_path)
        with contextlib.suppress(OSError):
            os.unlink(log_path)
        return wheel, asked

    def _accepted(self, build: PlannedBuild, backend: Backend, settings: ConfigSettings, log_path: str) -> StoredWheel:
        """Have the wheel built, normalise it, and let it into the store through the same gate as every wheel."""
        filename, raw = backend.build_wheel(settings, editable=bool(build.tree.in_place))
        try:
            content = normalise_wheel(filename, raw, DEFAULT_MTIME)
            contents = open_wheel(WheelFile(filename, io.BytesIO(content), sha256(content).hexdigest()))
            cause = wrong_identity(contents.identity, build.tree.pin, self._target.tags)
            if not cause:
                return self._support.store.add(contents)
        except ArchiveError as error:
            cause = "the wheel that it made breaks the rules: " + "; ".join(error.problems)
        raise BackendFailed(build.tree.label, "build_wheel", None, cause=cause, log_path=log_path)


def new_log(name: str) -> str:
    """Make an empty log file; gives back its path."""
    descriptor, path = tempfile.mkstemp(prefix=f"peep-build-{name}-", suffix=".log")
    os.close(descriptor)
    return path
