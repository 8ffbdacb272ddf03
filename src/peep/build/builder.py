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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from peep.build.requirements import DOWNLOADERS, BuildNeed, Closure, Suggest, close_needs, downloads_only
from peep.build.source_trees import ArchiveTree, SourceTree
from peep.build.tool_choice import Listed, tool_key
from peep.build.workspace import Workspace
from peep.dataclass import dataclass, field, replace
from peep.errors import ArchiveError, BackendFailed, BadArchive, BuildError, InstallRefused, Problem
from peep.formats.dependency_specifiers import read_requirement
from peep.formats.documents import parse_json
from peep.formats.names import normalised
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


_MOST_ASKED = 3
"""Times that a backend is asked what it needs, should that change the versions of what it already has."""

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
    """Builds for one target under one set of build constraints, which may list several versions of a tool.

    Everything that is known of a tool stands under its `tool_key`.
    """

    def __init__(
        self, target: TargetEnvironment, settings: BuildSettings, listed: Listed, support: BuildSupport
    ) -> None:
        self._target = target
        self._settings = settings
        self._listed = listed
        self._support = support
        self._wheels: dict[str, StoredWheel] = {}
        self._builds: dict[str, PlannedBuild] = {}
        self._requires_dist: dict[str, Sequence[str]] = {}
        self._trees: list[SourceTree] = []
        self._obtaining = threading.Lock()

    def plan(self, trees: Iterable[SourceTree]) -> BuildPlan:
        """Read the source trees and obtain what building them needs, as far as that can be known without running code.

        Problems are collected: archives that break the rules, build requirements that no constraint pins, and whatever
        keeps a pinned one from being had.
        """
        problems = [problem for tree in trees for problem in self._take_in(tree)]
        if self._settings.use_build_environment:
            needs = lambda: [  # noqa: E731 - asked again: sdists among the requirements have needs of their own
                need for build in self._builds.values() for need in build.static_needs(self._listed)
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
        further = self._settings.further_needs.get(build.name, ())
        key = self._key_of(build)
        self._builds[key] = replace(build, further_needs=further) if further else build
        self._requires_dist.setdefault(key, build.requires_dist or ())
        return []

    def _key_of(self, build: PlannedBuild) -> str:
        """The `tool_key` of its pin if that is what builds use; another text for a listed project that they do not.

        A requirements file and the build constraints may pin different archives of one project.
        """
        pin = build.tree.pin
        tools = [tool for tool in self._listed.get(build.name, ()) if tool_key(tool) == tool_key(pin)]
        is_tool = all((tool.hashes, tool.listed_files) == (pin.hashes, pin.listed_files) for tool in tools)
        return tool_key(pin) if is_tool else f"{build.name} as listed"

    def _obtain_all(self, needs: Callable[[], list[BuildNeed]]) -> list[Problem]:
        """Obtain requirements of requirements until nothing new appears; then say what is missing."""
        problems: list[Problem] = []
        while unread := self._close(needs()).unread:
            for pins in _one_of_each(unread):
                obtained = self._support.obtain(pins)
                problems += obtained.problems
                self._keep({tool_key(pin): obtained.wheels[pin.name] for pin in pins if pin.name in obtained.wheels})
                problems += [problem for archive in obtained.sdists for problem in self._take_in(ArchiveTree(archive))]
            for pin in unread:  # what did not come is a problem already, and is not asked for again
                self._requires_dist.setdefault(tool_key(pin), ())
        if self._close(needs()).problems:
            problems += self._close(needs(), self._support.suggest).problems
        return problems

    def _keep(self, wheels: Mapping[str, StoredWheel]) -> None:
        self._wheels.update(wheels)
        self._requires_dist.update({key: wheel.requires_dist for key, wheel in wheels.items()})

    def _close(self, needs: Iterable[BuildNeed], suggest: Suggest = lambda _name, _texts: ()) -> Closure:
        return close_needs(needs, self._listed, self._requires_dist, self._target.markers, suggest)

    def close(self) -> None:
        """Let go of the source trees of every build, those of build requirements included."""
        for tree in self._trees:
            tree.close()

    def build_all(self, plan: BuildPlan) -> dict[str, StoredWheel]:
        """Build everything of a plan without problems, several at once; gives back all its wheels by the plan's keys.

        Raises `BuildError` with every failure; what was built stays in the store. Raises `InstallRefused` when a
        backend asks for something that is not pinned.
        """
        waiting = dict(plan.builds)
        built: dict[str, StoredWheel] = {}
        while waiting:
            ready = {name: build for name, build in waiting.items() if not self._tool_keys(build) & waiting.keys()}
            if not ready:
                names = sorted(build.name for build in waiting.values())
                raise BuildError(f"these need each other to be built: {', '.join(names)}")
            built |= self._build_wave(ready)
            self._keep(built)
            for name in ready:
                del waiting[name]
        return built

    def remembered(self, plan: BuildPlan) -> dict[str, StoredWheel]:
        """Wheels of a plan that equal builds left in the store, by the plan's keys; runs no backend."""
        found: dict[str, StoredWheel] = {}
        while self._settings.use_build_environment:
            new = {
                key: wheel
                for key, build in plan.builds.items()
                if key not in found and (wheel := self._stored_build(build)) is not None
            }
            if not new:
                break
            found |= new
            self._keep(new)
        return found

    def _stored_build(self, build: PlannedBuild) -> StoredWheel | None:
        if not build.tree.key or not self._tool_keys(build) <= self._wheels.keys():
            return None
        try:
            tools = self._tools(build.static_needs(self._listed))
            return self._remembered(build, build_key(build, self._settings, self._target, tools))
        except (InstallRefused, BuildError):  # what its backend asked for then cannot be had now
            return None

    def _tool_keys(self, build: PlannedBuild) -> set[str]:
        if not self._settings.use_build_environment:
            return set()
        return {tool_key(pin) for pin in self._close(build.static_needs(self._listed)).pins}

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
            for failure in failures:
                self._support.reporter.warning(str(failure))
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
        tools = self._tools(build.static_needs(self._listed))
        key = build_key(build, self._settings, self._target, tools)
        if build.tree.key and (remembered := self._remembered(build, key)):
            self._support.reporter.detail(f"{build.tree.label}: built before from the same inputs")
            return remembered
        wheel, asked = self._build_in_area(build, tools)
        if not build.tree.key:
            return wheel
        account = {"asked": asked, "tools": digests(self._tools_with(build, asked))}
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
        return wheel if digests(self._tools_with(build, asked)) == tools else None

    def _tools_with(self, build: PlannedBuild, asked: Sequence[str]) -> dict[str, StoredWheel]:
        """Wheels for all that a build needs, with what its backend asked for; by project name."""
        return self._tools([*build.static_needs(self._listed), *build.needs(asked)])

    def _tools(self, needs: Sequence[BuildNeed]) -> dict[str, StoredWheel]:
        """Wheels for needs of one build and all that they require, by project name.

        Raises `InstallRefused` when one cannot be had.
        """
        with self._obtaining:
            problems = self._obtain_all(lambda: list(needs))
        if problems:
            raise InstallRefused(tuple(problems))
        pins = {pin.name: tool_key(pin) for pin in self._close(needs).pins}
        if missing := [name for name, key in pins.items() if key not in self._wheels]:
            raise BuildError(
                f"its build needs {', '.join(sorted(missing))}, of which there is only an sdist, "
                "and it asked for that too late to build it first",
                "add it to build-system.requires, or pin a wheel of it",
                subject=needs[0].sdist,
            )
        return {name: self._wheels[pins[name]] for name in sorted(pins)}

    def _build_in_area(self, build: PlannedBuild, tools: dict[str, StoredWheel]) -> tuple[StoredWheel, tuple[str, ...]]:
        """Run the backend in a fresh area; the wheel, and what the backend asked for."""
        self._support.reporter.note(f"building {build.tree.label}")
        with kept_log(build.name) as log_path:
            for _ in range(_MOST_ASKED):
                made, asked, tools = self._attempt(build, tools, log_path)
                if made is not None:
                    return made, asked
        raise BuildError(
            "its backend asks for other versions of its tools each time that it gets those it asked for",
            "list only the versions of them that it should have",
            subject=build.tree.label,
        )

    def _attempt(
        self, build: PlannedBuild, tools: dict[str, StoredWheel], log_path: str
    ) -> tuple[StoredWheel | None, tuple[str, ...], dict[str, StoredWheel]]:
        """The wheel, what the backend asked for, and the tools that this comes to.

        No wheel where what it asked for takes another version of a tool that is in its environment: then it has to
        be asked again, in an environment with those tools.
        """
        with self._support.store.workshop() as root:
            site = Workspace(root, build, self._settings, self._target)
            settings = merged_settings(self._settings.config_settings, build.tree.pin.config_settings)
            backend = site.backend(tools, log_path)
            asked = backend.requires_for_wheel(settings, editable=bool(build.tree.in_place))
            self._refuse_downloads(build, asked)
            if asked and site.build_environment is not None:
                wanted = self._tools_with(build, asked)
                if any(wanted[name].sha256 != wheel.sha256 for name, wheel in tools.items() if name in wanted):
                    return None, asked, wanted
                site.build_environment.add(wanted)
            return self._accepted(build, backend, settings, log_path), asked, tools

    def _refuse_downloads(self, build: PlannedBuild, asked: Sequence[str]) -> None:
        """Raise `BuildError` for a helper that would fetch a compiler: no list of build constraints can replace that.

        Unless the user has listed it, and knows why.
        """
        for name in (normalised(read_requirement(text).name) for text in asked):
            if name in DOWNLOADERS and name not in self._listed:
                program = DOWNLOADERS[name][0]
                reason = f"its backend asks for {name}; {downloads_only(name)}"
                hint = self._settings.toolchains.explain(program) or f"install {program} where builds see it: /usr"
                raise BuildError(reason, hint, subject=build.tree.label)

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


def _one_of_each(pins: Iterable[PinnedRequirement]) -> list[list[PinnedRequirement]]:
    """Pins in groups without two of one project: what is fetched together is told apart by its project's name."""
    groups: list[dict[str, PinnedRequirement]] = []
    for pin in pins:
        group = next((group for group in groups if pin.name not in group), None)
        if group is None:
            groups.append(group := {})
        group[pin.name] = pin
    return [list(group.values()) for group in groups]


@contextlib.contextmanager
def kept_log(name: str) -> Iterator[str]:
    """The path of a new file for what a backend prints; it stays only where a failure speaks of it."""
    descriptor, path = tempfile.mkstemp(prefix=f"peep-build-{name}-", suffix=".log")
    os.close(descriptor)
    is_wanted = False
    try:
        yield path
    except BackendFailed as failure:
        is_wanted = os.path.getsize(path) > 0
        if not is_wanted:
            failure.log_path = failure.hint = ""
        raise
    finally:
        if not is_wanted:
            with contextlib.suppress(OSError):
                os.unlink(path)
