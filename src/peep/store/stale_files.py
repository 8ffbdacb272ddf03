"""Stale temporary folders of a store: those of killed runs go, those of living processes stay."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

from peep.store.layout import StoreLayout
from peep.system.files import remove_tree
from peep.system.locks import is_locked

SCRATCH_PREFIX = "add-"
DROPPED_PREFIX = "drop-"

_GRACE_SECONDS = 86_400 if sys.platform == "win32" else 600
"""A folder may be unlocked between being made and being locked; on Windows none is locked, and only age tells."""


def sweep(layout: StoreLayout) -> None:
    """Remove what killed runs left among the temporary folders; what a living process works in stays."""
    try:
        names = os.listdir(layout.temporary)
    except OSError:
        return
    for name in names:
        path = os.path.join(layout.temporary, name)
        with suppress(OSError):
            if name.startswith(DROPPED_PREFIX) or is_abandoned(path):
                remove_tree(path)


def is_abandoned(path: str) -> bool:
    """Whether a killed run left this temporary folder; living ones hold its lock (`lock_folder`). Raises `OSError`."""
    return time.time() - os.lstat(path).st_mtime > _GRACE_SECONDS and not is_locked(path)
