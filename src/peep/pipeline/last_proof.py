"""Last proof of an environment, remembered in the store: when `peep verify` found nothing wrong.

It tells people when they last looked, and decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone

from peep.environment.mapping import rooted_paths
from peep.formats.documents import parse_json
from peep.model import TargetEnvironment
from peep.reporting import SilentReporter
from peep.store.layout import store_root
from peep.store.wheels import Store
from peep.system.file_signature import signature

KIND = "proofs"


def note_proof(target: TargetEnvironment, store: Store) -> None:
    """Remember that the environment was proven just now."""
    moment = datetime.now(timezone.utc).isoformat(timespec="seconds")
    known = {"at": moment, "state": _state(target)}
    store.put_value(KIND, target.prefix, json.dumps(known).encode())


def last_proof(target: TargetEnvironment, environ: Mapping[str, str]) -> datetime | None:
    """When it was last proven; None where that is not known, or projects came or went since."""
    value = Store(store_root(environ), SilentReporter()).get_value(KIND, target.prefix)
    try:
        known = parse_json(value or b"{}")
        return datetime.fromisoformat(known["at"]) if known["state"] == _state(target) else None
    except (ValueError, KeyError, TypeError):
        return None


def _state(target: TargetEnvironment) -> list[str]:
    """The stat signatures of the folders that projects come to and go from."""
    paths = rooted_paths(target)
    return [signature(paths[name]).decode() for name in ("purelib", "platlib", "scripts")]
