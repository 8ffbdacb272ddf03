"""Ways in which a server lies or fails: each changes the answer that an honest one would have given."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass, replace
from typing import Protocol

from support.index_content import Answer, IndexContent, Request

PORTAL = b"<!DOCTYPE html>\n<html><title>Welcome</title><p>Please sign in to use this network.</p></html>\n"


class Misbehaviour(Protocol):
    """`turn` counts the requests for that path from 0; `content` is what the index honestly holds."""

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Truncate:
    """States the whole length, sends `after` bytes, closes; honest from turn `times` on (None: never honest)."""

    after: int
    times: int | None = None
    is_reset: bool = False

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, content
        if self.times is not None and turn >= self.times:
            return answer
        return replace(answer, cut_after=self.after, is_reset=self.is_reset)


@dataclass(frozen=True, slots=True)
class Stall:
    """Falls silent after `after` bytes for at most `seconds` (the server's end ends it too)."""

    after: int
    seconds: float = 20.0
    times: int | None = None

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, content
        if self.times is not None and turn >= self.times:
            return answer
        return replace(answer, pause_after=self.after, pause=self.seconds)


@dataclass(frozen=True, slots=True)
class SlowLoris:
    """One byte at a time, `pause` seconds apart."""

    pause: float = 0.05

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, turn, content
        return replace(answer, drip=self.pause)


@dataclass(frozen=True, slots=True)
class LieAboutLength:
    """States `content_length` (any text), or none at all."""

    content_length: str | None

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, turn, content
        return replace(answer, content_length=self.content_length)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Sends the client to `location`."""

    location: str
    status: int = 302

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, answer, turn, content
        return Answer(self.status, b"", (("Location", self.location),))


@dataclass(frozen=True, slots=True)
class ChangeBody:
    """The first request gets the first body, the next the second, and so on; the last one stays."""

    bodies: tuple[bytes, ...]

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del answer, content
        body = self.bodies[min(turn, len(self.bodies) - 1)]
        filename = request.path.rpartition("/")[2]
        return IndexContent({"x": {filename: body}}).answer(replace(request, path=f"/files/x/{filename}"))


@dataclass(frozen=True, slots=True)
class Fail:
    """Answers `status` for the first `times` requests (None: always)."""

    status: int = 500
    times: int | None = None
    body: bytes = b"it broke\n"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/plain"),)

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, content
        if self.times is not None and turn >= self.times:
            return answer
        return Answer(self.status, self.body, self.headers)


@dataclass(frozen=True, slots=True)
class Reset:
    """Drops the connection without an answer, for the first `times` requests."""

    times: int | None = None

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, content
        if self.times is not None and turn >= self.times:
            return answer
        return replace(answer, is_reset=True)


@dataclass(frozen=True, slots=True)
class CaptivePortal:
    """A page of HTML with status 200, whatever was asked for."""

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, answer, turn, content
        return Answer(200, PORTAL, (("Content-Type", "text/html; charset=utf-8"),))


@dataclass(frozen=True, slots=True)
class WrongProject:
    """The page of the project `name`."""

    name: str

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del answer, turn
        return content.answer(replace(request, path=f"/simple/{self.name}/"))


@dataclass(frozen=True, slots=True)
class Gzip:
    """Compresses the body on the way (`Content-Encoding`), asked or not."""

    encoding: str = "gzip"

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, turn, content
        packed = replace(answer, body=gzip.compress(answer.body, mtime=0))
        return packed.with_header("Content-Encoding", self.encoding)


@dataclass(frozen=True, slots=True)
class DemandBasicAuth:
    """401 unless user name and password come."""

    user: str
    password: str

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del turn, content
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if request.headers.get("authorization") == f"Basic {token}":
            return answer
        return Answer(401, b"who are you?\n", (("WWW-Authenticate", 'Basic realm="index"'),))


@dataclass(frozen=True, slots=True)
class EndlessBody:
    """The body over and over, without a stated length, until the client goes (or 1 GiB)."""

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, turn, content
        return replace(answer, is_endless=True, content_length=None, body=answer.body or b"more\n")


@dataclass(frozen=True, slots=True)
class HugeHeaders:
    """`count` extra headers of `size` characters each."""

    count: int = 500
    size: int = 1000

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del request, turn, content
        more = tuple((f"X-Filler-{number}", "x" * self.size) for number in range(self.count))
        return replace(answer, headers=(*answer.headers, *more))


@dataclass(frozen=True, slots=True)
class WrongRange:
    """Answers `Range` with bytes that start `shift` later than was asked for, and says so."""

    shift: int = 1

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del turn
        if answer.status != 206:
            return answer
        start = int(request.headers["range"].removeprefix("bytes=").rstrip("-")) + self.shift
        return content.answer(replace(request, headers={**request.headers, "range": f"bytes={start}-"}))


@dataclass(frozen=True, slots=True)
class IgnoreRange:
    """Always the whole file."""

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del answer, turn
        kept = {name: value for name, value in request.headers.items() if name != "range"}
        return content.answer(replace(request, headers=kept))


@dataclass(frozen=True, slots=True)
class PartialUnasked:
    """206 and the bytes from `start` on, although nobody asked for a part."""

    start: int = 1

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        del turn, answer
        return content.answer(replace(request, headers={**request.headers, "range": f"bytes={self.start}-"}))


@dataclass(frozen=True, slots=True)
class Chain:
    """Several of them, one after another."""

    parts: tuple[Misbehaviour, ...]

    def spoil(self, request: Request, answer: Answer, turn: int, content: IndexContent) -> Answer:
        for part in self.parts:
            answer = part.spoil(request, answer, turn, content)
        return answer
