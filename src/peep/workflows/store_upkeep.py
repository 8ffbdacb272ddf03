"""`peep store`: where the store is, what it holds, whether it is sound, and what of it has gone unused."""

from __future__ import annotations

from peep.pipeline.context import Surroundings
from peep.pipeline.options import StoreOptions
from peep.pipeline.session import opened_store
from peep.store.maintenance import Collected, DamagedFile, StoreSize, collect_garbage, size, verify


def store_path(options: StoreOptions, surroundings: Surroundings) -> str:
    """Absolute path of the store, whether it is there or not."""
    with opened_store(options, surroundings) as store:
        return store.layout.root


def store_size(options: StoreOptions, surroundings: Surroundings) -> StoreSize:
    """What the store holds."""
    with opened_store(options, surroundings) as store:
        return size(store)


def verify_store(options: StoreOptions, surroundings: Surroundings) -> tuple[DamagedFile, ...]:
    """Hash everything in the store; wheels that are damaged were dropped, and are fetched again when needed."""
    with opened_store(options, surroundings) as store, store.held():
        return verify(store)


def collect(options: StoreOptions, surroundings: Surroundings, unused_days: float) -> Collected:
    """Remove what nothing has asked for in so many days; waits for runs that use the store."""

    def tell(holder: str) -> None:
        surroundings.reporter.note(f"waiting for {holder}, which uses the store")

    with opened_store(options, surroundings) as store:
        return collect_garbage(store, unused_days, tell)
