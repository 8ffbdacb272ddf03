"""Externally managed environments (PEP 668)."""

from __future__ import annotations

import os

from peep.system import bounded

_UNSTATED = "this environment belongs to the operating system's package manager"


def external_manager(stdlib: str) -> str | None:
    """What the marker in the standard library's folder tells the user; None without a marker."""
    marker = os.path.join(stdlib, "EXTERNALLY-MANAGED")
    if not os.path.isfile(marker):
        return None
    import configparser  # noqa: PLC0415 -- 5 ms, for refusals only

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(bounded.read_file(marker, bounded.SETTINGS).decode("utf-8", "replace"))
        message = parser["externally-managed"]["Error"]
    except (OSError, configparser.Error, KeyError):
        return _UNSTATED
    return "".join(letter for letter in message if letter.isprintable() or letter == "\n").strip() or _UNSTATED
