"""The seam between peep and the network: what a stage may ask for, whoever answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit


class Response(Protocol):
    """An answer whose body has not been read yet."""

    @property
    def status(self) -> int: ...

    @property
    def url(self) -> str:
        """After redirects; may hold credentials."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""

    def chunks(self) -> Iterator[bytes]:
        """The body as it was sent (no content decoding), in pieces of at most 256 KiB.

        Raises `errors.TransportError` when the connection ends before the stated length or stalls.
        """

    def read(self, limit: int) -> bytes:
        """The whole body; raises `errors.TransportError` beyond `limit` bytes."""


class Transport(Protocol):
    """Fetches http(s) and file URLs. Implementations are safe to use from many threads."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> AbstractContextManager[Response]:
        """Ask for `url`, following safe redirects, with retries for passing faults.

        Returns answers of any status below 500; raises `errors.TransportError` for all else (refused redirect, no
        connection, time-out, certificate, 5xx after retries).
        """


def redacted(url: str) -> str:
    """Give back `url` with user name and password replaced by `****`; of a malformed one, all before the last `@`.

    They are known as such where the scheme or a slash was forgotten, too: `user:password@host/path`, `https:/user:…`.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        head, slashes, rest = url.partition("//")
        return f"{head}{slashes}****@{rest.rpartition('@')[2]}" if "@" in rest else url
    if "@" not in parts.netloc:
        forgotten = None if parts.netloc or "@" not in url else re.match(r"(\w+:/)?[^/@\s]+:[^/@\s]+@", url)
        return f"{forgotten[1] or ''}****@{url[forgotten.end() :]}" if forgotten else url
    return urlunsplit(parts._replace(netloc="****@" + parts.netloc.rpartition("@")[2]))
