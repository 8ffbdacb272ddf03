"""The snapshot of an audit that names none: the fetched one, fetched anew when it is hours old."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta

from peep.advisories.lookup import read_sidecar
from peep.advisories.policy import AuditPolicy
from peep.advisories.snapshot import SnapshotError, file_sha256
from peep.http.transport import Transport
from peep.pipeline.audits.advisories_place import snapshot_path
from peep.pipeline.context import RunContext

_FRESH = timedelta(hours=6)


def current_snapshot(
    context: RunContext, policy: AuditPolicy, transport: Callable[[], Transport] | None, now: datetime
) -> tuple[str, ...]:
    """The fetched snapshot, fetched anew when it is not of these hours; () when there is none and none comes.

    `transport` None: nothing is fetched. What does not come is told; an old snapshot is judged by its age.
    """
    path = snapshot_path(context.environ)
    if transport is None or _is_fresh(path, now):
        return (path,) if os.path.exists(path) else ()
    from peep.advisories.bucket import Bucket, FetchError, fetch_snapshot  # noqa: PLC0415 - threads and zips: 30 ms
    from peep.advisories.bucket_plan import OSV_BUCKET  # noqa: PLC0415 - as above

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
