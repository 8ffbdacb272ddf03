"""`peep store verify`: soundness of the store, every file hashed."""

from __future__ import annotations

from peep.pipeline.context import RunContext
from peep.pipeline.options import StoreOptions
from peep.pipeline.session import opened_store
from peep.store.maintenance import DamagedFile, check_wheels


def verify_store(options: StoreOptions, context: RunContext) -> tuple[DamagedFile, ...]:
    """Hash everything in the store; wheels that are damaged were dropped, and are fetched again when needed."""
    with opened_store(options, context) as store, store.in_use():
        return check_wheels(store)
