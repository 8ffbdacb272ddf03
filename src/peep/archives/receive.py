"""Receipt of one whole file: streamed, hashed and counted into a private file, within limits."""

from __future__ import annotations

import errno
import tempfile
from contextlib import suppress
from http import HTTPStatus
from threading import Event
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from peep.archives.verification import HashingWriter, ReceivedArchive
from peep.concurrency.thread_pool import Stopped
from peep.dataclass import dataclass, field
from peep.errors import StoreError, TransportError
from peep.formats.url_secrets import fault_text, redacted
from peep.formats.urls import by_redirect
from peep.http.body import stated_length
from peep.http.credentials import refusal_hint
from peep.http.transport import Response, Transport
from peep.model import IndexFile
from peep.reporting import Arrival, Reporter

_IDENTITY = {"Accept-Encoding": "identity"}
"""The hash is that of the stored bytes; a body that is compressed on the way would be another (THREATS N8)."""

_PIECE = 1 << 16
_REFUSED = frozenset({401, 403})
_MOST_DIGITS = 18
"""Of a number of bytes; Python converts no more than some thousand."""


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """Where patience with a server ends (THREATS N9); pace, time-outs and retries are the transport's."""

    max_bytes: int = 8 << 30
    """Ceiling for a body whose size no lock file states; several times the largest wheels that are published."""
    max_unannounced: int = 4 << 30
    """The same for a body whose length the server does not announce, where the index states no size either."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """What it takes to receive files; one serves all threads of a run."""

    transport: Transport
    scratch: str
    """A folder that only this user can enter (THREATS N16)."""
    reporter: Reporter
    stop: Event = field(default_factory=Event)
    """Once it is set, nothing more is received."""
    limits: DownloadLimits = DownloadLimits()

    def copy(self, received: ReceivedArchive, algorithms: set[str]) -> ReceivedArchive:
        """Give back the same bytes in a private file of their own, hashed anew."""
        writer = HashingWriter(self.new_file(), algorithms)
        received.file.seek(0)
        while chunk := received.file.read(_PIECE):
            self._write(writer, chunk)
        return self._finished(writer, received.content_type, received.content_encoding)

    def fill(self, file: IndexFile, writer: HashingWriter, limit: int) -> ReceivedArchive:
        """Write the body of `file` into `writer`; raises as `receive_archive` does."""
        _check_url(file.url)
        self.reporter.download_started(file.filename, file.size)
        arrival = Arrival.FAILED
        try:
            with self.transport.get(file.url, _IDENTITY) as response:
                _check_answer(file.url, response, limit)
                if stated_length(response.url, response.headers) is None:
                    # N14: else what an index states binds nobody. Here it is all that is known of where the body ends.
                    limit = min(limit, self.limits.max_unannounced if file.size is None else file.size)
                for chunk in response.chunks():
                    self._take(writer, chunk, limit, response)
                    self.reporter.download_advanced(file.filename, len(chunk))
                headers = response.headers
                done = self._finished(writer, headers.get("content-type", ""), headers.get("content-encoding", ""))
                arrival = Arrival.FOUND if response.url.startswith("file:") else Arrival.FETCHED
                return done
        finally:
            self.reporter.download_finished(file.filename, arrival)

    def _take(self, writer: HashingWriter, chunk: bytes, limit: int, response: Response) -> None:
        if self.stop.is_set():
            raise Stopped
        if writer.size + len(chunk) > limit:
            raise _too_long(response, limit)
        self._write(writer, chunk)

    def _write(self, writer: HashingWriter, chunk: bytes) -> None:
        try:
            writer.write(chunk)
        except OSError as error:
            raise self._unwritable(error) from error

    def _finished(self, writer: HashingWriter, content_type: str, content_encoding: str) -> ReceivedArchive:
        try:
            return writer.finish(content_type=content_type, content_encoding=content_encoding)
        except OSError as error:
            raise self._unwritable(error) from error

    def new_file(self) -> BinaryIO:
        """A file without a name (or with one that goes when it is closed), so that nothing can be left behind."""
        try:
            # The caller or the receiver of a verified archive closes it.
            return cast("BinaryIO", tempfile.TemporaryFile(dir=self.scratch))
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StoreError:
        is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return StoreError(
            f"{self.scratch}: downloads cannot be kept here: {error.strerror or error}",
            "free some space, or name another place with PEEP_STORE" if is_full else "",
        )


def receive_archive(file: IndexFile, algorithms: set[str], limit: int | None, receiver: Receiver) -> ReceivedArchive:
    """Fetch `file` whole; `limit` is the size in bytes that it may not exceed, where one is known.

    The caller owns the open file of the result. Raises `TransportError` when the bytes cannot be had, `StoreError`
    when the scratch folder fails and `Stopped` when the receiver's `stop` was set.
    """
    body = receiver.new_file()
    try:
        most = receiver.limits.max_bytes if limit is None else limit
        return receiver.fill(file, HashingWriter(body, algorithms), most)
    except BaseException:
        with suppress(OSError):  # it tries once more to write what is thrown away here
            body.close()
        raise


def _check_url(url: str) -> None:
    try:
        urlsplit(url)
    except ValueError as error:
        raise TransportError(redacted(url), f"cannot be read as a URL ({fault_text(error)})") from error


def _check_answer(url: str, response: Response, limit: int) -> None:
    """Only a plain 200 brings a file: 206 was not asked for (THREATS N7), and other answers hold explanations."""
    if response.status != HTTPStatus.OK:
        reason = _status_text(response.url, response.status)
        hint = refusal_hint(response.status, response.credentials_from) if response.status in _REFUSED else ""
        raise TransportError(redacted(url), by_redirect(url, response.url) + reason, hint, status=response.status)
    stated = response.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and (len(stated) > _MOST_DIGITS or int(stated) > limit):
        raise _too_long(response, limit)


def _status_text(url: str, status: int) -> str:
    if url.startswith("file:"):
        return "there is no such file"
    try:
        phrase = HTTPStatus(status).phrase.lower()
    except ValueError:
        return f"the server answered {status}"
    return f"the server answered {status} ({phrase})"


def _too_long(response: Response, limit: int) -> TransportError:
    return TransportError(redacted(response.url), f"the body is larger than the {limit:,} bytes that it may have")
