"""Where the store keeps a file of a wheel."""

from __future__ import annotations

from peep.model import StoredWheel


def stored_path(wheel: StoredWheel, path: str) -> str:
    """Absolute path in the store of the file that the wheel calls `path`."""
    (found,) = (file for file in wheel.files if file.path == path)
    return wheel.location(found)
