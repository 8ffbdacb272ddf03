"""`peep advisories info`: how many records a snapshot has, how fresh it is, and its sha256."""

from __future__ import annotations

from datetime import datetime, timezone

from peep import __version__
from peep.advisories.lookup import LookupOptions, WantedAdvisories, look_up
from peep.advisories.snapshot import SnapshotFacts
from peep.pipeline.audits.advisories_place import advisories_folder, snapshot_path
from peep.pipeline.context import RunContext
from peep.workflows.advisories_show import raise_for


def advisories_info(path: str | None, context: RunContext, at: datetime | None = None) -> SnapshotFacts:
    """The facts of a snapshot, of the fetched one without a path. Raises `PeepError` where there is none."""
    now = at or datetime.now(timezone.utc)
    options = LookupOptions(now, __version__, advisories_folder(context.environ), context.reporter)
    known = look_up((path or snapshot_path(context.environ),), WantedAdvisories(), options)
    raise_for(known.missing)
    return known.facts[0]
