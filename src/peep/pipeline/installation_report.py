"""Installation report (`--report`) in pip's format, version 1."""

from __future__ import annotations

import json
from typing import Any

from peep import __version__
from peep.dataclass import replace
from peep.environment.records import provenance_bytes
from peep.formats.core_metadata_json import core_metadata_json
from peep.model import PinnedRequirement, PlannedWheel
from peep.pipeline.result import InstallResult, PendingBuild


def installation_report(result: InstallResult) -> dict[str, Any]:
    """The report of a run as plain values; it lists what was installed, not what was kept."""
    pins = {pin.name: pin for pin in result.pinned.pins}
    items = []
    for one in result.plan.link:
        name = one.wheel.identity.name
        item = _item(one, pins.get(name), result.metadata[name])
        items.append({**item, "is_yanked": name in result.yanked})
    items += [_pending_item(one) for one in result.pending]
    return {
        "version": "1",
        "pip_version": f"peep {__version__}",
        "install": items,
        "environment": dict(result.target.markers),
    }


def _item(one: PlannedWheel, pin: PinnedRequirement | None, metadata: bytes) -> dict[str, Any]:
    origin = one.provenance
    item: dict[str, Any] = {
        # The report tells of every origin in the form of PEP 610, indexes included.
        "download_info": json.loads(provenance_bytes(replace(origin, is_direct=True))) if origin else {},
        "is_direct": bool(origin and origin.is_direct),
        "requested": one.is_requested,
        "metadata": core_metadata_json(metadata),
    }
    if one.is_requested and pin is not None and pin.extras:
        item["requested_extras"] = list(pin.extras)
    return item


def _pending_item(one: PendingBuild) -> dict[str, Any]:
    """What would be built, with the metadata that is known before it is."""
    known = {"name": one.pin.name, "version": one.pin.version}
    requires = {} if one.requires_dist is None else {"requires_dist": list(one.requires_dist)}
    return {
        "download_info": json.loads(provenance_bytes(replace(one.provenance, is_direct=True))),
        "is_direct": one.provenance.is_direct,
        "requested": one.pin.is_requested,
        "metadata": {key: value for key, value in known.items() if value} | requires,
        "is_yanked": False,
    }


def core_metadata(one: PlannedWheel) -> bytes:
    """The METADATA of a stored wheel, as it is."""
    path = f"{one.wheel.identity.dist_info}/METADATA"
    (metadata,) = (file for file in one.wheel.files if file.path == path)
    with open(one.wheel.location(metadata), "rb") as opened:
        return opened.read()
