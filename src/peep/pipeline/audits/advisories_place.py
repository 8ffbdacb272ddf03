"""Places of advisories: the folder in the user's cache, and the fetched snapshot."""

from __future__ import annotations

import os
from collections.abc import Mapping

from peep.store.location import known_store_root

SNAPSHOT_NAME = "PyPI.zip"


def advisories_folder(environ: Mapping[str, str]) -> str:
    """Absolute path of the folder for snapshots and indexes in the user's cache folder; `PEEP_STORE` does not move it.

    Raises `UsageError` for a user without a home folder.
    """
    others = {name: value for name, value in environ.items() if name != "PEEP_STORE"}
    root = known_store_root(others)
    if root is None:
        from peep.store.layout import store_root  # noqa: PLC0415 - other platforms' rules

        root = store_root(others)
    return os.path.join(root, "advisories")


def snapshot_path(environ: Mapping[str, str]) -> str:
    """Where the fetched snapshot is kept: `PEEP_ADVISORIES`, or the user's cache folder."""
    return environ.get("PEEP_ADVISORIES") or os.path.join(advisories_folder(environ), SNAPSHOT_NAME)
