"""Fetching of a snapshot: a bucket's whole zip, later its changes; replaced by rename, or kept.

Source: OSV's documentation, "Data dumps": `all.zip`, `modified_id.csv` and single records for each ecosystem. Nothing
signs them; what is checked is that a successor loses no records and does not grow older.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import BinaryIO

from peep.advisories import bucket_plan
from peep.advisories.bucket_plan import RefusedSnapshot, changed_ids, check_successor, may_be_delta
from peep.advisories.lookup import read_sidecar, sidecar_path
from peep.advisories.record import CLOCK_TOLERANCE, LARGEST_RECORD, UnreadableRecord, is_record_name
from peep.advisories.snapshot import (
    LARGEST_FILE,
    FetchRecord,
    SnapshotError,
    Tally,
    entries_of_zip,
    file_sha256,
    is_zip,
)
from peep.advisories.zip_rewriting import rewrite_zip
from peep.archives.zip_reader import open_zip
from peep.dataclass import dataclass
from peep.errors import ArchiveError, PeepError, TransportError
from peep.formats.ages import sortable_time, utc_time
from peep.formats.url_secrets import redacted
from peep.http.transport import Response, Transport
from peep.reporting import Reporter
from peep.system.files import beside, regular_only, replace_file, write_atomically
from peep.system.locks import FileLock

_OK = 200
_NOT_MODIFIED = 304
_NOT_FOUND = (404, 410)
_AT_ONCE = 8


class FetchError(PeepError):
    """No snapshot came, or what came was refused; what was held before is as it was."""


@dataclass(frozen=True, slots=True)
class FetchedSnapshot:
    """What a fetch did: `how` is `full`, `delta` or `unchanged`; `changed` counts records of a delta."""

    path: str
    how: str
    record: FetchRecord
    changed: int = 0
    unreadable: tuple[UnreadableRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where advisories come from, and how: `url` is the base of a bucket or a whole zip."""

    url: str
    transport: Transport
    reporter: Reporter
    now: datetime


def fetch_snapshot(path: str, bucket: Bucket, *, full: bool = False) -> FetchedSnapshot:
    """Let `path` hold the newest snapshot. Raises `FetchError`; then it holds what it did."""
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with FileLock(f"{path}.lock", "peep advisories fetch", bucket.reporter.note):
            return _fetched(path, bucket, full=full)
    except RefusedSnapshot as refused:
        hint = f"{path} is kept; remove it to take whatever comes" if os.path.exists(path) else ""
        raise FetchError(f"{redacted(bucket.url)}: {refused}", hint) from refused
    except (TransportError, SnapshotError) as error:
        raise FetchError(str(error), error.hint) from error
    except OSError as error:
        raise FetchError(f"{path}: {error.strerror or error}") from error


def _fetched(path: str, bucket: Bucket, *, full: bool) -> FetchedSnapshot:
    held = _held(path)
    if held is not None and not full and may_be_delta(held, bucket.url, bucket.now):
        listing = _got(bucket, bucket_plan.list_url(bucket.url), bucket_plan.LARGEST_LIST)
        changed = changed_ids(listing, utc_time(held.newest) or bucket.now, bucket.now)
        if len(changed) <= bucket_plan.MOST_CHANGES:
            return _delta(path, bucket, held, changed)
    return _whole(path, bucket, held, may_be_the_same=not full)


def _held(path: str) -> FetchRecord | None:
    with suppress(SnapshotError):
        return read_sidecar(path, file_sha256(path))
    return None


def _whole(path: str, bucket: Bucket, held: FetchRecord | None, *, may_be_the_same: bool) -> FetchedSnapshot:
    url = bucket_plan.zip_url(bucket.url)
    same = held is not None and held.url == redacted(bucket.url) and held.etag and may_be_the_same
    headers = {"If-None-Match": held.etag} if same and held else {}
    with _new_file(path) as (aside, file):
        with bucket.transport.get(url, headers) as response:
            if response.status == _NOT_MODIFIED and held is not None:
                return _unchanged(path, bucket, held)
            if response.status != _OK:
                raise TransportError(redacted(url), f"HTTP status {response.status}", status=response.status)
            etag = response.headers.get("etag", "")
            size = 0
            for piece in response.chunks():
                size += len(piece)
                if size > LARGEST_FILE:
                    raise TransportError(redacted(url), f"larger than {LARGEST_FILE >> 20} MiB")
                file.write(piece)
        file.close()
        tally = _tally(aside, bucket)
        if os.path.exists(path):
            _compare(path, aside, tally, bucket)
        record = _record(aside, tally, bucket, full=bucket.now, etag=etag)
        _put(aside, path, record)
    return FetchedSnapshot(path, "full", record, unreadable=tuple(tally.unreadable))


def _tally(aside: str, bucket: Bucket) -> Tally:
    if not is_zip(aside):
        raise RefusedSnapshot("what came is no zip")
    tally = Tally(bucket.now + CLOCK_TOLERANCE)
    try:
        for entry in entries_of_zip(aside):
            tally.add(entry)
            bucket.reporter.worked("advisories read")
    except SnapshotError as error:
        raise RefusedSnapshot(f"what came {str(error).removeprefix(f'{aside}: ')}") from error
    if not tally.records:
        raise RefusedSnapshot("what came holds no record that can be read")
    return tally


def _compare(path: str, aside: str, tally: Tally, bucket: Bucket) -> None:
    """Refuse a successor of what is held, as far as that can be read."""
    try:
        old_ids, held = _names(path), _held(path)
        old_newest = utc_time(held.newest) if held else None
        if old_newest is None:
            old = Tally(bucket.now + CLOCK_TOLERANCE)
            for entry in entries_of_zip(path):
                old.add(entry)
            old_newest = old.newest
    except SnapshotError:
        return  # what is held is of no use
    check_successor(old_ids, _names(aside), old_newest, tally.newest)


def _names(path: str) -> set[str]:
    try:
        with open(path, "rb", opener=regular_only) as file:
            return {member.name for member in open_zip(file, os.path.basename(path)).members}
    except (OSError, ArchiveError) as error:
        raise SnapshotError(f"{path}: {error}") from error


def _unchanged(path: str, bucket: Bucket, held: FetchRecord, full: datetime | None = None) -> FetchedSnapshot:
    record = FetchRecord(held.url, bucket.now, full or bucket.now, held.etag, held.sha256, held.records, held.newest)
    _write_sidecar(path, record)
    return FetchedSnapshot(path, "unchanged", record)


def _delta(path: str, bucket: Bucket, held: FetchRecord, ids: tuple[str, ...]) -> FetchedSnapshot:
    changed = _changed_records(bucket, ids)
    if not changed:
        return _unchanged(path, bucket, held, full=held.full)
    with _new_file(path) as (aside, file):
        with open(path, "rb", opener=regular_only) as old:
            members = open_zip(old, os.path.basename(path)).members
            rewrite_zip(old, [one for one in members if is_record_name(one.name)], changed, file)
        file.close()
        tally = _tally(aside, bucket)
        record = _record(aside, tally, bucket, full=held.full, etag=held.etag)
        _put(aside, path, record)
    return FetchedSnapshot(path, "delta", record, len(changed), tuple(tally.unreadable))


def _changed_records(bucket: Bucket, ids: tuple[str, ...]) -> Mapping[str, bytes]:
    """The contents of records by member name. One that is gone stays as it is held until the whole comes again."""

    def one(identifier: str) -> bytes | None:
        url = bucket_plan.record_url(bucket.url, identifier)
        with bucket.transport.get(url) as response:
            if response.status in _NOT_FOUND:
                bucket.reporter.warning(f"{identifier} is listed as changed, and the bucket does not have it")
                return None
            if response.status != _OK:
                raise TransportError(redacted(url), f"HTTP status {response.status}", status=response.status)
            # One that can't be read is kept: it is named in every report, and others are not held up by it.
            return _beginning(response)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        contents = list(pool.map(one, ids))
    return {f"{id_}.json": content for id_, content in zip(ids, contents, strict=True) if content is not None}


def _beginning(response: Response) -> bytes:
    """A record, or of one that is too large as much as shows that."""
    content = bytearray()
    for piece in response.chunks():
        content += piece
        if len(content) > LARGEST_RECORD:
            break
    return bytes(content[: LARGEST_RECORD + 1])


def _got(bucket: Bucket, url: str, limit: int) -> bytes:
    with bucket.transport.get(url) as response:
        if response.status != _OK:
            raise TransportError(redacted(url), f"HTTP status {response.status}", status=response.status)
        return response.read(limit)


@contextmanager
def _new_file(path: str) -> Iterator[tuple[str, BinaryIO]]:
    """A file beside `path` that is gone at the end, unless it was renamed."""
    with beside(path) as aside, open(aside, "xb") as file:
        yield aside, file


def _record(aside: str, tally: Tally, bucket: Bucket, *, full: datetime, etag: str) -> FetchRecord:
    newest = sortable_time(tally.newest) if tally.newest else ""
    return FetchRecord(redacted(bucket.url), bucket.now, full, etag, file_sha256(aside), tally.records, newest)


def _put(aside: str, path: str, record: FetchRecord) -> None:
    """First the zip, then what is remembered of it: that counts for a zip of its own sha256 only."""
    replace_file(aside, path)
    _write_sidecar(path, record)


def _write_sidecar(path: str, record: FetchRecord) -> None:
    values = {
        "url": record.url,
        "fetched": sortable_time(record.fetched),
        "full": sortable_time(record.full),
        "etag": record.etag,
        "sha256": record.sha256,
        "records": record.records,
        "newest": record.newest,
    }
    write_atomically(sidecar_path(path), (json.dumps(values, indent=2) + "\n").encode())
