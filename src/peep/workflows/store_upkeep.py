"""`peep store`: its place, contents, soundness, and unused wheels."""

from __future__ import annotations

from peep.pipeline.context import RunContext
from peep.pipeline.options import StoreOptions
from peep.pipeline.session import opened_store
from peep.store.maintenance import Collected, DamagedFile, StoreSize, check_wheels, collect_garbage, size


def store_path(options: StoreOptions, context: RunContext) -> str:
    """Absolute path of the store, whether it is there or not."""
    with opened_store(options, context) as store:
        return store.layout.root


def store_size(options: StoreOptions, context: RunContext) -> StoreSize:
    """What the store holds."""
    with opened_store(options, context) as store:
        return size(store)


def verify_store(options: StoreOptions, context: RunContext) -> tuple[DamagedFile, ...]:
    """Hash everything in the store; wheels that are damaged were dropped, and are fetched again when needed."""
    with opened_store(options, context) as store, store.in_use():
        return check_wheels(store)


def collect(options: StoreOptions, context: RunContext, unused_days: float) -> Collected:
    """Remove what nothing has asked for in so many days; waits for runs that use the store."""

    def tell(holder: str) -> None:
        context.reporter.note(f"waiting for {holder}, which uses the store")

    with opened_store(options, context) as store:
        return collect_garbage(store, unused_days, tell)
