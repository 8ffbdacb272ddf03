"""Cache of built wheels by sdist or commit, which `verify` needs to find the wheel."""

from __future__ import annotations

import json
from collections.abc import Iterable

from peep.formats.documents import parse_json
from peep.model import PlannedWheel, Provenance
from peep.pins import is_digest
from peep.store.wheels import Store

KIND = "built-from"
_MOST = 50
"""Wheels kept per sdist: one for each set of build inputs; the oldest go first."""


def note_built(store: Store, wheels: Iterable[PlannedWheel]) -> None:
    """Keep, for every wheel that was built, the archive or commit that it was built from."""
    for one in wheels:
        if one.provenance is None:
            continue
        sources = sources_of(one.provenance)
        if one.wheel.sha256 in sources:
            continue
        for source in sources:
            known = built_from(store, source)
            if one.wheel.sha256 not in known[-1:]:
                kept = [sha256 for sha256 in known if sha256 != one.wheel.sha256]
                store.put_value(KIND, source, json.dumps([*kept, one.wheel.sha256][-_MOST:]).encode())


def sources_of(origin: Provenance) -> list[str]:
    """Texts that each name the content of what was installed: sha256 (hex) of an archive, or a commit's project."""
    if origin.vcs_commit is not None:
        return [f"git:{origin.vcs_commit}:{origin.subdirectory or ''}"]
    return [digest.hex for digest in origin.hashes if digest.algorithm == "sha256"]


def built_from(store: Store, source: str) -> list[str]:
    """sha256 (hex) of the wheels known to be built from what `source` names, the latest last."""
    try:
        known = parse_json(store.get_value(KIND, source) or b"[]")
    except ValueError:
        return []
    return [sha256 for sha256 in known if isinstance(sha256, str) and is_digest(sha256)]
