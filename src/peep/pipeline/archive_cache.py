"""Shared archives by digest (`--archives`, `PEEP_ARCHIVES`): asked first, never trusted.

Its layout is that of a mirror's files: `BASE/AA/SHA256/FILENAME`. Whatever it does wrong, the index is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

from peep.archives.download import Receive
from peep.archives.receive import Receiver
from peep.archives.verification import ReceivedArchive
from peep.dataclass import replace
from peep.errors import TransportError
from peep.formats.url_secrets import redacted
from peep.http.transport import Response, Transport
from peep.model import IndexFile
from peep.pipeline.once import Once
from peep.reporting import Reporter


class ArchiveCache:
    """One such place; safe to be asked from many threads."""

    def __init__(
        self, base: str, open_transport: Callable[[], Transport], receive: Receive, reporter: Reporter
    ) -> None:
        """`base` is a URL and may hold credentials; `open_transport`, called once at most, should not try again.

        `receive` is the stage that receives whole files.
        """
        self._base = base.rstrip("/")
        self._transport = Once[None, Transport](lambda _: open_transport())
        self._receive = receive
        self._reporter = reporter
        self._is_silent = False
        """No answer came once: nobody waits for a second one."""

    def received(self, file: IndexFile, algorithms: set[str], limit: int | None, receiver: Receiver) -> ReceivedArchive:
        """Implements `archives.download.Receive`: from here, if the bytes are those that the index states."""
        for place in self._places(file):
            found = self._asked(place, algorithms, file.size if limit is None else limit, receiver)
            if found is not None:
                return found
        return self._receive(file, algorithms, limit, receiver)

    def _places(self, file: IndexFile) -> Iterator[IndexFile]:
        for digest in file.hashes:
            if digest.algorithm == "sha256" and not self._is_silent:
                path = f"{digest.hex[:2]}/{digest.hex}/{quote(file.filename)}"
                yield replace(file, url=f"{self._base}/{path}", hashes=(digest,))

    def _asked(
        self, place: IndexFile, algorithms: set[str], limit: int | None, receiver: Receiver
    ) -> ReceivedArchive | None:
        heard = _Heard(self._transport.get(None))
        try:
            received = self._receive(place, {*algorithms, "sha256"}, limit, replace(receiver, transport=heard))
        except TransportError as error:
            self._is_silent = self._is_silent or not heard.has_answered
            self._reporter.detail(f"{error}; the index is asked")
            return None
        if place.hashes[0] in received.digests:
            return received
        received.file.close()
        self._reporter.detail(f"{redacted(place.url)}: is another file; the index is asked")
        return None


class _Heard:
    """A transport that remembers whether there was an answer at all."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.has_answered = False

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[Response]:
        with self._transport.get(url, headers) as response:
            self.has_answered = True
            yield response
