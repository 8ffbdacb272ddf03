"""`peep advisories fetch`: the newest snapshot of a bucket, kept in the user's cache folder; and where that is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from peep.advisories.bucket import Bucket, FetchedSnapshot, FetchError, fetch_snapshot
from peep.advisories.bucket_plan import OSV_BUCKET
from peep.advisories.lookup import read_sidecar
from peep.advisories.policy import AuditPolicy
from peep.advisories.snapshot import SnapshotError, file_sha256
from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.http.file_urls import file_url
from peep.http.transport import Transport
from peep.pipeline.context import RunContext
from peep.pipeline.open_transport import open_transport
from peep.pipeline.options import NetworkOptions
from peep.store.layout import store_root

SNAPSHOT_NAME = "PyPI.zip"
_FRESH = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """Where to put a snapshot (None: the usual place), where it comes from, and whether all of it."""

    network: NetworkOptions
    output: str | None = None
    source: str | None = None
    full: bool = False
    at: datetime | None = None


def advisories_folder(environ: Mapping[str, str]) -> str:
    """Absolute path of the folder for snapshots and indexes in the user's cache folder; `PEEP_STORE` moves it not."""
    others = {name: value for name, value in environ.items() if name != "PEEP_STORE"}
    return os.path.join(store_root(others), "advisories")


def snapshot_path(environ: Mapping[str, str]) -> str:
    """Where the fetched snapshot is kept: `PEEP_ADVISORIES`, or the user's cache folder."""
    return environ.get("PEEP_ADVISORIES") or os.path.join(advisories_folder(environ), SNAPSHOT_NAME)


def fetch_advisories(options: FetchOptions, context: RunContext, policy: AuditPolicy) -> FetchedSnapshot:
    """Fetch a snapshot. Raises `FetchError`; then what was held is as it was."""
    path = options.output or snapshot_path(context.environ)
    source = options.source or policy.advisories_url or OSV_BUCKET
    if "://" not in source and not source.startswith("file:"):
        source = _local_source(source)
    transport = open_transport(options.network, context.environ)
    try:
        now = options.at or datetime.now(timezone.utc)
        return fetch_snapshot(path, Bucket(source, transport, context.reporter, now), full=options.full)
    finally:
        transport.close()


def _local_source(path: str) -> str:
    if not os.path.exists(path):
        raise UsageError(f"--from {path}: there is no such file or folder", "give a URL, a zip or a copied bucket")
    if os.path.isfile(path) and not path.lower().endswith(".zip"):
        raise UsageError(f"--from {path}: a snapshot is a .zip")
    return file_url(path)


def current_snapshot(
    context: RunContext, policy: AuditPolicy, transport: Callable[[], Transport] | None, now: datetime
) -> tuple[str, ...]:
    """The fetched snapshot, fetched anew when it is not of these hours; () when there is none and none comes.

    `transport` None: nothing is fetched. What does not come is told; an old snapshot is judged by its age.
    """
    path = snapshot_path(context.environ)
    if transport is None or _is_fresh(path, now):
        return (path,) if os.path.exists(path) else ()
    source = policy.advisories_url or OSV_BUCKET
    try:
        fetched = fetch_snapshot(path, Bucket(source, transport(), context.reporter, now))
        context.reporter.detail(f"advisories: {fetched.how}, {fetched.record.records} records")
    except FetchError as error:
        context.reporter.warning(f"no newer advisories: {error}")
    return (path,) if os.path.exists(path) else ()


def _is_fresh(path: str, now: datetime) -> bool:
    try:
        remembered = read_sidecar(path, file_sha256(path))
    except SnapshotError:
        return False
    return remembered is not None and timedelta(0) <= now - remembered.fetched < _FRESH
