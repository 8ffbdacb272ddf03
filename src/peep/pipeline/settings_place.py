"""Places of a project's settings: beside the first requirements file, else in the working folder; never a parent's."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.system.bounded import PROJECT_FILE, read_file


def settings_folder(requirement_files: Sequence[str]) -> str:
    """The folder whose settings count: that of the first `-r` file on this machine, else the working folder."""
    local = next((path for path in requirement_files if path != "-" and "://" not in path), "")
    return os.path.dirname(local)


def settings_paths(requirement_files: Sequence[str]) -> tuple[str, ...]:
    """The files that may hold settings of a project, whether they are there or not."""
    folder = settings_folder(requirement_files)
    return tuple(os.path.abspath(os.path.join(folder, name)) for name in ("pyproject.toml", "peep.toml"))


def demands_refusal(requirement_files: Sequence[str]) -> bool:
    """Whether the settings say `refuse-malware = true`. Raises `SettingsError` for settings that mean nothing.

    Where neither file mentions it, as is the rule, nothing is parsed.
    """
    for path in settings_paths(requirement_files):
        try:
            content = read_file(path, PROJECT_FILE)
        except OSError:
            continue
        if b"refuse-malware" in content:
            from peep.pipeline.settings import project_settings  # noqa: PLC0415 - for runs that ask for the gate

            return project_settings(requirement_files).audit.refuse_malware
    return False
