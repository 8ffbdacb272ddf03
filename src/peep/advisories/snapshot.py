"""Snapshots of advisories, read within limits: a zip as OSV exports it, a folder or one record.

What is no record is named (`unreadable`) and makes a run incomplete; without a single record, or with a zip that can't
be followed, there is no snapshot. Contents are hostile: names, sizes, ratios and depths are checked before use.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from peep.advisories.foreign_text import cleaned
from peep.advisories.record import LARGEST_RECORD, Advisory, UnreadableRecord, is_record_name, parse_record
from peep.dataclass import dataclass, field
from peep.errors import ArchiveError, PeepError
from peep.formats.ages import utc_time
from peep.formats.url_secrets import redacted
from peep.system.file_digest import digest_of_stream
from peep.system.files import regular_only

if TYPE_CHECKING:
    from peep.archives.zip_reader import ZipReader

MOST_RECORDS = 200_000
MOST_BYTES = 2 << 30
"""Of all records of a snapshot together."""
LARGEST_FILE = 1 << 30
"""Bytes of a zip."""

Entry = Advisory | UnreadableRecord


class SnapshotError(PeepError):
    """There is no snapshot: nothing there (`is_missing`), a zip that can't be followed, no record at all."""

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message, "run: peep advisories fetch" if is_missing else "")
        self.is_missing = is_missing


@dataclass(frozen=True, slots=True)
class FetchRecord:
    """What is remembered beside a fetched snapshot (`NAME.json`); it counts only for a zip of this sha256."""

    url: str
    fetched: datetime
    full: datetime
    """When the whole was fetched last; later ones were deltas."""
    etag: str
    sha256: str
    records: int
    newest: str
    """As the newest record states its `modified`; '' when there is none."""


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """What is known of one source of advisories, for reports."""

    path: str
    sha256: str | None
    """Lower-case hex; None for a folder."""
    is_zip: bool
    fetched: datetime | None = None
    newest: datetime | None = None
    """The latest `modified` that counts."""
    records: int = 0
    """All that could be read, withdrawn ones included."""
    withdrawn: int = 0
    malformed: tuple[str, ...] = ()
    unreadable: tuple[UnreadableRecord, ...] = ()

    @property
    def as_of(self) -> datetime | None:
        """How fresh it is: the newest record, or the time of fetching when that is earlier."""
        known = [moment for moment in (self.newest, self.fetched) if moment is not None]
        return min(known) if self.newest is not None else None


@dataclass(slots=True)
class Tally:
    """Counts records as they come, for the facts of a snapshot."""

    latest: datetime
    """No `modified` beyond this counts."""
    newest: datetime | None = None
    records: int = 0
    withdrawn: int = 0
    malformed: list[str] = field(default_factory=list)
    unreadable: list[UnreadableRecord] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        if isinstance(entry, UnreadableRecord):
            self.unreadable.append(entry)
            return
        self.records += 1
        self.withdrawn += entry.is_withdrawn
        if entry.is_malformed:
            self.malformed.append(entry.id)
        if entry.modified <= self.latest and (self.newest is None or entry.modified > self.newest):
            self.newest = entry.modified

    def facts(self, path: str, digest: str | None, *, is_zip: bool, fetched: datetime | None = None) -> SnapshotFacts:
        return SnapshotFacts(
            path,
            digest,
            is_zip,
            fetched,
            self.newest,
            self.records,
            self.withdrawn,
            tuple(sorted(self.malformed)),
            tuple(sorted(self.unreadable, key=lambda one: (one.name, one.reason))),
        )


def file_sha256(path: str) -> str:
    """The sha256 of a regular file, lower-case hex. Raises `SnapshotError`."""
    try:
        with open(path, "rb", buffering=0, opener=regular_only) as file:
            if os.fstat(file.fileno()).st_size > LARGEST_FILE:
                raise SnapshotError(f"{path}: larger than {LARGEST_FILE >> 20} MiB")
            return digest_of_stream(file)[0].hex
    except OSError as error:
        is_missing = isinstance(error, FileNotFoundError)
        raise SnapshotError(f"{redacted(path)}: {error.strerror or error}", is_missing=is_missing) from error


def is_zip(path: str) -> bool:
    """Whether a file begins as a zip does; False for what can't be read."""
    try:
        with open(path, "rb", opener=regular_only) as file:
            return file.read(2) == b"PK"
    except OSError:
        return False


def entries_of_zip(path: str) -> Iterator[Entry]:
    """Every record of a zip, and what is none. Raises `SnapshotError` for a zip that can't be followed."""
    from peep.archives.zip_reader import open_zip  # noqa: PLC0415 - not for runs that an index serves

    name = os.path.basename(path)
    try:
        with open(path, "rb", opener=regular_only) as file:
            reader = open_zip(file, name, LARGEST_RECORD)
            _require_sound(reader, path)
            yield from (_member(reader, number) for number in range(len(reader.members)))
    except OSError as error:
        raise SnapshotError(f"{path}: {error.strerror or error}") from error
    except ArchiveError as error:
        raise SnapshotError(f"{path}: {cleaned('; '.join(error.problems[:3]))}") from error


def _require_sound(reader: ZipReader, path: str) -> None:
    if reader.problems:
        raise SnapshotError(f"{path}: {cleaned('; '.join(reader.problems[:3]))}")
    if len(reader.members) > MOST_RECORDS:
        raise SnapshotError(f"{path}: {len(reader.members)} members; the limit is {MOST_RECORDS}")
    if sum(min(member.size, LARGEST_RECORD) for member in reader.members) > MOST_BYTES:
        raise SnapshotError(f"{path}: more than {MOST_BYTES >> 30} GiB of records")


def _member(reader: ZipReader, number: int) -> Entry:
    member = reader.members[number]
    if not is_record_name(member.name):
        return UnreadableRecord(cleaned(member.name), "no name of a record")
    if member.size > LARGEST_RECORD:
        return UnreadableRecord(member.name, f"more than {LARGEST_RECORD >> 20} MiB")
    try:
        content = b"".join(reader.chunks(member))
    except ArchiveError as error:
        return UnreadableRecord(member.name, cleaned("; ".join(error.problems)))
    return parse_record(content, member.name)


def entries_of_folder(path: str) -> Iterator[Entry]:
    """Every `.json` file in a folder and those below it, by path, and what is no record. Raises `SnapshotError`."""
    total = 0
    for number, file in enumerate(_record_files(path)):
        name = os.path.relpath(file, path).replace(os.sep, "/")
        if number >= MOST_RECORDS:
            raise SnapshotError(f"{path}: more than {MOST_RECORDS} records")
        if not is_record_name(os.path.basename(file)):
            yield UnreadableRecord(cleaned(name), "no name of a record")
            continue
        entry, size = entry_of_file(file, name)
        total += size
        if total > MOST_BYTES:
            raise SnapshotError(f"{path}: more than {MOST_BYTES >> 30} GiB of records")
        yield entry


def _record_files(path: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise SnapshotError(f"{error.filename or path}: {error.strerror or error}") from error

    for folder, folders, files in os.walk(path, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith(".json"))


def entry_of_file(path: str, name: str) -> tuple[Entry, int]:
    """The record in one file, and how many bytes were read; `name` is for messages."""
    try:
        with open(path, "rb", opener=regular_only) as file:
            content = file.read(LARGEST_RECORD + 1)
    except OSError as error:
        return UnreadableRecord(cleaned(name), error.strerror or str(error)), 0
    return parse_record(content, name), len(content)


def newer(one: Advisory, other: Advisory) -> Advisory:
    """Of two records of the same id the one that was modified later; equal ones: by what they say, not by order."""
    return max(one, other, key=lambda advisory: (advisory.modified, not advisory.is_withdrawn, advisory.material))


def fetch_record(values: object, digest: str) -> FetchRecord | None:
    """What a sidecar's JSON says of the zip with this sha256; None when it says nothing of it."""
    if not isinstance(values, dict) or values.get("sha256") != digest:
        return None
    fetched, full = utc_time(values.get("fetched")), utc_time(values.get("full"))
    texts = [values.get(key) for key in ("url", "etag", "newest")]
    records = values.get("records")
    if fetched is None or full is None or not isinstance(records, int) or not all(isinstance(t, str) for t in texts):
        return None
    url, etag, newest = map(str, texts)
    return FetchRecord(url, fetched, full, etag, digest, records, newest)
