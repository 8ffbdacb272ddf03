"""Hooks of `--allow-build` backends, asked in the sandbox, with chosen and hashed tools."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256

from peep.build.builder import BuildSupport, Obtained
from peep.build.metadata_hooks import BackendAnswer, MetadataHooks
from peep.build.plan import BuildSettings
from peep.build.source_trees import ArchiveTree, SourceTree
from peep.build.tool_choice import Listed, tool_key
from peep.build.toolchains import Toolchains
from peep.build.variables import steering_variables
from peep.dataclass import dataclass, replace
from peep.errors import InstallRefused
from peep.formats.core_metadata import ProjectMetadata
from peep.formats.documents import parse_json
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

_KIND = "build-asked"
_FORMAT = 1

Tools = Callable[[Release, NamedFile, Sequence[str]], Listed]
"""(archive, what its build requires beside what it states) -> pins by key that serve it on this machine."""


@dataclass(frozen=True, slots=True)
class _Question:
    """A backend, and the tools that it is asked with."""

    release: Release
    file: NamedFile
    tools: Listed
    key: str
    """Of all that the answer depends on."""

    @property
    def filename(self) -> str:
        return self.file.file.filename


class LockHooks:
    """Implements `lock_metadata.MetadataHooks` and `lock_builds.Hooks`."""

    def __init__(
        self, allowed: Collection[str], machine: Machine, tools: Tools, digest: Callable[[NamedFile], Digest]
    ) -> None:
        """`allowed`: names of projects; `digest` gives the true digest of a file, stated or computed."""
        self._allowed = frozenset(map(normalised, allowed))
        self._machine = machine
        self._tools = tools
        self._digest = digest
        self.trees: dict[str, Callable[[], AbstractContextManager[SourceTree]]] = {}
        """Trees of commits, by the names of their files."""
        self._asked: dict[str, tuple[str, ...]] = {}
        """What backends need beside what is stated, by the keys of questions."""
        self._questions: dict[tuple[str, tuple[str, ...]], _Question] = {}

    def may_be_asked(self, project: str) -> bool:
        return project in self._allowed

    def asked(self, release: Release, file: NamedFile, requires: Sequence[str]) -> tuple[str, ...]:
        """Give back what a backend needs beside `requires`. Raises `BuildError`, `InstallRefused`, `CouldNotJudge`."""
        question = self._question(release, file, tuple(requires))
        known = self._known(question)
        if known is None:
            with self._backend(question) as (hooks, tree):
                self._machine.note(f"asking the build backend of {question.filename} what it needs")
                known = self._kept(question, hooks.requirements_of(tree))
        return known

    def metadata(self, release: Release, file: NamedFile) -> ProjectMetadata:
        """Give back what a wheel of an archive will require. Raises `BuildError`, `InstallRefused`, `CouldNotJudge`.

        Kept by the archive's digest and all that it is built with. The backend is asked until it needs nothing new;
        `UnbuildableSdist` is raised where that has no end.
        """
        cache = MetadataCache(self._machine.store)
        wanted: tuple[str, ...] = ()
        for _ in range(MOST_ROUNDS):
            question = self._question(release, file, wanted)
            if (found := cache.get(question.key)) is not None:
                return found
            needs = self._known(question)
            if needs is None or set(needs) <= set(wanted):
                answer = self._answer(question, wanted)
                if answer.metadata is not None:
                    cache.put(question.key, answer.metadata)
                    return answer.metadata
                needs = answer.requires
            wanted = tuple(dict.fromkeys((*wanted, *needs)))
        raise UnbuildableSdist(f"after {MOST_ROUNDS} rounds the backend of {file.file.filename} still asks for more")

    def _answer(self, question: _Question, known: Sequence[str]) -> BackendAnswer:
        """Ask for all that a backend can say with the tools that it has."""
        with self._backend(question) as (hooks, tree):
            name = question.filename
            self._machine.note(f"asking the build backend of {name} what it requires, here and for all targets")
            answer = hooks.answer_of(tree, frozenset(known))
        self._kept(question, answer.requires)
        return answer

    def _question(self, release: Release, file: NamedFile, requires: tuple[str, ...]) -> _Question:
        """Choose the tools of a backend; with the same tools, however they are stated, it has the same answers."""
        asked = file.file.filename, requires
        if asked not in self._questions:
            tools = self._tools(release, file, requires)
            is_commit = file.file.filename in self.trees
            key = self._machine.key(file.file.url if is_commit else str(self._digest(file)), tools)
            self._questions[asked] = _Question(release, file, tools, key)
        return self._questions[asked]

    def _known(self, question: _Question) -> tuple[str, ...] | None:
        """Give back what a backend asked for before, in this run or an earlier one."""
        if question.key not in self._asked:
            kept = self._machine.store.get_value(_KIND, f"{_FORMAT} {question.key}")
            if kept is None:
                return None
            try:
                self._asked[question.key] = tuple(str(text) for text in parse_json(kept))
            except (ValueError, TypeError):
                return None
        return self._asked[question.key]

    def _kept(self, question: _Question, requires: tuple[str, ...]) -> tuple[str, ...]:
        self._asked[question.key] = requires
        self._machine.store.put_value(_KIND, f"{_FORMAT} {question.key}", json.dumps(requires).encode())
        return requires

    @contextmanager
    def _backend(self, question: _Question) -> Iterator[tuple[MetadataHooks, SourceTree]]:
        """Give what asks a backend, and its tree, once all that is about to run was judged."""
        self._refuse_malware(question.release, question.file, question.tools)
        with self._machine.hooks(question.tools) as hooks, self._tree(question.release, question.file) as tree:
            yield hooks, tree

    def _refuse_malware(self, release: Release, file: NamedFile, tools: Listed) -> None:
        """Judge all that is about to run; a commit has no digest, and its version is known when it has run."""
        is_commit = file.file.filename in self.trees
        own = () if is_commit else (_pin(release.project, release.text, (self._digest(file),)),)
        self._machine.refuse_malware((*own, *(pin for pins in tools.values() for pin in pins)))

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
