"""Transport protocol: requests that a stage may make, whoever answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol


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
