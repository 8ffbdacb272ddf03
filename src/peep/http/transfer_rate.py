"""Minimum transfer rate of a download (slowloris defence, THREATS N9)."""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Callable
from socket import SocketIO
from typing import Any

from peep.dataclass import dataclass

MAX_HEAD = 512 * 1024
"""Bytes of status line and headers, interim answers (`100 Continue`) included."""


class TooSlowError(TimeoutError):
    """The server sends less than `TransferRate` asks for."""


class HeadTooLongError(http.client.HTTPException):
    """Status line, headers and interim answers do not come to an end."""


@dataclass(frozen=True, slots=True)
class TransferRate:
    """In every `patience` seconds spent waiting, at least `floor` bytes a second must come, on average."""

    patience: float = 60.0
    floor: int = 256


class PacedReader(io.RawIOBase):
    """Reads from `raw`, counting bytes and only the time spent waiting for them.

    Raises `TooSlowError` below the pace and `HeadTooLongError` beyond `head_left` bytes while that is not None.
    """

    def __init__(self, raw: SocketIO, pace: TransferRate, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._raw = raw
        self._pace = pace
        self._clock = clock
        self._waited = 0.0
        self._received = 0
        self.head_left: int | None = MAX_HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        started = self._clock()
        count = self._raw.readinto(buffer)
        self._waited += self._clock() - started
        self._received += count or 0
        if self._waited >= self._pace.patience:
            self._judge()
        if self.head_left is not None:
            self.head_left -= count or 0
            if self.head_left < 0:
                raise HeadTooLongError(f"more than {MAX_HEAD} bytes of headers")
        return count

    def _judge(self) -> None:
        if self._received < self._pace.floor * self._waited:
            raise TooSlowError(f"{self._received} bytes in {self._waited:.0f} seconds")
        self._waited = 0.0
        self._received = 0

    def close(self) -> None:
        self._raw.close()
        super().close()


def paced_response_class(pace: TransferRate) -> type[http.client.HTTPResponse]:
    """A response class for `http.client` whose reads keep to `pace`."""

    class PacedResponse(http.client.HTTPResponse):
        def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            self.fp.close()
            self._paced = PacedReader(sock.makefile("rb", buffering=0), pace)
            self.fp = io.BufferedReader(self._paced, 64 * 1024)

        def begin(self) -> None:
            super().begin()
            self._paced.head_left = None

    return PacedResponse
