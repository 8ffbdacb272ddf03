"""Session of a run: target, store, network and pins, each opened once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from peep.archives.download import Downloader
from peep.dataclass import dataclass, replace
from peep.environment.plan import PlanOptions
from peep.errors import UsageError
from peep.formats.names import normalised
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import FormatControl, LockedFiles, TargetEnvironment
from peep.pip.options import PipDefaults
from peep.pipeline.bundles.named_bundle import named_bundle, refuse_unread
from peep.pipeline.context import RunContext
from peep.pipeline.fetch import Stages, WheelProvider
from peep.pipeline.network import Network
from peep.pipeline.open_transport import open_transport
from peep.pipeline.options import BundleSource, InstallOptions, SourceOptions, StoreOptions, TargetOptions
from peep.pipeline.pip_configuration import completed, configured_pip
from peep.pipeline.read_pins import Reading, name_of_project, read_pins, with_formats
from peep.requirements.files import is_url
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.sources import Accepted
from peep.store.layout import NoHomeFolderError, store_root
from peep.store.location import can_be_written
from peep.store.wheels import Store
from peep.target.discovery import TargetRequest, discover_target
from peep.transaction.apply import ApplyOptions

if TYPE_CHECKING:
    from peep.pipeline.bundles.network import BundleNetwork


@dataclass(frozen=True, slots=True)
class Session:
    """One run: its options, and what it works on."""

    options: InstallOptions
    context: RunContext
    store: Store
    target: TargetEnvironment
    network: Network | BundleNetwork
    reading: Reading
    stages: Stages
    """The way of each archive."""

    def read_pins(self) -> PinnedSet:
        """Read all requirements and lock files; tells their warnings. Raises `RequirementsErrors`."""
        # A commit's id is a hash of all that it names. A folder has none: the user says which are trusted.
        accepted = Accepted(
            repository_commits=True, local_projects=self.options.build.trust_local, project_name=name_of_project
        )
        pinned = read_pins(self.options.sources, self.target, self.reading, self.context.environ, accepted)
        for warning in pinned.warnings:
            self.context.reporter.warning(warning)
        for line in pinned.skipped:
            self.context.reporter.detail(str(line))
        if self.options.bundle is None:
            refuse_unread(pinned.directives)
        self.network.stated = pinned.index_options
        self.network.extra_indexes = named_indexes(pinned)
        return self.network.placed(pinned)

    def formats(self, pinned: PinnedSet) -> FormatControl:
        formats = with_formats(pinned, self.options.format_control)
        return replace(formats, any_python=self.options.target.ignore_requires_python)

    def pip_files(self) -> tuple[str, ...]:
        """The files that pip's own answer about its options depends on."""
        try:
            return self.network.pip_defaults().files
        except UsageError:
            return ()

    @contextmanager
    def wheel_provider(self, pinned: PinnedSet) -> Iterator[WheelProvider]:
        """The provider of wheels for this run; its downloads are gone when the context ends."""
        excused = (*self.options.allow_record_mismatch, *pinned.directive_values("--allow-record-mismatch"))
        with ExitStack() as stack:
            yield WheelProvider(
                stages=self.stages,
                target=self.target,
                formats=self.formats(pinned),
                store=self.store,
                reporter=self.context.reporter,
                open_index=self.network.index,
                open_downloader=lambda stages: Downloader(
                    self.network.receiver(stack.enter_context(self.store.workshop())), stages.receive, stages.verify
                ),
                has_find_links=lambda: bool(self.network.index_options().find_links),
                allow_record_mismatch=frozenset(normalised(name) for name in excused),
            )


def named_indexes(pinned: PinnedSet) -> tuple[str, ...]:
    """Indexes that lock files name for their projects, each once."""
    sources = (pin.source for pin in pinned.pins)
    urls = (one.index_url for one in sources if isinstance(one, LockedFiles) and one.index_url)
    return tuple(dict.fromkeys(urls))


@contextmanager
def open_session(options: InstallOptions, context: RunContext, stages: Stages) -> Iterator[Session]:
    """Find target and store for a run. Raises `UsageError`, `StoreError`, `EnvironmentChangeError`."""
    with ExitStack() as stack:
        store = stack.enter_context(store_of_run(options.store, context))
        if options.bundle is None:
            options = replace(options, bundle=named_bundle(options.sources.requirement_files, context.environ))
        if options.bundle is not None:
            yield _bundle_session(options, options.bundle, context, stages, store, stack)
            return
        defaults = configured_pip(options, context.environ, os.path.join(store.layout.remembered, "pip"))
        options = configured(options, defaults)
        target = discover_target(target_request(options.target), store)
        network = Network(options, context, defaults)
        stack.callback(network.close)
        reading = Reading(network.transport, context.standard_input)
        yield Session(options, context, store, target, network, reading, _with_cache(options, context, stages, stack))


def _with_cache(options: InstallOptions, context: RunContext, stages: Stages, stack: ExitStack) -> Stages:
    """The stages, of which receiving looks at the shared place for archives first, where the user named one."""
    place = options.network.archives
    if not place:
        return stages
    from peep.pipeline.archive_cache import ArchiveCache  # noqa: PLC0415 - few runs have one

    if not is_url(place):
        raise UsageError(f"--archives {redacted(place)}: is no URL", "as in: --archives https://HOST/files")

    def opened() -> Transport:
        hurried = replace(options.network, retries=0)
        hosts = options.indexes.trusted_hosts
        transport = open_transport(hurried, context.environ, trusted_hosts=hosts, known_urls=(place,))
        stack.callback(transport.close)
        return transport

    return replace(stages, receive=ArchiveCache(place, opened, stages.receive, context.reporter).received)


def _bundle_session(
    options: InstallOptions, source: BundleSource, context: RunContext, stages: Stages, store: Store, stack: ExitStack
) -> Session:
    """A session whose archives come out of a bundle, and whose inputs do, too, where it names no other."""
    # For runs with --bundle only: all others do without these modules.
    from peep.pipeline.bundles.network import BundleNetwork, BundleReading  # noqa: PLC0415
    from peep.pipeline.bundles.open_bundle import opened_bundle, parse_digest  # noqa: PLC0415

    network_of_bundle = partial(
        open_transport,
        options.network,
        context.environ,
        trusted_hosts=options.indexes.trusted_hosts,
        known_urls=(source.place,),
    )
    bundle = stack.enter_context(opened_bundle(source.place, parse_digest(source.digest), network_of_bundle))
    network = BundleNetwork(bundle, context.reporter)
    if options.sources == SourceOptions():
        options = replace(options, sources=network.sources())
    if source.digest and not options.build.constraint_files:
        options = replace(options, build=replace(options.build, constraint_files=network.build_constraints()))
    target = discover_target(target_request(options.target), store)
    reading = BundleReading(network, context.standard_input)
    return Session(options, context, store, target, network, reading, stages)


def configured(options: InstallOptions, defaults: Callable[[], PipDefaults]) -> InstallOptions:
    """Complete the options by pip's configuration; without a pip there is none."""
    try:
        return completed(options, defaults())
    except UsageError:
        return options


@contextmanager
def opened_store(options: StoreOptions, context: RunContext) -> Iterator[Store]:
    """The store that the user chose; with `--no-cache-dir` one that goes when the run ends."""
    if options.is_kept:
        yield Store(store_root(context.environ, options.folder), context.reporter)
        return
    with tempfile.TemporaryDirectory(prefix="peep-store-", ignore_cleanup_errors=True) as folder:
        yield Store(folder, context.reporter)


@contextmanager
def store_of_run(options: StoreOptions, context: RunContext) -> Iterator[Store]:
    """As `opened_store`; where no store can be kept, one that goes when the run ends, with a warning, as in pip.

    A store that can be read and not written to serves with what it holds. One that the user named must be there, or
    it must be possible to make it.
    """
    try:
        root = store_root(context.environ, options.folder) if options.is_kept else ""
    except NoHomeFolderError as error:
        root, why = "", error.message
    else:
        is_named = bool(options.folder or context.environ.get("PEEP_STORE"))
        if not options.is_kept or can_be_written(root) or (is_named and not os.path.isdir(root)):
            with opened_store(options, context) as store:
                yield store
            return
        why = f"the store {root} can't be written to"
    hint = "let --store or PEEP_STORE name a folder that you may write to"
    context.reporter.warning(f"{why}; what this run fetches is kept for this run alone ({hint})")
    lower = Store(root, context.reporter) if root and os.path.isdir(root) else None
    with tempfile.TemporaryDirectory(prefix="peep-store-", ignore_cleanup_errors=True) as folder:
        yield Store(folder, context.reporter, lower)


def target_request(options: TargetOptions) -> TargetRequest:
    return TargetRequest(
        python=options.python,
        target=options.target,
        prefix=options.prefix,
        root=options.root,
        user=bool(options.user),
        platforms=options.platforms,
        abis=options.abis,
        implementation=options.implementation,
        python_version=options.python_version,
    )


def apply_options(options: InstallOptions, pinned: PinnedSet | None = None) -> ApplyOptions:
    """How to change the environment; `pinned` has the directives of the run's files."""
    directed = pinned.directive_values("--allow-file-conflict") if pinned is not None else ()
    return ApplyOptions(
        link_mode=options.link_mode or "auto",
        compile=bool(options.compile),
        force=options.force_reinstall,
        giving_way=tuple(sorted({normalised(name) for name in (*options.allow_file_conflict, *directed)})),
    )


def plan_options(options: InstallOptions) -> PlanOptions:
    return PlanOptions(options.force_reinstall or options.ignore_installed, options.trust_installed)
