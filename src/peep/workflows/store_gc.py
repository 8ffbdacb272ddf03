"""`peep store gc`: removal of wheels that nothing has asked for."""

from __future__ import annotations

from peep.pipeline.context import RunContext
from peep.pipeline.options import StoreOptions
from peep.pipeline.session import opened_store
from peep.store.maintenance import Collected, collect_garbage


def collect(options: StoreOptions, context: RunContext, unused_days: float) -> Collected:
    """Remove what nothing has asked for in so many days; waits for runs that use the store."""

    def tell(holder: str) -> None:
        context.reporter.note(f"waiting for {holder}, which uses the store")

    with opened_store(options, context) as store:
        return collect_garbage(store, unused_days, tell)
