"""`peep store size`: contents of the store, in numbers."""

from __future__ import annotations

from peep.pipeline.context import RunContext
from peep.pipeline.options import StoreOptions
from peep.pipeline.session import opened_store
from peep.store.maintenance import StoreSize, size


def store_size(options: StoreOptions, context: RunContext) -> StoreSize:
    """What the store holds."""
    with opened_store(options, context) as store:
        return size(store)
