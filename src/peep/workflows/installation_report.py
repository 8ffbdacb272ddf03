"""`--report`: what a run installs, in the format of pip's installation report (pip documentation, version 1)."""

from __future__ import annotations

import os
from typing import Any

from packaging.metadata import parse_email

from peep import __version__
from peep.model import PinnedRequirement, PlannedWheel
from peep.workflows.outcome import Outcome


def installation_report(outcome: Outcome) -> dict[str, Any]:
    """The report of a run as plain values; it lists what was installed, not what was kept."""
    pins = {pin.name: pin for pin in outcome.pinned.pins}
    return {
        "version": "1",
        "pip_version": f"peep {__version__}",
        "install": [_item(one, pins.get(one.wheel.identity.name)) for one in outcome.plan.link],
        "environment": dict(outcome.target.markers),
    }


def _item(one: PlannedWheel, pin: PinnedRequirement | None) -> dict[str, Any]:
    origin = one.provenance
    hashes = {digest.algorithm: digest.hex for digest in origin.hashes} if origin else {}
    archive = {"hash": f"sha256={hashes.get('sha256', one.wheel.sha256)}", "hashes": hashes}
    item: dict[str, Any] = {
        "metadata": _metadata(one),
        "download_info": {"url": origin.url if origin else "", "archive_info": archive},
        "is_direct": bool(origin and origin.is_direct),
        "is_yanked": False,
        "requested": one.is_requested,
    }
    if pin is not None and pin.extras:
        item["requested_extras"] = list(pin.extras)
    return item


def _metadata(one: PlannedWheel) -> dict[str, Any]:
    path = os.path.join(one.wheel.root, "files", one.wheel.identity.dist_info, "METADATA")
    with open(path, "rb") as file:
        raw, _ = parse_email(file.read())
    return dict(raw)
