"""Index pages from the page cache: revalidated, or taken as they are where nothing may be asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from peep.errors import PackageIndexError
from peep.formats.url_secrets import redacted
from peep.index.fetching import NOT_MODIFIED, FetchedPage, PageFetcher
from peep.index.pages import PageSource
from peep.model import ProjectDetail
from peep.pipeline.locking.lock_threads import LockThreads
from peep.store.page_cache import KeptPage, PageCache, PageHead, page_digest

Parse = Callable[[FetchedPage | None, PageSource], ProjectDetail | None]


class RevalidatedPages:
    """Implements `index.client.KeptPages`: every page is asked for, with what tells whether it has changed."""

    def __init__(
        self, cache: PageCache, threads: LockThreads, digests: dict[str, str], now: Callable[[], float] = time.time
    ) -> None:
        """`threads` read and keep pages; `digests` has the digest of each by its URL, without credentials, once
        `threads.settle` has returned.
        """
        self._cache = cache
        self._threads = threads
        self._digests = digests
        self._now = now

    def project(self, source: PageSource, fetcher: PageFetcher, parse: Parse) -> ProjectDetail | None:
        head = self._cache.head(source.url)
        page = fetcher.fetch_unless(source.url, source.index, _conditions(head))
        if page is NOT_MODIFIED and head is not None:
            kept = self._threads.read(partial(self._cache.get, source.url))
            if kept is not None and (kept.etag, kept.last_modified) == (head.etag, head.last_modified):
                self._digests[redacted(source.url)] = head.digest
                return kept.detail
            page = fetcher.fetch(source.url, source.index)
        return self._threads.read(partial(self._read, page, source, parse), len(page.body) if page is not None else 0)

    def _read(self, page: FetchedPage | None, source: PageSource, parse: Parse) -> ProjectDetail | None:
        detail = parse(page, source)
        validators = page.validators if page is not None else {}
        etag, modified = validators.get("etag", ""), validators.get("last-modified", "")
        self._threads.keep(partial(self._keep, source.url, KeptPage(detail, etag, modified, self._now())))
        return detail

    def _keep(self, url: str, page: KeptPage) -> None:
        self._digests[redacted(url)] = self._cache.put(url, page)


def _conditions(head: PageHead | None) -> dict[str, str]:
    """RFC 9110, 13.1: the strongest validator that there is."""
    if head is None or not head.digest:
        return {}
    if head.etag:
        return {"If-None-Match": head.etag}
    return {"If-Modified-Since": head.last_modified} if head.last_modified else {}


class ComparedPages:
    """Implements `index.client.KeptPages` for whoever only wants to know whether pages are as they were.

    Of an unchanged page nothing is read but what tells so; it is given back as one without files.
    """

    def __init__(self, cache: PageCache, threads: LockThreads, digests: dict[str, str]) -> None:
        """Takes what `RevalidatedPages` does, and fills `digests` as it does."""
        self._cache = cache
        self._digests = digests
        self._threads = threads
        self._full = RevalidatedPages(cache, threads, digests)

    def project(self, source: PageSource, fetcher: PageFetcher, parse: Parse) -> ProjectDetail | None:
        head = self._cache.head(source.url)
        conditions = _conditions(head)
        if (
            head is None
            or not conditions
            or fetcher.fetch_unless(source.url, source.index, conditions) is not NOT_MODIFIED
        ):
            detail = self._full.project(source, fetcher, parse)
            self._threads.settle()  # digests are compared as soon as all pages were asked for
            return detail
        self._digests[redacted(source.url)] = head.digest
        return ProjectDetail(source.project, (), source.index)


class OfflinePages:
    """Implements `index.client.KeptPages` without asking anybody (`--offline`)."""

    def __init__(self, cache: PageCache, digests: dict[str, str] | None = None) -> None:
        """`digests` is filled as by `RevalidatedPages`."""
        self._cache = cache
        self._digests = {} if digests is None else digests

    def project(self, source: PageSource, fetcher: PageFetcher, parse: Parse) -> ProjectDetail | None:
        """Give back what was kept. Raises `PackageIndexError` where nothing was."""
        del fetcher, parse
        kept = self._cache.get(source.url)
        if kept is None:
            reason = f"was never asked for {source.project}, and --offline asks for nothing"
            raise PackageIndexError(source.index, reason, "run the command once without --offline")
        head = self._cache.head(source.url)
        self._digests[redacted(source.url)] = head.digest if head is not None else page_digest(kept.detail)
        return kept.detail


class ComparedOfflinePages:
    """Implements `index.client.KeptPages` as `ComparedPages` does, without asking anybody."""

    def __init__(self, cache: PageCache, digests: dict[str, str]) -> None:
        """`digests` is filled as by `RevalidatedPages`."""
        self._cache = cache
        self._digests = digests
        self._full = OfflinePages(cache, digests)

    def project(self, source: PageSource, fetcher: PageFetcher, parse: Parse) -> ProjectDetail | None:
        """Give back a page without files. Raises `PackageIndexError` where nothing was kept."""
        head = self._cache.head(source.url)
        if head is None:
            return self._full.project(source, fetcher, parse)
        self._digests[redacted(source.url)] = head.digest
        return ProjectDetail(source.project, (), source.index)
