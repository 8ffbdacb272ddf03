"""A SOCKS 5 proxy (RFC 1928, RFC 1929) that connects to where it is asked to, and remembers that."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from types import TracebackType


class SocksProxy:
    """Context manager; `credentials` are those that it insists on, `asked` the hosts and ports asked for."""

    def __init__(self, credentials: tuple[str, str] | None = None) -> None:
        self.credentials = credentials
        self.asked: list[tuple[str, int]] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self

    def __enter__(self) -> SocksProxy:  # noqa: PYI034 - typing.Self is younger than Python 3.10
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    proxy: SocksProxy


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        proxy = self.server.proxy
        _, count = self.rfile.read(2)
        offered = self.rfile.read(count)
        method = 2 if proxy.credentials else 0
        if method not in offered:
            self.wfile.write(b"\x05\xff")
            return
        self.wfile.write(bytes([5, method]))
        if proxy.credentials and not self._is_known(proxy.credentials):
            return
        _, _, _, kind = self.rfile.read(4)
        host = socket.inet_ntoa(self.rfile.read(4)) if kind == 1 else self.rfile.read(self.rfile.read(1)[0]).decode()
        (port,) = struct.unpack(">H", self.rfile.read(2))
        proxy.asked.append((host, port))
        with socket.create_connection((host, port)) as beyond:
            self.wfile.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            back = threading.Thread(target=_copy, args=(beyond, self.connection), daemon=True)
            back.start()
            _copy(self.connection, beyond)
            back.join(10)

    def _is_known(self, credentials: tuple[str, str]) -> bool:
        self.rfile.read(1)
        user = self.rfile.read(self.rfile.read(1)[0]).decode()
        password = self.rfile.read(self.rfile.read(1)[0]).decode()
        is_known = (user, password) == credentials
        self.wfile.write(b"\x01\x00" if is_known else b"\x01\x01")
        return is_known


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
