"""Package index client: all configured indexes and find-links, asked in order."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from typing import Protocol
from urllib.parse import quote, urlsplit

from peep.errors import PackageIndexError, TransportError
from peep.formats.names import normalised
from peep.formats.url_secrets import redacted
from peep.http.file_urls import is_file, is_folder, path_of_file_url
from peep.http.transport import Transport
from peep.index.answers import ProjectAnswers, SourceFailure, failure_of
from peep.index.fetching import FetchedPage, PageFetcher, parsed_project
from peep.index.find_links import FlatListing, as_url, files_of_folder, read_find_links
from peep.index.pages import PageSource
from peep.model import IndexOptions, ProjectDetail
from peep.reporting import Reporter

_THIS_MACHINE = re.compile(r"(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|::1")


class PackageIndex(Protocol):
    """Everything that is known of projects, from every configured source. Safe to use from many threads."""

    def project(self, name: str) -> tuple[ProjectDetail, ...]:
        """What each source that has the project `name` says of it, in order of priority; () when none has it.

        Find-links locations come first, then the indexes in their order: for a pin without hashes the first one
        counts (index priority), for a hashed pin any of them may offer a listed file. Raises `TransportError` and
        `PackageIndexError` for a source that cannot be asked: it is for who needs them all.
        """

    def answers(self, name: str) -> ProjectAnswers:
        """As `project`, and sources that cannot be asked are told of beside what the others say.

        Raises `UsageError` for what keeps all projects from being asked for, such as wrong certificates.
        """


class KeptPages(Protocol):
    """Answers for pages from what was kept of them, as far as that still holds. Safe to use from many threads."""

    def project(
        self,
        source: PageSource,
        fetcher: PageFetcher,
        parse: Callable[[FetchedPage | None, PageSource], ProjectDetail | None],
    ) -> ProjectDetail | None:
        """Give back what the page says of the project, fetched by `fetcher` and read by `parse` where need be."""


class SimpleIndexes:
    """`PackageIndex` over a `Transport`: simple-API servers, static trees, `file:` indexes and find-links.

    `options.index_urls` must be complete: whoever sets `keeps_default_index` has put the default index in front.
    """

    def __init__(
        self, transport: Transport, options: IndexOptions, reporter: Reporter, pages: KeptPages | None = None
    ) -> None:
        """`pages`: where pages are kept and revalidated; None: each is fetched whole."""
        self._pages = pages
        self._fetcher = PageFetcher(transport, reporter)
        self._reporter = reporter
        self._index_urls = (
            () if options.no_index else tuple(dict.fromkeys(as_url(url).rstrip("/") for url in options.index_urls))
        )
        self._find_links = tuple(dict.fromkeys(map(as_url, options.find_links)))
        self._lock = threading.Lock()
        self._flat: tuple[FlatListing | SourceFailure, ...] | None = None
        self._remembered: dict[str, ProjectAnswers] = {}
        self._has_answered: set[str] = set()
        self._silent: dict[str, SourceFailure] = {}
        """Both by URL of an index. One that never answered is not asked for the next project: each would take long."""
        for url in (*self._index_urls, *self._find_links):
            if is_open_to_tampering(url, options.trusted_hosts):
                reporter.warning(f"{redacted(url)} is plain http: anyone on the way can hide files or offer others")

    def project(self, name: str) -> tuple[ProjectDetail, ...]:
        answers = self.answers(name)
        for failure in answers.failures:
            raise failure.error
        return answers.details

    def answers(self, name: str) -> ProjectAnswers:
        name = normalised(name)
        known = self._remembered.get(name)
        if known is None:
            found: list[ProjectDetail | SourceFailure | None] = [
                one.project(name) if isinstance(one, FlatListing) else one for one in self._flat_listings()
            ]
            found += [self._answer(index_url, name) for index_url in self._index_urls]
            known = self._remembered[name] = ProjectAnswers(
                tuple(one for one in found if isinstance(one, ProjectDetail)),
                tuple(one for one in found if isinstance(one, SourceFailure)),
                tuple(map(redacted, (*self._find_links, *self._index_urls))),
            )
        return known

    def _flat_listings(self) -> tuple[FlatListing | SourceFailure, ...]:
        """The find-links locations, read once, when they are first wanted."""
        with self._lock:
            if self._flat is None:
                self._flat = tuple(map(self._listing, self._find_links))
            return self._flat

    def _listing(self, location: str) -> FlatListing | SourceFailure:
        try:
            return read_find_links(location, self._fetcher)
        except (TransportError, PackageIndexError) as error:
            return failure_of(location, error)

    def _answer(self, index_url: str, name: str) -> ProjectDetail | SourceFailure | None:
        if index_url in self._silent:
            return self._silent[index_url]
        try:
            answer = self._ask(index_url, name)
        except (TransportError, PackageIndexError) as error:
            failure = failure_of(index_url, error)
            if failure.is_silent and index_url not in self._has_answered:
                self._silent[index_url] = failure
            return failure
        self._has_answered.add(index_url)
        return answer

    def _ask(self, index_url: str, name: str) -> ProjectDetail | None:
        """What the index at `index_url` says of `name`; None when it does not have it."""
        index = redacted(index_url)
        url = f"{index_url}/{quote(name)}/"
        if url.startswith("file:"):
            folder = path_of_file_url(url)
            if is_folder(folder) and not is_file(f"{folder}/index.html"):
                files = files_of_folder(url, index)
                return ProjectDetail(name, files, index) if files else None
            url += "index.html"
        if self._pages is not None and not url.startswith("file:"):
            return self._pages.project(PageSource(url, name, index), self._fetcher, self._parsed)
        return self._parsed(self._fetcher.fetch(url, index), PageSource(url, name, index))

    def _parsed(self, page: FetchedPage | None, source: PageSource) -> ProjectDetail | None:
        if page is None:
            return None
        parsed = parsed_project(page, source.project, source.index)
        for warning in parsed.warnings:
            self._reporter.warning(warning)
        return parsed.detail


def is_open_to_tampering(url: str, trusted_hosts: Iterable[str]) -> bool:
    """Plain http to a host that is neither this machine nor one that the user trusts as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:  # told of when it is asked
        return False
    host = parts.hostname or ""
    if parts.scheme != "http" or _THIS_MACHINE.fullmatch(host):
        return False
    return {host, parts.netloc.rpartition("@")[2]}.isdisjoint(trusted_hosts)
