"""`peep advisories fetch`: the newest snapshot of a bucket, kept in the user's cache folder."""

from __future__ import annotations

import os
from datetime import datetime, timezone

from peep.advisories.bucket import Bucket, FetchedSnapshot, fetch_snapshot
from peep.advisories.bucket_plan import OSV_BUCKET
from peep.advisories.policy import AuditPolicy
from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.http.file_urls import file_url
from peep.pipeline.audits.advisories_place import snapshot_path
from peep.pipeline.context import RunContext
from peep.pipeline.open_transport import open_transport
from peep.pipeline.options import NetworkOptions


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """Where to put a snapshot (None: the usual place), where it comes from, and whether all of it."""

    network: NetworkOptions
    output: str | None = None
    source: str | None = None
    full: bool = False
    at: datetime | None = None


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
