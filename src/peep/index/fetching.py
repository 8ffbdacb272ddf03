"""Fetching of index pages through a `Transport`: Accept header, content types, size limits."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from peep.dataclass import dataclass, field
from peep.errors import PackageIndexError
from peep.formats.urls import by_redirect
from peep.http.credentials import refusal_hint
from peep.http.transport import Response, Transport
from peep.index.pages import PageSource, ParsedPage
from peep.model import IndexFile
from peep.reporting import Reporter

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
"""PEP 691: JSON first; `text/html` for servers that know nothing newer."""
LONGEST_PAGE = 64 * 1024 * 1024
"""Bytes, decoded. The largest pages of today are below 10 MB."""
SIMPLE_TYPE = "application/vnd.pypi.simple."
"""What the names of all types of the simple API begin with; its version and form follow."""
OK = 200
NOT_FOUND = frozenset({404, 410})
REFUSED = frozenset({401, 403})
UNCHANGED = 304
VALIDATORS = ("etag", "last-modified")


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it came: its URL after redirects, its type without parameters, its charset still in `content_type`."""

    url: str
    content_type: str
    body: bytes
    validators: Mapping[str, str] = field(default_factory=dict)
    """By which the server will tell whether the page has changed: `etag`, `last-modified`."""

    @property
    def media_type(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        return self.media_type.endswith(("+json", "/json"))


NOT_MODIFIED = FetchedPage("", "", b"")
"""What stands for a page that is as it was."""


@dataclass(frozen=True, slots=True)
class PageFetcher:
    """Fetches pages; `reporter` hears what is odd about them."""

    transport: Transport
    reporter: Reporter

    def fetch(self, url: str, index: str) -> FetchedPage | None:
        """The page at `url`, None when there is none (404, 410, no such file).

        Raises `TransportError` when it does not come, `PackageIndexError` when what comes is no page of an index.
        """
        return self.fetch_unless(url, index, {})

    def fetch_unless(self, url: str, index: str, conditions: Mapping[str, str]) -> FetchedPage | None:
        """As `fetch`, but `NOT_MODIFIED` where the server says that what meets `conditions` still holds (RFC 9110)."""
        headers = {"Accept": ACCEPT, "Accept-Encoding": "gzip, identity", "Cache-Control": "max-age=0", **conditions}
        with self.transport.get(url, headers) as response:
            if response.status in NOT_FOUND:
                return None
            if response.status == UNCHANGED and conditions:
                return NOT_MODIFIED
            hop = by_redirect(url, response.url)
            if response.status in REFUSED:
                hint = refusal_hint(response.status, response.credentials_from)
                raise PackageIndexError(index, f"{hop}refuses {_path(url)} (HTTP status {response.status})", hint)
            if response.status != OK:
                raise PackageIndexError(index, f"{hop}answers {_path(url)} with HTTP status {response.status}")
            body = _decompressed(response.read(LONGEST_PAGE), response, index)
            content_type = response.headers.get("content-type", "text/html")
            validators = {name: response.headers[name] for name in VALIDATORS if name in response.headers}
            return _checked(FetchedPage(response.url, content_type, body, validators), index, hop)


def parsed_project(page: FetchedPage, project: str, index: str) -> ParsedPage:
    """The page as that of `project`. Raises `PackageIndexError`, see the two parsers."""
    # Most indexes speak one form only, and each reader takes a millisecond or two to import.
    source = PageSource(page.url, project, index)
    if page.is_json:
        from peep.index.simple_json import parse_project_json  # noqa: PLC0415 - see above

        return parse_project_json(page.body, source)
    from peep.index.simple_html import parse_project_html  # noqa: PLC0415 - see above

    return parse_project_html(page.body, source, page.content_type)


def parsed_links(page: FetchedPage, index: str, reporter: Reporter) -> Sequence[IndexFile]:
    """Every archive that a find-links page links to; it may be the page of a project, in either form."""
    if page.is_json:
        from peep.index.simple_json import parse_links_json  # noqa: PLC0415 - see `parsed_project`

        files, warnings = parse_links_json(page.body, page.url, index)
        for warning in warnings:
            reporter.warning(warning)
        return files
    from peep.index.simple_html import archive_files, decoded, read_page  # noqa: PLC0415 - see `parsed_project`

    return archive_files(read_page(decoded(page.body, page.content_type), page.url), index)


def _checked(page: FetchedPage, index: str, hop: str) -> FetchedPage:
    """Only types that the simple API knows (PEP 691), and JSON and HTML by their plain names."""
    known = page.media_type.startswith(SIMPLE_TYPE)
    if known and not page.media_type.startswith((f"{SIMPLE_TYPE}v1+", f"{SIMPLE_TYPE}latest+")):
        reason = f"{hop}answered with {page.media_type}, a version of the simple API that is not understood here"
        raise PackageIndexError(index, reason, "upgrade peep, or use another index")
    if known or page.media_type in {"text/html", "application/json", "application/xhtml+xml"}:
        return page
    kind = page.media_type[:80] or "no type"
    raise PackageIndexError(index, f"{hop}answered with {kind}, which is no page of an index")


def _decompressed(body: bytes, response: Response, index: str) -> bytes:
    """Pages may come compressed, as they are not what is hashed. Raises `PackageIndexError` for broken or huge ones."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "x-gzip"}:
        raise PackageIndexError(index, f"answered in the encoding {encoding[:40]!r}, which nobody asked for")
    decoder = zlib.decompressobj(wbits=31)
    try:
        plain = decoder.decompress(body, LONGEST_PAGE)
    except zlib.error as error:
        raise PackageIndexError(index, f"answered with broken gzip ({error})") from None
    if decoder.unused_data:
        raise PackageIndexError(index, "answered with more after the end of its gzip stream, which some readers unpack")
    if not decoder.eof:
        raise PackageIndexError(index, f"answered with a page that ends early or is longer than {LONGEST_PAGE} bytes")
    return plain


def _path(url: str) -> str:
    return urlsplit(url).path or "/"
