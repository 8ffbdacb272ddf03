"""`peep store path`: the folder of the store."""

from __future__ import annotations

from peep.pipeline.context import RunContext
from peep.pipeline.options import StoreOptions
from peep.pipeline.session import opened_store


def store_path(options: StoreOptions, context: RunContext) -> str:
    """Absolute path of the store, whether it is there or not."""
    with opened_store(options, context) as store:
        return store.layout.root
