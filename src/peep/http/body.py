"""Response body as one unbroken stream of bytes, resumed by `Range` requests (THREATS N7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from peep.errors import TransportError
from peep.formats.url_secrets import redacted
from peep.formats.urls import by_redirect
from peep.http.retries import Attempts, PassingFault

PIECE = 64 * 1024
LONGEST_PIECE = 256 * 1024
"""What Python does for each piece costs as much as hashing 20 KiB, so pieces grow with what has come already."""
_CONTENT_RANGE = r"(?i)bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)"
WHOLE = 1024 * 1024
"""Bytes that are read at once where all of an answer is wanted: each byte then is copied once at most."""


class Exchange(Protocol):
    """One answer on one connection."""

    @property
    def status(self) -> int: ...

    @property
    def url(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""

    @property
    def credentials_from(self) -> str:
        """As of `transport.Response`."""

    def read(self, amount: int) -> bytes:
        """At most `amount` bytes, b'' at the end; raises `PassingFault` or `TransportError`."""

    def close(self) -> None: ...


Reopen = Callable[[Mapping[str, str]], Exchange]
"""Ask for the same URL again with these headers added."""


class HttpResponse:
    """A `Response` (see `transport`) that hides broken connections as long as attempts are left."""

    def __init__(self, exchange: Exchange, reopen: Reopen, attempts: Attempts) -> None:
        self._exchange = exchange
        self._reopen = reopen
        self._attempts = attempts
        self.status = exchange.status
        self.url = exchange.url
        self.headers = exchange.headers
        self.credentials_from = exchange.credentials_from

    def chunks(self) -> Iterator[bytes]:
        return self._pieces(lambda received: max(PIECE, min(received // 4, LONGEST_PIECE)))

    def _pieces(self, size: Callable[[int], int]) -> Iterator[bytes]:
        """Pieces of a `size` that follows from how much has come; of a connection that breaks, one piece is lost."""
        received = 0
        total = stated_length(self.url, self.headers)
        while received != total:
            try:
                piece = self._next_piece(size(received), received, total)
            except PassingFault as fault:
                self._exchange.close()
                so_far = f", after {received} of {'an unknown number of' if total is None else total} bytes"
                reason = by_redirect(self._attempts.url, self.url) + fault.reason + so_far
                self._exchange = self._resumed(PassingFault(reason, fault.hint), received, total)
                continue
            if not piece:
                return
            received += len(piece)
            yield piece

    def read(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        count = 0
        for piece in self._pieces(lambda received: min(max(WHOLE, received), limit + 1 - received)):
            pieces.append(piece)
            count += len(piece)
            if count > limit:
                raise TransportError(redacted(self.url), f"the answer is longer than {limit} bytes")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        self._exchange.close()

    def _next_piece(self, size: int, received: int, total: int | None) -> bytes:
        piece = self._exchange.read(size)
        if not piece and total is not None and received < total:
            raise PassingFault("the connection ended early")
        return piece

    def _resumed(self, fault: PassingFault, received: int, total: int | None) -> Exchange:
        """A connection that goes on after `received` bytes, by Range, or by skipping what is known already."""
        while True:
            self._attempts.after(fault)
            exchange: Exchange | None = None
            try:
                exchange = self._reopen(range_headers(received, self.headers))
                if continues(exchange, received, total, self.headers):
                    return exchange
                _skip(exchange, received)
            except PassingFault as next_fault:
                fault = next_fault
            except TransportError:
                if exchange is not None:
                    exchange.close()
                raise
            else:
                return exchange
            if exchange is not None:
                exchange.close()


def stated_length(url: str, headers: Mapping[str, str]) -> int | None:
    """The body's length in bytes, where it is stated (RFC 9110 section 8.6).

    Raises `TransportError` when what is stated is no length.
    """
    text = headers.get("content-length")
    if text is None or "transfer-encoding" in headers:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 - more digits than any disk has bytes
        raise TransportError(redacted(url), f"the server states an impossible length: {text[:40]!r}")
    return int(text)


def range_headers(received: int, headers: Mapping[str, str]) -> dict[str, str]:
    """What to send to get the rest, and only if nothing changed meanwhile (RFC 9110 sections 13.1.5 and 14.2)."""
    if not received:
        return {}
    wanted = {"Range": f"bytes={received}-"}
    tag = headers.get("etag", "")
    if tag.startswith('"'):
        wanted["If-Range"] = tag
    elif "last-modified" in headers:
        wanted["If-Range"] = headers["last-modified"]
    return wanted


def continues(exchange: Exchange, received: int, total: int | None, before: Mapping[str, str]) -> bool:
    """True: the answer holds the rest; False: it holds everything once more.

    Raises `TransportError` when it is neither, or another file than before.
    """
    url = redacted(exchange.url)
    if before.get("etag", "") != exchange.headers.get("etag", before.get("etag", "")):
        raise TransportError(url, "the file changed on the server while it was being fetched")
    if exchange.status == 206:  # noqa: PLR2004 - Partial Content
        found = re.fullmatch(_CONTENT_RANGE, exchange.headers.get("content-range", "").strip())
        if not received or found is None or int(found[1]) != received or _differs(found[3], total):
            raise TransportError(url, f"the server answered with another part of the file than from byte {received} on")
        return True
    if exchange.status != 200:  # noqa: PLR2004 - OK
        raise TransportError(url, f"HTTP status {exchange.status} when asked for the rest", status=exchange.status)
    if _differs(exchange.headers.get("content-length", "*"), total):
        raise TransportError(url, "the file changed its length on the server while it was being fetched")
    return not received


def _differs(text: str, total: int | None) -> bool:
    return total is not None and text.isdigit() and text != str(total)


def _skip(exchange: Exchange, count: int) -> None:
    """Read what was received before; whether it is the same is for the consumer's hash to say."""
    while count:
        piece = exchange.read(min(PIECE, count))
        if not piece:
            raise PassingFault("the connection ended early")
        count -= len(piece)
