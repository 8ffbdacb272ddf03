"""Places of a project's settings: beside the first requirements file, else the working folder."""

from __future__ import annotations

import os
from collections.abc import Sequence


def settings_folder(requirement_files: Sequence[str]) -> str:
    """The folder whose settings count: that of the first `-r` file on this machine, else the working folder."""
    local = next((path for path in requirement_files if path != "-" and "://" not in path), "")
    return os.path.dirname(local)


def settings_paths(requirement_files: Sequence[str]) -> tuple[str, ...]:
    """The files that may hold settings of a project, whether they are there or not."""
    folder = settings_folder(requirement_files)
    return tuple(os.path.abspath(os.path.join(folder, name)) for name in ("pyproject.toml", "peep.toml"))
