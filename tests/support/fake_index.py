"""A real HTTP server on 127.0.0.1 that serves a fake index, writes down every request, and misbehaves on demand.

    with FakeIndex({"six": {"six-1.0-py3-none-any.whl": data}}) as index:
        index.misbehave(index.file_path("six", "six-1.0-py3-none-any.whl"), Truncate(after=10))
        ... index.simple_url ... index.requests ...

What it serves is told as values (`index_content`), shared with the in-memory `FakeTransport`, exported here too.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import quote

from support.fake_transport import FakeTransport
from support.index_content import Answer, FileFacts, IndexContent, Request, normalised
from support.misbehaviour import Misbehaviour

__all__ = ["FakeIndex", "FakeTransport", "FileFacts", "IndexContent", "Request"]

PIECE = 16 * 1024
ENDLESS_LIMIT = 1 << 30


class FakeIndex:
    """Context manager; arguments as `IndexContent`. `tls` makes it an https server."""

    def __init__(
        self,
        projects: Mapping[str, Mapping[str, bytes]] | None = None,
        *,
        facts: Mapping[str, FileFacts] | None = None,
        statuses: Mapping[str, tuple[str, str]] | None = None,
        api_version: str = "1.4",
        formats: Iterable[str] = ("json", "html"),
        pages: Mapping[str, tuple[str, bytes]] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.content = IndexContent(
            projects, facts=facts, statuses=statuses, api_version=api_version, formats=formats, pages=pages
        )
        self._misbehaviours: dict[str, Misbehaviour] = {}
        self._turns: dict[str, int] = {}
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._tls = tls
        self._server: _Server | None = None

    def __enter__(self) -> FakeIndex:  # noqa: PYI034 - typing.Self is younger than Python 3.10
        self._server = _Server(self)
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server = self._running()
        self.closing.set()
        server.shutdown()
        server.drop_connections()
        server.server_close()
        self._server = None

    def _running(self) -> _Server:
        if self._server is None:
            message = "the fake index is not running"
            raise RuntimeError(message)
        return self._server

    @property
    def port(self) -> int:
        return int(self._running().server_address[1])

    @property
    def url(self) -> str:
        """Root of the server, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def simple_url(self) -> str:
        """What `--index-url` takes."""
        return f"{self.url}/simple/"

    @staticmethod
    def file_path(name: str, filename: str) -> str:
        return f"/files/{normalised(name)}/{quote(filename)}"

    @staticmethod
    def project_path(name: str) -> str:
        return f"/simple/{normalised(name)}/"

    def file_url(self, name: str, filename: str) -> str:
        return self.url + self.file_path(name, filename)

    def misbehave(self, path: str, how: Misbehaviour) -> None:
        """From now on spoil the answers for `path` (without query); counts turns anew."""
        with self._lock:
            self._misbehaviours[path] = how
            self._turns[path] = 0

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, in the order of arrival."""
        with self._lock:
            return tuple(self._requests)

    def requests_for(self, path: str) -> tuple[Request, ...]:
        return tuple(request for request in self.requests if request.path.partition("?")[0] == path)

    def answer(self, request: Request) -> Answer:
        """Note the request and decide the answer, spoilt where that was asked for."""
        path = request.path.partition("?")[0]
        with self._lock:
            self._requests.append(request)
            how = self._misbehaviours.get(path)
            turn = self._turns.get(path, 0)
            self._turns[path] = turn + 1
        honest = self.content.answer(request)
        return honest if how is None else how.spoil(request, honest, turn, self.content)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, index: FakeIndex) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.index = index
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()

    def remember(self, connection: socket.socket) -> None:
        with self._connections_lock:
            self._connections.add(connection)

    def forget(self, connection: socket.socket) -> None:
        with self._connections_lock:
            self._connections.discard(connection)

    def drop_connections(self) -> None:
        """End idle keep-alive connections, so that closing the server waits for nobody."""
        with self._connections_lock:
            open_now = tuple(self._connections)
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests; say nothing about them."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.remember(self.connection)

    def finish(self) -> None:
        self.server.forget(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Tests read `requests` instead."""

    def do_GET(self) -> None:
        self._serve(has_body=True)

    def do_HEAD(self) -> None:
        self._serve(has_body=False)

    def _serve(self, *, has_body: bool) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.index.answer(Request(self.command, self.path, headers))
        if answer.is_reset and answer.cut_after is None:
            self._reset()
            return
        self._send_head(answer)
        if has_body and self._send_body(answer):
            return
        if has_body:
            self.close_connection = True
            if answer.is_reset:
                self._reset()

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        length = str(len(answer.body)) if answer.content_length == "" else answer.content_length
        if length is not None:
            self.send_header("Content-Length", length)
        else:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_body(self, answer: Answer) -> bool:
        """Send what the answer says; True when the connection may live on."""
        if answer.is_endless:
            return self._send_endlessly(answer.body)
        body = answer.body if answer.cut_after is None else answer.body[: answer.cut_after]
        if answer.drip:
            return self._send_dripping(body, answer.drip)
        if answer.pause_after is not None:
            self.wfile.write(body[: answer.pause_after])
            self.wfile.flush()
            self.server.index.closing.wait(answer.pause)
            body = body[answer.pause_after :]
        self.wfile.write(body)
        return answer.content_length == "" and answer.cut_after is None

    def _send_endlessly(self, body: bytes) -> bool:
        piece = body * (PIECE // len(body) + 1)
        for _ in range(ENDLESS_LIMIT // len(piece)):
            if self.server.index.closing.is_set():
                break
            self.wfile.write(piece)
        return False

    def _send_dripping(self, body: bytes, pause: float) -> bool:
        for position in range(len(body)):
            self.wfile.write(body[position : position + 1])
            if self.server.index.closing.wait(pause):
                return False
        return True

    def _reset(self) -> None:
        """Close so that the client sees a reset, not an orderly end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
