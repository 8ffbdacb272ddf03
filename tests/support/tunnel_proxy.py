"""A proxy that opens tunnels (`CONNECT`, RFC 9110 section 9.3.6), as company networks have them."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class TunnelProxy:
    """Context manager. `authorization` is the header value it insists on; `tunnels` are the targets asked for."""

    def __init__(self, authorization: str | None = None) -> None:
        self._authorization = authorization
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.tunnels: list[str] = []
        self.closing = threading.Event()
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> TunnelProxy:  # noqa: PYI034 - typing.Self is younger than Python 3.10
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        with socket.create_connection(self._socket.getsockname()):
            self._accepting.join(10)
        self._socket.close()
        for connection in self._open:
            connection.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _accept(self) -> None:
        while not self.closing.is_set():
            client, _ = self._socket.accept()
            self._open.append(client)
            threading.Thread(target=self._serve_quietly, args=(client,), daemon=True).start()

    def _serve_quietly(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                return
            head += piece
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        if self._authorization and f"proxy-authorization: {self._authorization}".lower() not in head.decode().lower():
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        self.tunnels.append(f"{method} {target}")
        host, _, port = target.rpartition(":")
        server = socket.create_connection((host, int(port)))
        self._open.append(server)
        client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: tests\r\n\r\n")
        threading.Thread(target=_copy, args=(client, server), daemon=True).start()
        _copy(server, client)


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy until either side ends, and then end both ways of it."""
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
