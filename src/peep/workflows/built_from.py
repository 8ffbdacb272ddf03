"""Which stored wheels were built from which sdist: an environment records the sdist, `verify` needs the wheel."""

from __future__ import annotations

import json
from collections.abc import Iterable

from peep.model import PlannedWheel
from peep.store.layout import is_sha256
from peep.store.wheels import Store

KIND = "built-from"
_MOST = 50
"""Wheels kept per sdist: one for each set of build inputs; the oldest go first."""


def note_built(store: Store, wheels: Iterable[PlannedWheel]) -> None:
    """Keep, for every wheel that was built, the archive that it was built from."""
    for one in wheels:
        if one.provenance is None:
            continue
        recorded = [digest.hex for digest in one.provenance.hashes if digest.algorithm == "sha256"]
        if one.wheel.sha256 in recorded:
            continue
        for sdist in recorded:
            known = built_from(store, sdist)
            if one.wheel.sha256 not in known[-1:]:
                kept = [sha256 for sha256 in known if sha256 != one.wheel.sha256]
                store.note(KIND, sdist, json.dumps([*kept, one.wheel.sha256][-_MOST:]).encode())


def built_from(store: Store, sdist: str) -> list[str]:
    """sha256 (hex) of the wheels known to be built from the sdist with that sha256, the latest last."""
    try:
        known = json.loads(store.lookup(KIND, sdist) or b"[]")
    except ValueError:
        return []
    return [sha256 for sha256 in known if isinstance(sha256, str) and is_sha256(sha256)]
