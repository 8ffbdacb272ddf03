"""Names of verbs: peep's, by their places in the circle, and pip's."""

from __future__ import annotations

PLACES = (
    ("Make the list", ("lock", "add", "convert", "port", "hash", "check")),
    ("Examine what it lists", ("diff", "examine", "certify", "vetting")),
    ("Install only that", ("install", "sync", "download", "wheel")),
    ("Prove it", ("verify", "digest", "inventory", "freeze")),
    ("Watch it", ("audit", "advisories")),
    ("Carry it to where there is no network", ("bundle", "mirror")),
    ("Around it", ("status", "check-wheel", "store", "embed", "completion", "help")),
)
"""peep's verbs, by their places in the circle."""

SHARED_VERBS = ("check", "download", "freeze", "wheel")
"""peep's when they read requirements or lock files or are asked for hashes, which pip would not see."""

VERBS = tuple(sorted(verb for _, verbs in PLACES for verb in verbs if verb not in SHARED_VERBS))
"""peep's own, whatever follows."""

PIPS_VERBS = ("cache", "config", "debug", "index", "inspect", "list", "search", "show", "uninstall")
"""Verbs that pip has and peep does not; whatever else is given goes to pip as well."""
