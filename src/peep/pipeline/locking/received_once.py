"""Source archives of a lock, received once for metadata, build requirements and backend."""

from __future__ import annotations

import threading

from peep.archives.download import Receive
from peep.archives.receive import Receiver
from peep.archives.verification import ReceivedArchive
from peep.formats.names import sdist_suffix
from peep.model import IndexFile, sha256_among


class ReceivedOnce:
    """Implements `archives.download.Receive`; safe to be asked from many threads.

    Only bytes with the sha256 that the index states are kept, and whoever asks again hashes them anew.
    """

    def __init__(self, receive: Receive) -> None:
        """`receive` is the stage that receives whole files."""
        self._receive = receive
        self._kept: dict[str, ReceivedArchive] = {}
        self._lock = threading.Lock()

    def __call__(self, file: IndexFile, algorithms: set[str], limit: int | None, receiver: Receiver) -> ReceivedArchive:
        """Give back a private file of the caller's own. Raises as `receive_archive` does."""
        stated = sha256_among(file.hashes)
        if stated is None or not sdist_suffix(file.filename):
            return self._receive(file, algorithms, limit, receiver)
        with self._lock:
            kept = self._kept.get(stated.hex)
            if kept is not None:
                return receiver.copy(kept, algorithms)
        received = self._receive(file, {*algorithms, stated.algorithm}, limit, receiver)
        if stated in received.digests:
            with self._lock:
                if stated.hex not in self._kept:
                    self._kept[stated.hex] = receiver.copy(received, set())
        return received

    def close(self) -> None:
        """Let go of what was kept."""
        for received in self._kept.values():
            received.file.close()
        self._kept.clear()
