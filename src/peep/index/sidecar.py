"""Metadata sidecars: the METADATA that an index declares to offer beside a wheel (PEP 658, PEP 714)."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit, urlunsplit

from peep.errors import PackageIndexError, TransportError
from peep.formats.core_metadata import LARGEST_METADATA
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import IndexFile

_OK = 200


def sidecar_url(file: IndexFile) -> str:
    """Give back the URL of the sidecar: the file's, with `.metadata` at the end of its path."""
    parts = urlsplit(file.url)
    return urlunsplit(parts._replace(path=f"{parts.path}.metadata", fragment=""))


def read_sidecar(file: IndexFile, transport: Transport) -> bytes | None:
    """Fetch the sidecar of a file that declares one, None where it declares none: then it's never asked for.

    Raises `TransportError` when it doesn't come, `PackageIndexError` when it's not the one that was declared: an index
    that contradicts itself is asked for nothing more of this file.
    """
    if file.sidecar is None:
        return None
    url = sidecar_url(file)
    with transport.get(url, {"Accept-Encoding": "identity"}) as response:
        if response.status != _OK:
            reason = f"the index declares this metadata and answers {response.status}"
            raise TransportError(redacted(url), reason, status=response.status)
        content = response.read(LARGEST_METADATA)
    for digest in file.sidecar:
        found = hashlib.new(digest.algorithm, content).hexdigest()
        if found != digest.hex:
            reason = f"states {digest} for the metadata of {file.filename}, and what came is {digest.algorithm}:{found}"
            raise PackageIndexError(file.index, reason)
    return content
