"""A server that speaks no HTTP of its own: it sends the pieces it was given, with pauses, to whoever connects."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterable
from types import TracebackType


class RawServer:
    """Context manager; `pieces` are sent `pause` seconds apart after the first line of a request has come."""

    def __init__(self, pieces: Iterable[bytes], pause: float = 0.0, repeat: int = 1) -> None:
        self._pieces = tuple(itertools.chain.from_iterable(itertools.repeat(tuple(pieces), repeat)))
        self._pause = pause
        self._closing = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> RawServer:  # noqa: PYI034 - typing.Self is younger than Python 3.10
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        with socket.create_connection(("127.0.0.1", self._socket.getsockname()[1])):
            self._thread.join(10)
        self._socket.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def _serve(self) -> None:
        while not self._closing.is_set():
            connection, _ = self._socket.accept()
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        try:
            if self._closing.is_set() or not connection.recv(65536):
                return
            for piece in self._pieces:
                connection.sendall(piece)
                if self._pause and self._closing.wait(self._pause):
                    return
        except OSError:
            return
