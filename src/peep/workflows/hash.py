"""`peep hash`: digests of files, of archives in folders, and of URLs, in the order asked for."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from peep.dataclass import dataclass
from peep.errors import PeepError, TransportError, UsageError
from peep.formats.names import archive_suffix
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import Digest
from peep.system.file_digest import digest_of_file

HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class HashSource:
    """One thing to hash: a path or a URL; `is_in_folder` when only its folder was named by the user."""

    text: str
    is_in_folder: bool = False


@dataclass(frozen=True, slots=True)
class HashedSource:
    source: HashSource
    digest: Digest
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class HashFailure:
    source: HashSource
    reason: str


def hash_sources(
    words: Sequence[str], open_transport: Callable[[], Transport], algorithm: str = "sha256", threads: int = 0
) -> Iterator[HashedSource | HashFailure]:
    """Hash whatever `words` name, many at a time, and yield the results in order.

    `algorithm` is one of `model.STRONG_ALGORITHMS`; `threads` 0 means one for each processor. The transport is opened
    when the first URL is met. What can't be read is a `HashFailure` in its place; nothing is raised.
    """
    sources = [source for word in words for source in sources_of(word)]
    fetch = _LazyTransport(open_transport)
    pool = ThreadPoolExecutor(threads or os.cpu_count() or 1)
    try:
        yield from pool.map(partial(_hashed, fetch=fetch, algorithm=algorithm), sources)
    finally:  # Ctrl-C waits for the files that are being read, not for all that were named
        pool.shutdown(cancel_futures=True)


def sources_of(word: str) -> Iterable[HashSource | HashFailure]:
    """What one word of the user's names: itself, or the archives in the folder that it names, sorted by name."""
    if is_url(word) or not os.path.isdir(word):
        return [HashSource(word)]
    try:
        with os.scandir(word) as entries:
            names = sorted(entry.name for entry in entries if archive_suffix(entry.name) and entry.is_file())
    except OSError as error:
        return [HashFailure(HashSource(word), error.strerror or str(error))]
    if not names:
        return [HashFailure(HashSource(word), "a folder without archives")]
    return [HashSource(os.path.join(word, name), is_in_folder=True) for name in names]


def is_url(word: str) -> bool:
    return word.startswith(("https://", "http://", "file:"))


def _hashed(source: HashSource | HashFailure, fetch: _LazyTransport, algorithm: str) -> HashedSource | HashFailure:
    if isinstance(source, HashFailure):
        return source
    try:
        if is_url(source.text):
            return _hashed_url(source, fetch.get(), algorithm)
        digest, size = digest_of_file(source.text, algorithm)
    except OSError as error:
        return HashFailure(source, error.strerror or str(error))
    except UsageError:
        raise  # wrong certificates, a wrong proxy: it is the same for all sources
    except (PeepError, ValueError) as error:  # ValueError: a NUL in the name
        return HashFailure(source, str(error))
    return HashedSource(source, digest, size)


def _hashed_url(source: HashSource, transport: Transport, algorithm: str) -> HashedSource:
    hasher = hashlib.new(algorithm)
    size = 0
    with transport.get(source.text) as response:
        if response.status != HTTP_OK:
            raise TransportError(redacted(source.text), f"the server answers {response.status}", status=response.status)
        for piece in response.chunks():
            hasher.update(piece)
            size += len(piece)
    return HashedSource(source, Digest(algorithm, hasher.hexdigest()), size)


class _LazyTransport:
    """Opens the transport when the first thread wants it, once."""

    def __init__(self, open_transport: Callable[[], Transport]) -> None:
        self._open = open_transport
        self._transport: Transport | None = None
        self._lock = threading.Lock()

    def get(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = self._open()
            return self._transport
