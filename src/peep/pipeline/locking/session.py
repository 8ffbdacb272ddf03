"""Session of a lock: what a run reads, asks and writes with, opened once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from types import MappingProxyType

from peep.dataclass import dataclass, field, replace
from peep.errors import RequirementsErrors, UsageError
from peep.formats.target_ids import TargetId, parse_target_id
from peep.formats.url_secrets import redacted
from peep.index.bound import name_pattern
from peep.index.client import KeptPages
from peep.locking.candidates import CandidatePolicy
from peep.model import FormatControl, TargetEnvironment
from peep.pipeline.context import RunContext
from peep.pipeline.fetch import Stages
from peep.pipeline.locking.kept_pages import ComparedOfflinePages, ComparedPages, OfflinePages, RevalidatedPages
from peep.pipeline.locking.lock_file import PresentLock, output_of, read_present
from peep.pipeline.locking.lock_threads import LockThreads
from peep.pipeline.locking.pages import IndexPages
from peep.pipeline.locking.pip_limits import PipLimits, pip_limits
from peep.pipeline.locking.received_once import ReceivedOnce
from peep.pipeline.locking.remembered_lock import PagesSeen, RememberedRun, recalled, remember, run_key
from peep.pipeline.locking.request import LockOptions, index_names, moment
from peep.pipeline.locking.sources import ReadSources, read_sources
from peep.pipeline.network import Network
from peep.pipeline.pip_configuration import configured_pip
from peep.pipeline.read_pins import Reading, united
from peep.pipeline.session import opened_store, target_request
from peep.requirements.run_options import with_format
from peep.store.metadata_cache import MetadataCache
from peep.store.page_cache import PageCache
from peep.store.wheels import Store
from peep.target.declared import id_of_environment
from peep.target.discovery import discover_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from peep.pipeline.locking.builds import LockBuilds
    from peep.pipeline.locking.metadata import IndexMetadata

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
    threads: LockThreads
    pages_seen: PagesSeen = field(default_factory=PagesSeen)

    def declared_targets(self, listed: Sequence[str]) -> tuple[TargetId, ...]:
        """Command line and settings, else those `listed` in the present lock, else this interpreter, which is told."""
        stated = self.options.settings.targets or listed
        if not stated:
            self.context.reporter.note(f"locked for {self.here()}, this interpreter; --target declares others")
        texts = stated or ("here",)
        return tuple(sorted({parse_target_id(self.here() if text == "here" else text) for text in texts}))

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
        name = self.tools_name()
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

    def tools_name(self) -> str:
        """Give back the build constraints as the lock names them, from its own folder."""
        folder = os.path.dirname(self.options.paths.output) or os.curdir
        return os.path.relpath(self.tools_path, folder).replace(os.sep, "/")

    def here(self) -> str:
        environment: TargetEnvironment = discover_target(target_request(self.options.base.target), self.store)
        found = id_of_environment(environment.version, environment.tags, environment.markers)
        if not found:
            raise UsageError("this interpreter is of a kind that no target ID names", "declare targets: --target ID")
        return found

    def reading(self) -> Reading:
        """Give back what reads paths, URLs and standard input."""
        return Reading(self.network.transport, self.context.standard_input)

    @property
    def limits(self) -> PipLimits:
        """What pip's configuration limits; the run's own options and settings count over it."""
        return pip_limits(self.network.pip_defaults(), self.options.settings.constraints)

    def read_sources(self, changed: Mapping[str, bytes] = MappingProxyType({})) -> ReadSources:
        """Read all sources. Raises `RequirementsErrors` with every bad line of all of them."""
        reading = self.reading()

        def read_file(path: str) -> bytes:
            return changed[path] if path in changed else reading.read(path)

        read = read_sources(
            self.options.paths,
            self.options.wanted,
            (*self.limits.constraints, *self.options.settings.constraints),
            read_file,
            self.context.environ,
        )
        for path in self.limits.constraints:
            self.context.reporter.note(f"pip's configuration adds constraints: {redacted(path)}")
        sources = replace(read.sources, constraints=self.limits.unnamed(read.sources.constraints))
        read = replace(read, sources=sources)
        for warning in read.sources.warnings:
            self.context.reporter.warning(warning)
        return read

    def option_lines(self, read: ReadSources) -> tuple[str, ...]:
        """Give back the option lines of the output. Raises `UsageError` for credentials that would be written."""
        lines = self._index_lines(read) if self.options.emits_indexes else read.option_lines
        return tuple(dict.fromkeys((*lines, *self._format_lines())))

    def _format_lines(self) -> Iterator[str]:
        """Yield formats that the run was given, as its policy takes them: after those of the sources.

        An installer of the list has to be given them as well: it would take other files than the list was made for.
        """
        settings = self.options.settings
        for option, values in (("--no-binary", settings.no_binary), ("--only-binary", settings.only_binary)):
            yield from (f"{option} {part.strip()}" for text in values for part in text.split(",") if part.strip())

    def _index_lines(self, read: ReadSources) -> tuple[str, ...]:
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
        return OfflinePages(cache, seen) if self.options.is_offline else RevalidatedPages(cache, self.threads, seen)

    def run_key(self, read: ReadSources, ids: Sequence[str], contents: Sequence[bytes | None]) -> str:
        """Give back what a run with nothing to do is recognised by; '' where that does not do."""
        options = self.options
        is_plain = not (options.upgrade or options.upgraded or options.refresh_hashes or options.is_verified)
        if not is_plain:
            return ""
        self.network.stated = read.index_options
        texts = [options.paths.output, repr(options.settings), *self.arguments(), *ids]
        texts += [f"{options.allows_pre_releases} {options.emits_indexes}", repr(options.wanted), repr(self.limits)]
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
            return ComparedPages(cache, self.threads, digests)

        return recalled(self.store, key, lambda digests: self._pages_through(lambda cache: compared(cache, digests)))

    def remember(self, key: str, run: RememberedRun) -> None:
        """Keep what this run asked for."""
        if key:
            self.threads.settle()
            remember(self.store, key, replace(run, names=tuple(self.pages_seen.names), pages=self.pages_seen.digests))

    def _pages_through(self, keep: Callable[[PageCache], KeptPages]) -> IndexPages:
        self.threads.settle()  # what was read before is not asked for again
        cache = PageCache(self.store)
        bound = self.network.bound_indexes(keep(cache))
        return IndexPages(lambda: self.network.unbound_index(keep(cache)), bound, self.context.reporter)

    def index_metadata(self) -> IndexMetadata:
        """Give back what answers questions about archives."""
        from peep.pipeline.locking.metadata import IndexMetadata  # noqa: PLC0415 - a run with nothing to do asks none

        cache = MetadataCache(self.store)
        metadata = IndexMetadata(self.network.transport, cache, self.scratch, self.context.reporter)
        metadata.receive = self.received
        if not self.options.is_offline:
            metadata.ask_ahead = self.threads.ask_ahead
        return metadata

    def builds(self, metadata: IndexMetadata) -> LockBuilds:
        """Give back what answers questions about builds."""
        from peep.pipeline.locking.builds import LockBuilds  # noqa: PLC0415 - as above

        builds = LockBuilds(self.store, metadata.read_sdist)
        metadata.on_sdist = builds.look
        return builds

    def arguments(self) -> tuple[str, ...]:
        paths = self.options.paths
        return (
            *sorted((*self.options.arguments, f"--output-file={paths.output}")),
            *sorted((*paths.files, *paths.requirements)),
        )

    def policy(self, stated: FormatControl = _ANY_FORMAT, *, allows_pre_releases: bool = False) -> CandidatePolicy:
        """Give back which files and versions may be chosen; what the sources say of them is given."""
        settings = self.options.settings
        formats = united([self.limits.formats, stated])
        for option, values in (("--no-binary", settings.no_binary), ("--only-binary", settings.only_binary)):
            for value in values:
                formats = with_format(formats, option, value)
        now = datetime.now(timezone.utc)
        limits = {name_pattern(name): moment(age, now) for name, age in settings.min_age_for.items()}
        limit = moment(settings.min_age, now) if settings.min_age else None
        allows_pre_releases |= self.options.allows_pre_releases or self.limits.allows_pre_releases
        return CandidatePolicy(formats, limit, limits, allows_pre_releases)


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
        threads = LockThreads()
        stack.callback(threads.close)
        yield LockSession(options, context, store, network, scratch, stages, received, threads)
        threads.settle()
