"""Unpacking of a verified wheel into a folder that nobody else sees yet."""

from __future__ import annotations

import hashlib
import os
import re
import sys

from peep.dataclass import replace
from peep.errors import ArchiveError
from peep.model import StoredFile, StoredWheel, WheelContents, WheelEntry, record_hash
from peep.store.layout import FILES_PER_FOLDER, MANIFEST, file_path
from peep.store.manifest import Manifest, rendered
from peep.system.files import write_fully

_LARGE_ENTRY = 1 << 18
_WORTH_THREADS = 16 << 20
"""Bytes in large entries from which a wheel is worth threads."""
_MOST_THREADS = 4
_MTIME_START = 1_000_000_000
"""Seconds: a date in 2001; the digest adds up to 17 years."""
_MTIME_DIGITS = 7
_NO_NAMES = frozenset({"", ".", ".."})
_END_OF_HEADERS = rb"\n\r?\n|\r\n\r\n|\r\r"


def mtime_of(sha256: str) -> int:
    """The modification time, in nanoseconds, that every file of this wheel gets.

    Taken from the archive's digest, it is the same on every machine, other for other bytes (so that bytecode compiled
    from another version's file never passes for fresh), long past (so that any later edit changes it), and an even
    number of seconds (which every file system and archive format can keep).
    """
    return (_MTIME_START + 2 * int(sha256[:_MTIME_DIGITS], 16)) * 1_000_000_000


def unpack(
    contents: WheelContents, folder: str, root: str, boot: str, record_mismatches: tuple[str, ...] = ()
) -> StoredWheel:
    """Write all files of `contents`, read-only, and their manifest into `folder`, which will be moved to `root`.

    Raises `ArchiveError` when the archive turns out to lie, `OSError` when the disk doesn't take it; `folder` is then
    good for nothing.
    """
    _check_paths(contents)
    metadata = _Metadata(contents)
    wheel = StoredWheel(
        identity=contents.identity,
        sha256=contents.sha256,
        root=folder,
        files=(),
        mtime_ns=mtime_of(contents.sha256),
        entry_points=metadata.entry_points,
        requires_dist=metadata.requires_dist,
        provides_extra=metadata.provides_extra,
        requires_python=metadata.requires_python,
        record_mismatches=record_mismatches,
    )
    wheel = replace(wheel, root=root, files=_write_all(contents, wheel))
    _write_manifest(os.path.join(folder, MANIFEST), rendered(Manifest(wheel, boot)))
    return wheel


def _check_paths(contents: WheelContents) -> None:
    """Let no path pass that leads out of its folder.

    The store itself makes no use of them, but whoever installs the wheel will; the wheel reader has refused such names
    (THREATS Z1), and this is the last look at them.
    """
    for entry in contents.entries:
        path = entry.path
        if "\\" in path or os.path.isabs(path) or not _NO_NAMES.isdisjoint(path.split("/")):
            raise _escaping(contents, entry)


def _escaping(contents: WheelContents, entry: WheelEntry) -> ArchiveError:
    return ArchiveError(contents.identity.filename, [f"member {entry.path!r} does not stay in its folder"])


def _write_all(contents: WheelContents, wheel: StoredWheel) -> tuple[StoredFile, ...]:
    """Write every entry: large ones by helping threads, since inflating and hashing leave the interpreter lock.

    Small ones are system calls and little else; threads would take turns at the lock and be slower than one.
    """
    folder, mtime_ns = wheel.root, wheel.mtime_ns

    def write(one: tuple[str, WheelEntry]) -> StoredFile:
        stored_as, entry = one
        size, hashed = _write(contents, entry, f"{folder}/{stored_as}", mtime_ns)
        return StoredFile(entry.path, hashed, size, entry.is_executable, stored_as)

    numbered = [(file_path(number), entry) for number, entry in enumerate(contents.entries)]
    for stored_as, _ in numbered[::FILES_PER_FOLDER]:
        os.mkdir(os.path.dirname(f"{folder}/{stored_as}"))
    large = [(stored_as, entry) for stored_as, entry in numbered if entry.size >= _LARGE_ENTRY]
    if sum(entry.size for _, entry in large) < _WORTH_THREADS:
        return tuple(map(write, numbered))
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 -- some milliseconds that most wheels save

    executor = ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1))
    try:
        # The largest first, so that no thread is left alone with it at the end.
        large.sort(key=lambda one: one[1].size, reverse=True)
        helped = executor.map(write, large)
        written = {one[0]: write(one) for one in numbered if one[1].size < _LARGE_ENTRY}
        written |= {file.stored_as: file for file in helped}
        return tuple(written[stored_as] for stored_as, _ in numbered)
    finally:
        # A failure ends the rest: the folder must not be removed while somebody still writes into it.
        executor.shutdown(wait=True, cancel_futures=True)


def _write(contents: WheelContents, entry: WheelEntry, path: str, mtime_ns: int) -> tuple[int, str]:
    """Write one entry; its size in bytes, and its sha256 as RECORD writes it."""
    # RECORD and its signatures have no hash in RECORD; those of all others are checked by `chunks`.
    hasher = None if entry.sha256 else hashlib.sha256()
    size = 0
    times = (mtime_ns, mtime_ns)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    mode = 0o555 if entry.is_executable else 0o444
    descriptor = os.open(path, flags, mode)
    try:
        for chunk in contents.chunks(entry):
            write_fully(descriptor, chunk)
            size += len(chunk)
            if hasher is not None:
                hasher.update(chunk)
        if sys.platform != "win32":
            # Whatever the umask of this run: later ones link the file into environments that others must read. Who may
            # get at it is a matter of folders, which the umask of each run makes.
            os.fchmod(descriptor, mode)
            os.utime(descriptor, ns=times)
    finally:
        os.close(descriptor)
    if sys.platform == "win32":
        os.chmod(path, 0o644)
        os.utime(path, ns=times)
        os.chmod(path, 0o444)
    digest = bytes.fromhex(entry.sha256) if hasher is None else hasher.digest()
    return size, record_hash(digest)


def _write_manifest(path: str, text: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o444)
    try:
        write_fully(descriptor, text)
    finally:
        os.close(descriptor)


class _Metadata:
    """What later stages need from `METADATA` (core metadata) and `entry_points.txt` without opening them again."""

    def __init__(self, contents: WheelContents) -> None:
        from email.parser import HeaderParser  # noqa: PLC0415 -- 4 ms, for a run that adds a wheel only

        dist_info = contents.identity.dist_info
        # Without the description, which takes longer than all the rest.
        headers = re.split(_END_OF_HEADERS, contents.read(f"{dist_info}/METADATA"), maxsplit=1)[0]
        metadata = HeaderParser().parsestr(headers.decode("utf-8"))
        self.requires_dist = tuple(metadata.get_all("Requires-Dist", ()))
        self.provides_extra = tuple(metadata.get_all("Provides-Extra", ()))
        self.requires_python = metadata.get("Requires-Python", "")
        entry_points = f"{dist_info}/entry_points.txt"
        has_entry_points = any(entry.path == entry_points for entry in contents.entries)
        self.entry_points = contents.read(entry_points).decode("utf-8-sig") if has_entry_points else ""
