"""Session of a lock: what a run reads, asks and writes with; opened once, by all verbs that lock or judge lists."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from functools import partial
from types import MappingProxyType

from peep.archives.download import Downloader
from peep.dataclass import dataclass, field, replace
from peep.errors import RequirementsErrors, UsageError
from peep.formats.target_ids import TargetId, parse_target_id
from peep.formats.url_secrets import redacted
from peep.index.bound import name_pattern
from peep.index.client import KeptPages
from peep.locking.candidates import CandidatePolicy
from peep.locking.group_view import GroupView
from peep.locking.kept_directives import kept_directives
from peep.locking.lock_plan import HashPolicy, PlannedPin, stated_sha256
from peep.locking.lock_run import LockInputs, view_sources
from peep.locking.make_lock import Lock, LockFormat, OutsideWorld, make_lock, written_pins
from peep.locking.output.pylock import KnownFiles, PylockStyle, lock_file_text
from peep.locking.output.requirements_txt import RequirementsLock, requirements_text
from peep.locking.roots import Root
from peep.locking.solver import TargetSolution
from peep.locking.source_files import admission
from peep.locking.target_groups import joint_groups
from peep.locking.tool_list import LockedTools, ToolFormat
from peep.model import FormatControl, TargetEnvironment
from peep.pipeline.audits.lock_builds_gate import refuse_malware_in_builds
from peep.pipeline.context import RunContext
from peep.pipeline.fetch import Stages, WheelProvider
from peep.pipeline.locking.build_hooks import LockHooks, Machine
from peep.pipeline.locking.builds import LockBuilds
from peep.pipeline.locking.direct_projects import direct_projects
from peep.pipeline.locking.direct_roots import DirectPages, DirectProject, DirectRoots, KnownDirect
from peep.pipeline.locking.host_tools import HostTools
from peep.pipeline.locking.kept_pages import ComparedOfflinePages, ComparedPages, OfflinePages, RevalidatedPages
from peep.pipeline.locking.lock_file import PresentLock, output_of, read_pins, read_present
from peep.pipeline.locking.metadata import IndexMetadata
from peep.pipeline.locking.pages import IndexPages
from peep.pipeline.locking.prefetch import walk
from peep.pipeline.locking.received_once import ReceivedOnce
from peep.pipeline.locking.remembered_lock import PagesSeen, RememberedRun, recalled, remember, run_key
from peep.pipeline.locking.request import (
    LockOptions,
    index_names,
    moment,
    shadow_warnings,
    wanted_versions,
)
from peep.pipeline.locking.sources import ReadSources, read_sources
from peep.pipeline.locking.verify_files import verify_files
from peep.pipeline.network import Network
from peep.pipeline.pip_configuration import configured_pip
from peep.pipeline.read_pins import Reading
from peep.pipeline.session import opened_store, target_request
from peep.requirements.pinned_set import Directive
from peep.requirements.run_options import with_format
from peep.store.metadata_cache import MetadataCache
from peep.store.page_cache import PageCache
from peep.store.wheels import Store
from peep.target.declared import id_of_environment
from peep.target.discovery import discover_target

DEFAULT_BUILD_OUTPUT = "build-constraints.txt"
_INDEX_LINES = ("--index-url", "--extra-index-url")
_ANY_FORMAT = FormatControl()


@dataclass(frozen=True, slots=True)
class LockSession:
    """One run: its options and what it works on."""

    options: LockOptions
    context: RunContext
    store: Store
    network: Network
    scratch: str
    stages: Stages
    """The way of each archive that a build backend gets."""
    received: ReceivedOnce
    """Source archives that several steps look into."""
    page_reader: Executor
    """Takes pages apart."""
    pages_seen: PagesSeen = field(default_factory=PagesSeen)

    def declared_targets(self, listed: Sequence[str]) -> tuple[TargetId, ...]:
        """Command line and settings, else those `listed` in the present lock, else this interpreter, which is told."""
        stated = self.options.settings.targets or listed
        if not stated:
            self.context.reporter.note(f"locked for {self._here()}, this interpreter; --target declares others")
        texts = stated or ("here",)
        return tuple(sorted({parse_target_id(self._here() if text == "here" else text) for text in texts}))

    @property
    def upgraded_names(self) -> frozenset[str]:
        """Normalised names of the projects that `--upgrade-package` names."""
        return frozenset(edge.name for edge in self.options.upgraded)

    @property
    def tools_path(self) -> str:
        """Where build constraints go."""
        folder = os.path.dirname(self.options.paths.output)
        return self.options.settings.build_output or os.path.join(folder, DEFAULT_BUILD_OUTPUT)

    def present_tools(self, present: PresentLock) -> PresentLock:
        """Read the build constraints that are there. Raises `UsageError` for those of another lock."""
        name = self._tools_name()
        try:
            tools = read_present(self.tools_path)
        except RequirementsErrors:
            if name in present.build_constraints:
                raise
            return PresentLock(foreign=f"{self.tools_path} is no list of pins")
        if tools.content is not None and name not in present.build_constraints:
            stated = output_of(tools.arguments or ())
            if not stated or os.path.normpath(stated) != os.path.normpath(self.options.paths.output):
                owner = f"belongs to {stated}" if stated else "was not written by peep lock"
                # It's read now, and said only where it would be written over.
                return replace(tools, known={}, foreign=f"{self.tools_path} {owner}")
        return tools

    def _tools_name(self) -> str:
        """Give back the build constraints as the lock names them, from its own folder."""
        folder = os.path.dirname(self.options.paths.output) or os.curdir
        return os.path.relpath(self.tools_path, folder).replace(os.sep, "/")

    def _here(self) -> str:
        environment: TargetEnvironment = discover_target(target_request(self.options.base.target), self.store)
        found = id_of_environment(environment.version, environment.tags, environment.markers)
        if not found:
            raise UsageError("this interpreter is of a kind that no target ID names", "declare targets: --target ID")
        return found

    def reading(self) -> Reading:
        """Give back what reads paths, URLs and standard input."""
        return Reading(self.network.transport, self.context.standard_input)

    def read_sources(self, changed: Mapping[str, bytes] = MappingProxyType({})) -> ReadSources:
        """Read all sources. Raises `RequirementsErrors` with every bad line of all of them."""
        reading = self.reading()

        def read_file(path: str) -> bytes:
            return changed[path] if path in changed else reading.read(path)

        read = read_sources(
            self.options.paths,
            self.options.wanted,
            self.options.settings.constraints,
            read_file,
            self.context.environ,
        )
        for warning in read.sources.warnings:
            self.context.reporter.warning(warning)
        return read

    def make(self, read: ReadSources, present: PresentLock, targets: Sequence[TargetId], tools: PresentLock) -> Lock:
        """Ask the indexes and solve."""
        self.network.stated = read.index_options
        inputs = self._inputs(read, present, targets, tools)
        index_pages = self.pages()
        self.pages_seen.names = index_pages.names
        metadata = self.index_metadata()
        builds = self.builds(metadata)
        hooks = self._allow_builds(inputs, index_pages, metadata, builds, (*read.directives, *present.directives))
        roots, direct = self._direct(inputs.roots, present, metadata, builds, hooks)
        inputs = replace(inputs, roots=roots)
        pages = DirectPages(index_pages, direct)
        sources = view_sources(inputs, pages, metadata)
        walk([GroupView(group, sources, {}) for group in joint_groups(inputs.targets)], inputs.roots)
        is_narrow = self.options.settings.hashes == "targets"
        hashes = HashPolicy(inputs.policy, is_narrow, self.options.refresh_hashes)
        made = make_lock(
            inputs,
            OutsideWorld(pages, metadata, metadata, builds, sources),
            hashes,
            replace(self._format(read, present, targets, index_pages), tools=self._tool_format(read, tools, targets)),
        )
        if made.tools.text and tools.foreign:
            stem = os.path.splitext(os.path.basename(self.options.paths.output))[0]
            hint = f"give this lock one of its own, as in: --build-output {stem}-build-constraints.txt"
            raise UsageError(f"{tools.foreign}, and builds of this lock need one", hint)
        if self.options.is_verified:
            self._verify(made, inputs.policy, metadata)
        return replace(made, warnings=(*made.warnings, *shadow_warnings(index_pages.shadowed(), made.pins)))

    def _verify(self, made: Lock, policy: CandidatePolicy, metadata: IndexMetadata) -> None:
        """Raises `FilesDiffer`."""
        count = verify_files((*made.pins, *made.tools.pins), policy, metadata)
        self.context.reporter.note(f"{count} files downloaded: each is what the index states")

    def option_lines(self, read: ReadSources) -> tuple[str, ...]:
        """Give back the option lines of the output. Raises `UsageError` for credentials that would be written."""
        if not self.options.emits_indexes:
            return read.option_lines
        others = [line for line in read.option_lines if not line.startswith(_INDEX_LINES)]
        urls = self.network.index_options().index_urls
        for url in urls:
            if redacted(url) != url:
                reason = f"--emit-index-url would write the credential of {redacted(url)} into the lock"
                raise UsageError(reason, "write ${VARIABLE} in its place, in a source's --index-url, or use netrc")
        stated = [line for line in read.option_lines if line.startswith(_INDEX_LINES)]
        lines = stated or [f"{name} {url}" for name, url in zip(index_names(), urls, strict=False)]
        return (*lines, *others)

    def pages(self) -> IndexPages:
        """Give back what answers for pages of the configured and the bound indexes."""
        return self._pages_through(self._kept_pages)

    def _kept_pages(self, cache: PageCache) -> KeptPages:
        seen = self.pages_seen.digests
        return OfflinePages(cache, seen) if self.options.is_offline else RevalidatedPages(cache, self.page_reader, seen)

    def run_key(self, read: ReadSources, ids: Sequence[str], contents: Sequence[bytes | None]) -> str:
        """Give back what a run with nothing to do is recognised by; '' where that does not do."""
        options = self.options
        is_plain = not (options.upgrade or options.upgraded or options.refresh_hashes or options.is_verified)
        if not is_plain:
            return ""
        self.network.stated = read.index_options
        texts = [options.paths.output, repr(options.settings), *self._arguments(), *ids]
        texts += [f"{options.allows_pre_releases} {options.emits_indexes}", repr(options.wanted)]
        if options.settings.min_age or options.settings.min_age_for:  # what is too young today is old enough one day
            texts.append(datetime.now(timezone.utc).date().isoformat())
        if options.settings.allow_build:  # backends answer for this interpreter
            environment = discover_target(target_request(options.base.target), self.store)
            texts += [repr(sorted(environment.markers.items())), repr(environment.version), *environment.tags[:1]]
        return run_key(texts, read, self.network.index_options(), contents)

    def recalled(self, key: str) -> RememberedRun | None:
        """Give back the run that this one repeats, once every page was found to be as it was."""
        if not key:
            return None

        def compared(cache: PageCache, digests: dict[str, str]) -> KeptPages:
            if self.options.is_offline:
                return ComparedOfflinePages(cache, digests)
            return ComparedPages(cache, self.page_reader, digests)

        return recalled(self.store, key, lambda digests: self._pages_through(lambda cache: compared(cache, digests)))

    def remember(self, key: str, run: RememberedRun) -> None:
        """Keep what this run asked for."""
        if key:
            remember(self.store, key, replace(run, names=tuple(self.pages_seen.names), pages=self.pages_seen.digests))

    def _pages_through(self, keep: Callable[[PageCache], KeptPages]) -> IndexPages:
        cache = PageCache(self.store)
        bound = self.network.bound_indexes(keep(cache))
        return IndexPages(lambda: self.network.unbound_index(keep(cache)), bound, self.context.reporter)

    def index_metadata(self) -> IndexMetadata:
        """Give back what answers questions about archives."""
        cache = MetadataCache(self.store)
        metadata = IndexMetadata(self.network.transport, cache, self.scratch, self.context.reporter)
        metadata.receive = self.received
        return metadata

    def builds(self, metadata: IndexMetadata) -> LockBuilds:
        """Give back what answers questions about builds."""
        builds = LockBuilds(self.store, metadata.read_sdist)
        metadata.on_sdist = builds.look
        return builds

    def _allow_builds(
        self,
        inputs: LockInputs,
        pages: IndexPages,
        metadata: IndexMetadata,
        builds: LockBuilds,
        directives: Sequence[Directive],
    ) -> LockHooks | None:
        """Let the backends that the user names answer, on this machine. `directives`: of sources and list."""
        allowed = self.options.settings.allow_build
        if not allowed:
            return None
        environment = discover_target(target_request(self.options.base.target), self.store)
        tools = HostTools(self._here(), environment, inputs, pages, metadata, builds)
        paths = self.options.paths
        files = paths.files or (paths.output,)  # where the settings are looked for, as by the command line
        refuse = refuse_malware_in_builds(self.options.base, files, directives, self.context)
        needs_sandbox = any(one.option == "--require-sandbox" for one in directives)
        provider = self._provider(environment)
        machine = Machine(environment, provider, self.context, refuse, requires_sandbox=needs_sandbox)
        hooks = LockHooks(allowed, machine, tools, lambda file: stated_sha256(file) or metadata.sha256(file))
        metadata.hooks = builds.hooks = hooks
        return hooks

    def _direct(
        self,
        roots: Sequence[Root],
        present: PresentLock,
        metadata: IndexMetadata,
        builds: LockBuilds,
        hooks: LockHooks | None,
    ) -> tuple[tuple[Root, ...], Mapping[str, DirectProject]]:
        """Find out what roots lead to that name a URL."""
        if not any(root.direct for root in roots):
            return tuple(roots), {}
        known = KnownDirect() if self.options.upgrade else self._known_direct(present)
        finder = DirectRoots(self.store, metadata, known, self.context.environ, self.scratch)
        return direct_projects(roots, finder, metadata, builds, hooks)

    def _known_direct(self, present: PresentLock) -> KnownDirect:
        names = self.upgraded_names
        commits = {name: found for name, found in present.commits.items() if name not in names}
        if self.options.refresh_hashes:
            return KnownDirect(commits)
        pins = (pin for pin in present.pins if pin.url and pin.name not in names)
        return KnownDirect(commits, {pin.name: (pin.url, pin.hashes) for pin in pins})

    def _provider(self, environment: TargetEnvironment) -> WheelProvider:
        return WheelProvider(
            stages=self.stages,
            target=environment,
            formats=FormatControl(),
            store=self.store,
            reporter=self.context.reporter,
            open_index=self.network.index,
            open_downloader=lambda stages: Downloader(
                self.network.receiver(self.scratch), self.received, stages.verify
            ),
        )

    def _tool_format(self, read: ReadSources, tools: PresentLock, targets: Sequence[TargetId]) -> ToolFormat:
        line_end = tools.line_end if tools.content is not None else read.line_end
        ids = tuple(target.text for target in targets)

        def write(pins: Sequence[PlannedPin]) -> str:
            written = written_pins(pins, annotates_files=self.options.settings.annotate_files)
            return requirements_text(
                RequirementsLock(self._arguments(), ids, written, self.option_lines(read)), line_end
            )

        return ToolFormat(write, partial(read_pins, path=self.tools_path))

    def _format(
        self, read: ReadSources, present: PresentLock, targets: Sequence[TargetId], pages: IndexPages
    ) -> LockFormat:
        path = self.options.paths.output
        ids = tuple(target.text for target in targets)
        reader = partial(read_pins, path=path)
        line_end = present.line_end if present.content is not None else read.line_end
        if self.options.paths.is_pylock:

            def write_lock_file(
                planned: Sequence[PlannedPin], solutions: Sequence[TargetSolution], tools: LockedTools
            ) -> str:
                names = {pin.merged.name: pages.index_name(pin.merged.name) for pin in planned}
                style = PylockStyle(
                    ids,
                    read.extras,
                    read.groups,
                    build_constraint=self._tools_name() if tools.text else "",
                    arguments=self._arguments(),
                    index_names=names,
                    known_files=self._known_files(present),
                    directives=kept_directives(read.directives, present.directives),
                )
                return lock_file_text(planned, solutions, style).replace("\n", line_end)

            return LockFormat(write_lock_file, reader, tells_extras=False)

        def write(planned: Sequence[PlannedPin], _: Sequence[TargetSolution], tools: LockedTools) -> str:
            pins = written_pins(planned, annotates_files=self.options.settings.annotate_files)
            name = self._tools_name() if tools.text else ""
            kept = kept_directives(read.directives, present.directives)
            lock = RequirementsLock(self._arguments(), ids, pins, self.option_lines(read), name, kept)
            return requirements_text(lock, line_end)

        return LockFormat(write, reader)

    def _known_files(self, present: PresentLock) -> KnownFiles:
        return {} if self.options.refresh_hashes else present.files

    def _arguments(self) -> tuple[str, ...]:
        paths = self.options.paths
        return (
            *sorted((*self.options.arguments, f"--output-file={paths.output}")),
            *sorted((*paths.files, *paths.requirements)),
        )

    def _inputs(
        self, read: ReadSources, present: PresentLock, targets: Sequence[TargetId], tools: PresentLock
    ) -> LockInputs:
        sources = read.sources
        constraints = (*sources.constraints, *wanted_versions(self.options.upgraded))
        known, known_tools = ({}, {}) if self.options.upgrade else (present.known, tools.known)
        names = self.upgraded_names
        return LockInputs(
            tuple(targets),
            sources.roots,
            constraints,
            self.policy(read.formats),
            admission(sources.roots, constraints),
            {name: pins for name, pins in known.items() if name not in names},
            names,
            {name: pins for name, pins in known_tools.items() if name not in names},
        )

    def policy(self, stated: FormatControl = _ANY_FORMAT) -> CandidatePolicy:
        """Give back which files and versions may be chosen; `stated`: the formats of the sources."""
        settings = self.options.settings
        formats = stated
        for option, values in (("--no-binary", settings.no_binary), ("--only-binary", settings.only_binary)):
            for value in values:
                formats = with_format(formats, option, value)
        now = datetime.now(timezone.utc)
        limits = {name_pattern(name): moment(age, now) for name, age in settings.min_age_for.items()}
        limit = moment(settings.min_age, now) if settings.min_age else None
        return CandidatePolicy(formats, limit, limits, self.options.allows_pre_releases)


@contextmanager
def opened_lock(options: LockOptions, context: RunContext, stages: Stages) -> Iterator[LockSession]:
    """Open store and network for a run; both are let go at its end."""
    with ExitStack() as stack:
        store = stack.enter_context(opened_store(options.base.store, context))
        defaults = configured_pip(options.base, context.environ, os.path.join(store.layout.remembered, "pip"))
        network = Network(options.base, context, defaults, bound=options.settings.indexes)
        stack.callback(network.close)
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="peep-lock-", ignore_cleanup_errors=True))
        received = ReceivedOnce(stages.receive)
        stack.callback(received.close)
        reader = ThreadPoolExecutor(1, "peep-pages")
        stack.callback(reader.shutdown, wait=False, cancel_futures=True)
        yield LockSession(options, context, store, network, scratch, stages, received, reader)
