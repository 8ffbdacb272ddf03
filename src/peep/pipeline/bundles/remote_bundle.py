"""Bundle below a URL: `bundle.json`, and each archive when it is wanted; nothing else is asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import BinaryIO, cast
from urllib.parse import quote

from peep.bundle.manifest import LARGEST_MANIFEST
from peep.bundle.tree import TreeEntry
from peep.errors import TransportError
from peep.formats.url_secrets import redacted
from peep.http.transport import Response, Transport

_IDENTITY = {"Accept-Encoding": "identity"}
"""Digests are those of the stored bytes; a body that is compressed on the way would be others."""
_ABSENT = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


class RemoteTree:
    """Implements `BundleTree` by requests. What lies there beside the bundle's own files cannot be seen."""

    def __init__(self, url: str, transport: Transport) -> None:
        """`url` may hold credentials; what messages say of it does not."""
        self.label = redacted(url.rstrip("/"))
        self._url = url.rstrip("/")
        self._transport = transport
        self._sizes: dict[str, int] = {}
        """Bytes by path, of what the manifest lists; -1: not stated."""

    def expect(self, sizes: Iterable[tuple[str, int]]) -> None:
        """Learn from the manifest which files there should be."""
        self._sizes.update(sizes)

    def entries(self) -> Iterator[TreeEntry]:
        return (TreeEntry(path, size, is_file=True) for path, size in self._sizes.items())

    def open(self, path: str) -> BinaryIO:
        """Fetch a file whole. Raises `FileNotFoundError` where the server has none, `TransportError`."""
        size = self._sizes.get(path, -1)
        limit = LARGEST_MANIFEST if size < 0 else size
        body = cast("BinaryIO", tempfile.TemporaryFile(prefix="peep-bundle-"))  # noqa: SIM115 - the caller's
        try:
            with self._transport.get(f"{self._url}/{quote(path)}", _IDENTITY) as response:
                _require_there(response, path)
                _copy(response.chunks(), body, limit, redacted(response.url))
            body.seek(0)
        except BaseException:
            body.close()
            raise
        return body


def _require_there(response: Response, path: str) -> None:
    if response.status in _ABSENT:
        raise FileNotFoundError(2, "the server has no such file", path)
    if response.status != HTTPStatus.OK:
        reason = f"the server answered {response.status}"
        raise TransportError(redacted(response.url), reason, status=response.status)


def _copy(chunks: Iterable[bytes], body: BinaryIO, limit: int, url: str) -> None:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TransportError(url, f"the body is larger than the {limit:,} bytes that it may have")
        body.write(chunk)
