"""Maintenance of a store: its size, unused wheels, files that killed runs left behind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from peep.dataclass import dataclass, replace
from peep.errors import StoreError
from peep.model import StoredWheel
from peep.pins import is_digest
from peep.store.inspection import faults_in_full
from peep.store.layout import MANIFEST, StoreLayout
from peep.store.stale_files import sweep
from peep.store.wheels import Store
from peep.system.files import names_in
from peep.system.locks import FileLock

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class StoreSize:
    """What the wheels of a store hold; `bytes` is the sum of the file sizes."""

    wheels: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file of the store that is not what was put there."""

    sha256: str
    """Of the wheel's archive."""
    filename: str
    """Of the wheel's archive; '' when its manifest is what is damaged."""
    path: str
    reason: str
    is_dropped: bool = True
    """Whether its wheel is gone; no, where the store can't be written to."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What garbage collection removed and left."""

    removed: tuple[str, ...]
    """File names of the wheels (their digests where the manifest was damaged)."""
    freed: int
    """Bytes of these wheels' files."""
    kept: int
    """Wheels that stay."""


def digests_in(layout: StoreLayout) -> list[str]:
    """The digests that have a folder among the wheels, sorted, whatever is in it."""
    return sorted(name for name, _ in _fanned(layout.wheels) if is_digest(name))


def size(store: Store) -> StoreSize:
    """Add up what the manifests say."""
    return _size_of([wheel for sha256 in digests_in(store.layout) if (wheel := store.peek(sha256))])


def _size_of(wheels: Sequence[StoredWheel]) -> StoreSize:
    files = [file.size for wheel in wheels for file in wheel.files]
    return StoreSize(len(wheels), len(files), sum(files))


def check_wheels(store: Store) -> tuple[DamagedFile, ...]:
    """Hash every file of every wheel; give back all that is wrong.

    The wheels concerned are dropped. A store that can't be written to keeps them, and they are found again.
    """
    found: list[DamagedFile] = []
    wheels: dict[str, StoredWheel] = {}
    for sha256 in digests_in(store.layout):
        if wheel := store.peek(sha256):
            wheels[sha256] = wheel
        else:
            found.append(DamagedFile(sha256, "", MANIFEST, "missing or damaged"))
    for sha256, reasons in faults_in_full(wheels.values()).items():
        filename = wheels[sha256].identity.filename
        found += [DamagedFile(sha256, filename, path, reason) for path, reason in sorted(reasons.items())]
    kept = {sha256 for sha256 in {file.sha256 for file in found} if not _is_dropped(sha256, store)}
    found = [replace(file, is_dropped=file.sha256 not in kept) for file in found]
    return tuple(sorted(found, key=lambda file: (file.filename, file.sha256, file.path)))


def _is_dropped(sha256: str, store: Store) -> bool:
    try:
        store.drop(sha256)
    except StoreError:
        return False
    return True


def collect_garbage(store: Store, unused_days: float, on_wait: Callable[[str], None] | None = None) -> Collected:
    """Remove wheels and facts that nothing has asked for in so many days, and what killed runs left.

    Wheels that share files with an environment stay, for removing them frees nothing. Waits (telling `on_wait`) for
    runs that are within `Store.held`; runs that begin meanwhile wait for the few renames that it takes.
    Raises `StoreError` when the store can't be written to.
    """
    layout = store.layout
    if not os.path.isdir(layout.root):
        return Collected((), 0, 0)
    with store.explained():
        with FileLock(layout.in_use_lock, "peep store gc", on_wait):
            # Before any manifest is read, for that counts as a use.
            idle = {sha256: _is_idle(layout, sha256, unused_days) for sha256 in digests_in(layout)}
            wheels = {sha256: store.peek(sha256) for sha256 in idle}
            unused = [
                sha256 for sha256, wheel in wheels.items() if wheel is None or (idle[sha256] and not is_linked(wheel))
            ]
            for sha256 in unused:
                store.move_out(sha256)
        forget_old_facts(layout, unused_days)
        sweep(layout)
    removed = [wheel for sha256 in unused if (wheel := wheels[sha256])]
    damaged = [sha256 for sha256 in unused if wheels[sha256] is None]
    names = sorted(wheel.identity.filename for wheel in removed)
    return Collected((*names, *damaged), _size_of(removed).bytes, len(wheels) - len(unused))


def last_use(path: str) -> float:
    """When a file was last read as far as its file system tells (seconds since 1970), but at least when it was written.

    Systems that note reads at all do so once a day or more often, so a day more or less means nothing.
    """
    found = os.stat(path)
    return max(found.st_atime, found.st_mtime)


def is_linked(wheel: StoredWheel) -> bool:
    """Whether an environment shares files with the store, so that removing the wheel would free nothing."""
    for file in wheel.files:
        with suppress(OSError):
            if os.lstat(wheel.location(file)).st_nlink > 1:
                return True
    return False


def _is_idle(layout: StoreLayout, sha256: str, unused_days: float) -> bool:
    """Whether nothing has asked for the wheel for so many days."""
    try:
        return last_use(os.path.join(layout.wheel(sha256), MANIFEST)) <= time.time() - unused_days * _DAY
    except OSError:
        return True


def forget_old_facts(layout: StoreLayout, unused_days: float) -> None:
    """Remove remembered facts and build records that nothing has asked for; nothing depends on them."""
    limit = time.time() - unused_days * _DAY
    kinds = [layout.built, *(os.path.join(layout.remembered, kind) for kind in names_in(layout.remembered))]
    for kind in kinds:
        for _, path in _fanned(kind):
            with suppress(OSError):
                if last_use(path) <= limit:
                    os.unlink(path)


def _fanned(folder: str) -> Iterator[tuple[str, str]]:
    """Name and path of everything in the 256 subfolders."""
    for first in names_in(folder):
        for name in names_in(os.path.join(folder, first)):
            yield name, os.path.join(folder, first, name)
