"""Backends of `--allow-build`: asked on this machine, in the sandbox, with tools that were chosen for it and hashed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256

from peep.build.builder import BuildSupport, Obtained
from peep.build.metadata_hooks import MetadataHooks
from peep.build.plan import BuildSettings
from peep.build.source_trees import ArchiveTree, SourceTree
from peep.build.tool_choice import Listed, tool_key
from peep.build.toolchains import Toolchains
from peep.build.variables import steering_variables
from peep.dataclass import replace
from peep.errors import InstallRefused
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.names import normalised
from peep.locking.build_plan import MOST_ROUNDS, UnbuildableSdist
from peep.locking.candidates import NamedFile, Release
from peep.model import Digest, FormatControl, Location, PinnedRequirement, TargetEnvironment, VerifiedArchive
from peep.pipeline.audits.lock_builds_gate import RefuseMalware
from peep.pipeline.context import RunContext
from peep.pipeline.fetch import WheelProvider, wheels_for
from peep.store.metadata_cache import MetadataCache
from peep.store.wheels import Store
from peep.system.sandbox import Isolation, choose_isolation, find_isolation

Tools = Callable[[Release, NamedFile, Sequence[str]], Listed]
"""(archive, what its build requires beside what it states) -> pins by key that serve it on this machine."""


class LockHooks:
    """Implements `lock_metadata.MetadataHooks` and `lock_builds.Hooks`."""

    def __init__(
        self,
        allowed: Collection[str],
        machine: Machine,
        tools: Tools,
        digest: Callable[[NamedFile], Digest],
    ) -> None:
        """`allowed`: names of projects; `digest` gives the true digest of a file, stated or computed."""
        self._allowed = frozenset(map(normalised, allowed))
        self._machine = machine
        self._tools = tools
        self._digest = digest
        self.trees: dict[str, Callable[[], AbstractContextManager[SourceTree]]] = {}
        """Trees of commits, by the names of their files."""
        self._answers: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}

    def may_be_asked(self, project: str) -> bool:
        return project in self._allowed

    def asked(self, release: Release, file: NamedFile, requires: Sequence[str]) -> tuple[str, ...]:
        """Give back what a backend needs beside `requires`. Raises `BuildError`, `InstallRefused`, `CouldNotJudge`."""
        key = file.file.filename, tuple(requires)
        if key not in self._answers:
            tools = self._tools(release, file, requires)
            self._refuse_malware(release, file, tools)
            with self._machine.hooks(tools) as hooks, self._tree(release, file) as tree:
                self._machine.note(f"asking the build backend of {key[0]} what it needs")
                self._answers[key] = hooks.requirements_of(tree)
        return self._answers[key]

    def metadata(self, release: Release, file: NamedFile) -> ProjectMetadata:
        """Give back what a wheel of an archive will require. Raises `BuildError`, `InstallRefused`, `CouldNotJudge`.

        Kept by the archive's digest and all that it is built with.
        """
        tools = self._tools(release, file, self._settled(release, file))
        is_commit = file.file.filename in self.trees
        key = self._machine.key(file.file.url if is_commit else str(self._digest(file)), tools)
        cache = MetadataCache(self._machine.store)
        kept = cache.get(key)
        if kept is not None:
            return kept
        self._refuse_malware(release, file, tools)
        with self._machine.hooks(tools) as hooks, self._tree(release, file) as tree:
            name = file.file.filename
            self._machine.note(f"asking the build backend of {name} what it requires, here and for all targets")
            found = hooks.metadata_of(tree)
        cache.put(key, found)
        return found

    def _refuse_malware(self, release: Release, file: NamedFile, tools: Listed) -> None:
        """Judge all that is about to run; a commit has no digest, and its version is known when it has run."""
        is_commit = file.file.filename in self.trees
        own = () if is_commit else (_pin(release.project, release.text, (self._digest(file),)),)
        self._machine.refuse_malware((*own, *(pin for pins in tools.values() for pin in pins)))

    def _settled(self, release: Release, file: NamedFile) -> tuple[str, ...]:
        """Ask until the backend asks for nothing new. Raises `UnbuildableSdist` where that has no end."""
        wanted: tuple[str, ...] = ()
        for _ in range(MOST_ROUNDS):
            more = tuple(dict.fromkeys((*wanted, *self.asked(release, file, wanted))))
            if more == wanted:
                return wanted
            wanted = more
        raise UnbuildableSdist(f"after {MOST_ROUNDS} rounds the backend of {file.file.filename} still asks for more")

    @contextmanager
    def _tree(self, release: Release, file: NamedFile) -> Iterator[SourceTree]:
        opened = self.trees.get(file.file.filename)
        if opened is not None:
            with opened() as found:
                yield found
            return
        tree = ArchiveTree(self._machine.sdist(release, self._digest(file)))
        try:
            yield tree
        finally:
            tree.close()


class Machine:
    """The interpreter of this run and its sandbox: where backends run."""

    def __init__(
        self,
        target: TargetEnvironment,
        provider: WheelProvider,
        context: RunContext,
        refuse_malware: RefuseMalware,
        *,
        requires_sandbox: bool,
    ) -> None:
        """`refuse_malware` is asked about all archives that are about to run."""
        self.store: Store = provider.store
        self.refuse_malware = refuse_malware
        self._requires_sandbox = requires_sandbox
        self._target = target
        self._provider = provider
        self._context = context

    def note(self, text: str) -> None:
        self._context.reporter.note(text)

    def key(self, source: str, tools: Listed) -> str:
        """Give back a digest of everything that an answer depends on."""
        listed = {tool_key(pin): [str(digest) for digest in pin.hashes] for pins in tools.values() for pin in pins}
        python = [*self._target.version, self._target.implementation, *self._target.tags[:1]]
        return sha256(json.dumps(["built", source, python, listed], sort_keys=True).encode()).hexdigest()

    def sdist(self, release: Release, digest: Digest) -> VerifiedArchive:
        """Fetch an archive through the gate. Raises `InstallRefused`."""
        pin = _pin(release.project, release.text, (digest,))
        formats = FormatControl(no_binary=frozenset({release.project}))
        fetched = wheels_for([pin], replace(self._provider, formats=formats))
        if not fetched.sdists:
            raise InstallRefused(fetched.problems)
        return fetched.sdists[0]

    @contextmanager
    def hooks(self, tools: Listed) -> Iterator[MetadataHooks]:
        """Give what asks backends, with these tools at hand."""
        support = BuildSupport(self.store, self._obtain, lambda _name, _wanted: (), self._context.reporter)
        hooks = MetadataHooks(self._target, self._settings(), tools, support)
        try:
            yield hooks
        finally:
            hooks.close()

    def _obtain(self, pins: Sequence[PinnedRequirement]) -> Obtained:
        fetched = wheels_for(pins, replace(self._provider, formats=FormatControl()))
        wheels = {name: one.wheel for name, one in fetched.wheels.items()}
        return Obtained(wheels, fetched.sdists, fetched.problems)

    def _settings(self) -> BuildSettings:
        found = find_isolation()
        isolation = choose_isolation(found, wanted=True, required=self._requires_sandbox)
        if said := found.describe():
            self.note(said)
        environ = self._context.environ
        sees_everything = isolation is Isolation.NONE
        toolchains = Toolchains(environ.get("PATH", ""), (), os.path.expanduser("~"), sees_everything=sees_everything)
        steering = steering_variables(environ)
        return BuildSettings(
            isolation=isolation,
            steering={**steering, **toolchains.variables(environ)},
            toolchains=toolchains,
            withheld=frozenset(environ.keys() - steering.keys()),
        )


def pins_of_tools(tools: Sequence[tuple[str, str, tuple[Digest, ...]]]) -> Listed:
    """Make pins of names, versions and digests, by name."""
    listed: dict[str, list[PinnedRequirement]] = {}
    for name, version, hashes in tools:
        listed.setdefault(name, []).append(_pin(name, version, hashes))
    return listed


def _pin(name: str, version: str, hashes: tuple[Digest, ...]) -> PinnedRequirement:
    return PinnedRequirement(name, name, version, (Location("--allow-build", 0),), hashes)
