"""Network of a run, opened when needed: transport, indexes, receiver of files.

Index options come, in pip's order of precedence, from requirements files, then the command line and its variables, then
pip's configuration, which pip itself is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from peep.archives.receive import Receiver
from peep.dataclass import dataclass, field, replace
from peep.errors import NoIndexToAsk, UsageError
from peep.formats.settings import IndexSetting
from peep.formats.url_secrets import AMBIGUOUS, PERCENT_ENCODE, is_ambiguous_place, redacted_place
from peep.http.transport import Transport
from peep.index.bound import BoundIndex, DividedIndexes, name_pattern
from peep.index.client import KeptPages, PackageIndex, SimpleIndexes
from peep.index.find_links import can_be_index
from peep.model import IndexOptions
from peep.pip.options import PipDefaults
from peep.pipeline.context import RunContext
from peep.pipeline.open_transport import open_transport
from peep.pipeline.options import GivenIndexes, InstallOptions, NetworkOptions
from peep.requirements.expansion import expand
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.run_options import HOW_TO_NAME_AN_INDEX, NO_INDEX_THERE


@dataclass(slots=True)
class Network:
    """Transport, index and receiver of one run; call `close` at its end."""

    options: InstallOptions
    context: RunContext
    pip_defaults: Callable[[], PipDefaults]
    """What pip is configured with; asked at most once, and only when an option is missing."""
    stated: IndexOptions = field(default_factory=IndexOptions)
    """What requirements files state; set before the index is opened."""
    extra_indexes: Sequence[str] = ()
    """Indexes that lock files name for their projects."""
    bound: Sequence[IndexSetting] | None = None
    """Indexes that are bound to projects; None: those of the settings."""
    _transport: Transport | None = None
    _close: Callable[[], None] | None = None

    def close(self) -> None:
        """Let go of connections."""
        if self._close is not None:
            self._close()
            self._close = self._transport = None

    def transport(self) -> Transport:
        """The transport of the run, with pip's certificates, proxy and patience where the user gave no other."""
        if self._transport is None:
            indexes = self.index_options()
            network = with_defaults(self.options.network, self.pip_defaults())
            if is_ambiguous_place(network.proxy or ""):
                raise UsageError(f"the proxy of pip's configuration: {AMBIGUOUS}", PERCENT_ENCODE)
            opened = open_transport(
                network,
                self.context.environ,
                trusted_hosts=indexes.trusted_hosts,
                known_urls=(*indexes.index_urls, *self.bound_urls()),
            )
            self._transport, self._close = opened, opened.close
        return self._transport

    def index(self, pages: KeptPages | None = None) -> PackageIndex:
        """Everything that may be asked for projects: bound ones of their index alone; `pages` keeps what is answered.

        Raises `UsageError` when there is no index at all, or one of them is nowhere to be found.
        """
        bound = self.bound_indexes(pages)
        if not bound:
            return self.unbound_index(pages)
        return DividedIndexes(bound, lambda: self.unbound_index(pages))

    def bound_indexes(self, pages: KeptPages | None = None) -> list[BoundIndex]:
        """Give back the indexes of the settings, each to be asked for its projects alone; none under `--no-index`."""
        reporter = self.context.reporter
        return [
            BoundIndex(
                one.name,
                tuple(map(name_pattern, one.projects)),
                SimpleIndexes(self.transport(), IndexOptions((one.url,)), reporter, pages),
            )
            for one in self._bound()
        ]

    def bound_urls(self) -> tuple[str, ...]:
        """Give back the URLs of those; they may hold credentials."""
        return tuple(one.url for one in self._bound())

    def _bound(self) -> list[IndexSetting]:
        if self._asks_no_index():
            return []
        if self.bound is None:
            from peep.pipeline.settings import project_settings  # noqa: PLC0415 - TOML is for runs that ask indexes

            self.bound = project_settings(
                self.options.sources.requirement_files or self.options.settings_beside
            ).indexes
        return [replace(one, url=expand(one.url, self.context.environ)) for one in self.bound]

    def _asks_no_index(self) -> bool:
        return self.stated.no_index or self.options.indexes.no_index or self.pip_defaults().no_index

    def unbound_index(self, pages: KeptPages | None = None) -> PackageIndex:
        """Everything that may be asked for projects that are bound to no index; raises as `index` does."""
        options = self.index_options()
        if nowhere := [url for url in options.index_urls if not can_be_index(url)]:
            lines = [f"{self._who_names(url)}: {redacted_place(url)} is {NO_INDEX_THERE}" for url in nowhere]
            raise UsageError("\n".join(lines), HOW_TO_NAME_AN_INDEX)
        if not (options.index_urls or options.find_links):
            hint = "give --index-url or --find-links, or configure pip with one"
            raise NoIndexToAsk("there is no index to ask", hint)
        return SimpleIndexes(self.transport(), options, self.context.reporter, pages)

    def _who_names(self, url: str) -> str:
        given = self.options.indexes
        named = {"index-url": (given.index_url,), "extra-index-url": given.extra_index_urls}
        for option, urls in named.items():
            if url in urls:
                variable = f"PIP_{option.upper().replace('-', '_')}"
                return variable if url in self.context.environ.get(variable, "").split() else f"--{option}"
        files = "a requirements file" if url in self.stated.index_urls else "a lock file"
        return files if url in (*self.stated.index_urls, *self.extra_indexes) else "pip's configuration"

    def receiver(self, scratch: str) -> Receiver:
        """What it takes to receive files, whose private copies live in `scratch`."""
        return Receiver(self.transport(), scratch, self.context.reporter)

    def build_constraints(self) -> tuple[str, ...]:
        """Files of build constraints that the place of archives holds itself: indexes hold none."""
        return ()

    def placed(self, pinned: PinnedSet) -> PinnedSet:
        """The pins as they are: the places that they state themselves are asked."""
        return pinned

    def index_options(self) -> IndexOptions:
        """The options in force: files over command line over pip's configuration."""
        options = effective_indexes(self.stated, self.options.indexes, self.pip_defaults, self.extra_indexes)
        for url in (*options.index_urls, *options.find_links):
            if is_ambiguous_place(url):
                raise UsageError(f"{self._who_names(url)}: {AMBIGUOUS}", PERCENT_ENCODE)
        return options


def effective_indexes(
    stated: IndexOptions, given: GivenIndexes, defaults: Callable[[], PipDefaults], extra: Sequence[str] = ()
) -> IndexOptions:
    """Merge as pip does: a file's `--index-url` replaces all others, its other options add to theirs.

    `--no-index` wins wherever it stands.
    """
    pip = defaults()
    keeps_default = stated.keeps_default_index or not stated.index_urls
    urls: tuple[str, ...] = ()
    if not (stated.no_index or given.no_index or pip.no_index):
        main = (given.index_url,) if given.index_url else pip.index_urls[:1]
        default = (*main, *(given.extra_index_urls or pip.index_urls[1:]))
        urls = (*(default if keeps_default else ()), *stated.index_urls, *extra)
    return IndexOptions(
        index_urls=tuple(dict.fromkeys(urls)),
        find_links=tuple(dict.fromkeys((*(given.find_links or pip.find_links), *stated.find_links))),
        no_index=not urls,
        trusted_hosts=tuple(dict.fromkeys((*given.trusted_hosts, *pip.trusted_hosts, *stated.trusted_hosts))),
        keeps_default_index=False,
    )


def with_defaults(given: NetworkOptions, pip: PipDefaults) -> NetworkOptions:
    """The network options of the command line, completed by pip's."""
    return replace(
        given,
        cert=given.cert or pip.cert,
        client_cert=given.client_cert or pip.client_cert,
        proxy=given.proxy or pip.proxy,
        timeout=pip.timeout if given.timeout is None else given.timeout,
        retries=pip.retries if given.retries is None else given.retries,
    )
