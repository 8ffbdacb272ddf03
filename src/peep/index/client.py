"""Package index client: all configured indexes and find-links, asked in order."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import quote, urlsplit

from peep.formats.names import normalised
from peep.formats.url_secrets import redacted
from peep.http.file_urls import is_file, is_folder, path_of_file_url
from peep.http.transport import Transport
from peep.index.fetching import PageFetcher, parsed_project
from peep.index.find_links import FlatListing, as_url, files_of_folder, read_find_links
from peep.model import IndexOptions, ProjectDetail
from peep.reporting import Reporter

_THIS_MACHINE = re.compile(r"(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|::1")


class PackageIndex(Protocol):
    """Everything that is known of projects, from every configured source. Safe to use from many threads."""

    def project(self, name: str) -> tuple[ProjectDetail, ...]:
        """What each source that has the project `name` says of it, in order of priority; () when none has it.

        Find-links locations come first, then the indexes in their order: for a pin without hashes the first one
        counts (index priority), for a hashed pin any of them may offer a listed file. Raises `TransportError` and
        `PackageIndexError`; a source that cannot be asked is an error, because the choice would depend on it.
        """

    def in_find_links(self, name: str) -> tuple[ProjectDetail, ...]:
        """What the find-links locations alone have of a project, for when an index does not answer; raises as above."""


class SimpleIndexes:
    """`PackageIndex` over a `Transport`: simple-API servers, static trees, `file:` indexes and find-links.

    `options.index_urls` must be complete: whoever sets `keeps_default_index` has put the default index in front.
    """

    def __init__(self, transport: Transport, options: IndexOptions, reporter: Reporter) -> None:
        self._fetcher = PageFetcher(transport, reporter)
        self._reporter = reporter
        self._index_urls = (
            () if options.no_index else tuple(dict.fromkeys(as_url(url).rstrip("/") for url in options.index_urls))
        )
        self._find_links = tuple(dict.fromkeys(map(as_url, options.find_links)))
        self._lock = threading.Lock()
        self._flat: tuple[FlatListing, ...] | None = None
        self._remembered: dict[str, tuple[ProjectDetail, ...]] = {}
        for url in (*self._index_urls, *self._find_links):
            if is_open_to_tampering(url, options.trusted_hosts):
                reporter.warning(f"{redacted(url)} is plain http: anyone on the way can hide files or offer others")

    def project(self, name: str) -> tuple[ProjectDetail, ...]:
        name = normalised(name)
        known = self._remembered.get(name)
        if known is None:
            found = [*self.in_find_links(name), *(self._ask(index_url, name) for index_url in self._index_urls)]
            known = self._remembered[name] = tuple(detail for detail in found if detail is not None)
        return known

    def in_find_links(self, name: str) -> tuple[ProjectDetail, ...]:
        found = [listing.project(normalised(name)) for listing in self._flat_listings()]
        return tuple(detail for detail in found if detail is not None)

    def _flat_listings(self) -> tuple[FlatListing, ...]:
        """The find-links locations, read once, when they are first wanted."""
        with self._lock:
            if self._flat is None:
                self._flat = tuple(read_find_links(location, self._fetcher) for location in self._find_links)
            return self._flat

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
        page = self._fetcher.fetch(url, index)
        if page is None:
            return None
        parsed = parsed_project(page, name, index)
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
