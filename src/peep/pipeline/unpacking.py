"""Unpacking of verified wheels into the store, by a process pool or in the calling threads.

Threads would take turns at the interpreter lock several times for each small file. A crew changes nothing but time:
what it did not do, for whatever reason, is done here, and fails here with the error that there is to tell.
"""

from __future__ import annotations

import marshal
import os
from threading import BoundedSemaphore
from typing import BinaryIO, Protocol

from peep.archives.wheel import WheelArchive, open_wheel
from peep.concurrency.process_pool import ProcessPool, may_fork
from peep.dataclass import NamedTuple, dataclass
from peep.model import StoredWheel, VerifiedArchive
from peep.reporting import SilentReporter
from peep.store.wheels import Store

_WORTH_A_CREW = 8
"""Wheels; forking takes about as long as unpacking a small one."""
_LARGEST_CREW = 8


class Unpacked(NamedTuple):
    """A wheel in the store, and what is odd about it or was accepted on request."""

    wheel: StoredWheel
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _HandedWheel:
    """A verified archive as a member of the crew gets it: the same open file."""

    filename: str
    file: BinaryIO
    sha256: str


class Unpack(Protocol):
    """The stage of that name: see `workflows/install.py`."""

    def __call__(self, archive: VerifiedArchive, unpacker: Unpacker, /, *, is_excused: bool) -> Unpacked: ...


class Unpacker:
    """Puts wheels into a store, from several threads at once. Made before they are started; `close` must be called."""

    def __init__(self, store: Store, expected: int) -> None:
        """`expected`: the number of wheels that may come."""
        self._store = store
        processors = os.cpu_count() or 1
        # More threads that unpack than processors would spend their time handing the interpreter lock around.
        self._slots = BoundedSemaphore(processors)
        self._crew: ProcessPool | None = None
        if expected >= _WORTH_A_CREW and processors > 1 and may_fork():
            import email.parser  # noqa: F401, PLC0415 -- read by the store; here once, not again by each of the crew

            self._crew = ProcessPool(_Member(store.layout.root).unpack, min(processors, _LARGEST_CREW))

    def unpack(self, archive: VerifiedArchive, *, is_excused: bool) -> Unpacked:
        """Unpack a wheel, or find it in the store. `is_excused`: it may differ from its RECORD.

        Raises `ArchiveError` for a bad wheel, `StoreError` when the disk doesn't take it.
        """
        if self._crew is not None:
            task = marshal.dumps((archive.filename, archive.sha256, is_excused))
            answer = self._crew.ask(task, archive.file.fileno())
            wheel = self._store.get(archive.sha256) if answer else None
            if answer and wheel is not None:
                return Unpacked(wheel, tuple(marshal.loads(answer)))  # noqa: S302 -- from a process of our own
        with self._slots:
            return unpacked(archive, self._store, is_excused=is_excused)

    def close(self) -> None:
        """No more wheels will come."""
        if self._crew is not None:
            self._crew.close()


def add_to_store(archive: VerifiedArchive, unpacker: Unpacker, /, *, is_excused: bool) -> Unpacked:
    """Unpack a verified wheel into the store, or find it there. `is_excused`: it may differ from its RECORD.

    Raises `ArchiveError` for a bad wheel, `StoreError` when the disk doesn't take it.
    """
    return unpacker.unpack(archive, is_excused=is_excused)


def unpacked(archive: WheelArchive, store: Store, *, is_excused: bool) -> Unpacked:
    """As `Unpacker.unpack`, here and now."""
    contents = open_wheel(archive, allow_record_mismatch=is_excused)
    warnings = tuple(contents.warnings)
    return Unpacked(store.add(contents, warnings if is_excused else ()), warnings)


class _Member:
    """What each member of the crew does, in its own process."""

    def __init__(self, store_root: str) -> None:
        self._store = Store(store_root, SilentReporter())

    def unpack(self, task: bytes, descriptor: int) -> bytes:
        """Unpack the archive that is open at `descriptor`; gives its warnings, or b'' where it could not."""
        filename, sha256, is_excused = marshal.loads(task)  # noqa: S302 -- from the process it was forked from
        try:
            with open(descriptor, "rb") as file:
                done = unpacked(_HandedWheel(filename, file, sha256), self._store, is_excused=is_excused)
        except Exception:  # noqa: BLE001 -- the asking process does it again, and tells what is wrong
            return b""
        return marshal.dumps(done.warnings)
