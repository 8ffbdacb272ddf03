"""The in-memory fake of `peep.http.transport.Transport`: the same content and misbehaviours, without a socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from peep.errors import TransportError
from peep.formats.url_secrets import redacted
from support.index_content import Answer, IndexContent, Request, normalised
from support.misbehaviour import Misbehaviour

PIECE = 64 * 1024
MAX_REDIRECTS = 10


@dataclass(frozen=True, slots=True)
class FakeResponse:
    """An answer of the fake; `chunks` fails where a real connection would have."""

    status: int
    url: str
    headers: Mapping[str, str]
    answer: Answer

    def chunks(self) -> Iterator[bytes]:
        body = self.answer.body
        while self.answer.is_endless:
            yield body[:PIECE]
        cut = self.answer.cut_after if self.answer.cut_after is not None else self.answer.pause_after
        stop = len(body) if cut is None else cut
        for start in range(0, stop, PIECE):
            yield body[start : min(start + PIECE, stop)]
        if cut is not None:
            raise TransportError(redacted(self.url), f"the answer ended after {cut} of {len(body)} bytes")

    def read(self, limit: int) -> bytes:
        received = bytearray()
        for piece in self.chunks():
            received += piece
            if len(received) > limit:
                raise TransportError(redacted(self.url), f"the answer is longer than {limit} bytes")
        return bytes(received)


@dataclass
class FakeTransport:
    """Hosts by origin (`http://index.example`), each with its content; unknown hosts cannot be reached."""

    hosts: Mapping[str, IndexContent]
    requests: list[Request] = field(default_factory=list)
    """Every request in order; `path` is the whole URL here."""
    misbehaviours: dict[str, Misbehaviour] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def serving(
        cls, projects: Mapping[str, Mapping[str, bytes]], origin: str = "http://index.example"
    ) -> FakeTransport:
        """One host with one index at `ORIGIN/simple/`."""
        return cls({origin: IndexContent(projects)})

    @staticmethod
    def file_url(name: str, filename: str, origin: str = "http://index.example") -> str:
        return f"{origin}/files/{normalised(name)}/{filename}"

    def misbehave(self, url: str, how: Misbehaviour) -> None:
        """Spoil the answers for `url`, given without credentials."""
        self.misbehaviours[url] = how
        self.turns[url] = 0

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[FakeResponse]:
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        for _ in range(MAX_REDIRECTS):
            answer = self._answer(url, lowered)
            location = {name.lower(): value for name, value in answer.headers}.get("location")
            if location is None or answer.status not in {301, 302, 303, 307, 308}:
                break
            url = urljoin(url, location)
        else:
            raise TransportError(redacted(url), f"more than {MAX_REDIRECTS} redirects")
        if answer.status >= 500:
            raise TransportError(redacted(url), f"HTTP status {answer.status}", status=answer.status)
        if answer.is_reset and answer.cut_after is None:
            raise TransportError(redacted(url), "the connection was reset")
        yield FakeResponse(answer.status, url, _response_headers(answer), answer)

    def _answer(self, url: str, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        key = origin + path
        request = Request("GET", path, headers)
        with self.lock:
            self.requests.append(Request("GET", url, headers))
            turn = self.turns.get(key, 0)
            self.turns[key] = turn + 1
        if origin not in self.hosts:
            raise TransportError(redacted(url), "cannot connect")
        honest = self.hosts[origin].answer(request)
        how = self.misbehaviours.get(key)
        return honest if how is None else how.spoil(request, honest, turn, self.hosts[origin])


def _response_headers(answer: Answer) -> dict[str, str]:
    headers = {name.lower(): value for name, value in answer.headers}
    length = str(len(answer.body)) if answer.content_length == "" else answer.content_length
    if length is not None:
        headers["content-length"] = length
    return headers
