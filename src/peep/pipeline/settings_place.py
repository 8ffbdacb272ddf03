"""Places of a project's settings: beside the first requirements file, else in the working folder; never a parent's."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.system.bounded import PROJECT_FILE, read_file


def settings_folder(requirement_files: Sequence[str]) -> str:
    """The folder beside whose files settings are: that of the first `-r` file, else the working folder."""
    local = [path for path in requirement_files[:1] if path != "-" and "://" not in path]
    return os.path.dirname(local[0]) if local else ""


def settings_paths(requirement_files: Sequence[str]) -> tuple[str, ...]:
    """The files that may hold settings of a project, whether they are there or not."""
    folder = settings_folder(requirement_files)
    return tuple(os.path.abspath(os.path.join(folder, name)) for name in ("pyproject.toml", "peep.toml"))


def demands_refusal(requirement_files: Sequence[str]) -> bool:
    """Whether the settings say `refuse-malware = true`. Raises `UsageError` for settings that mean nothing.

    Where neither file mentions it, as is the rule, nothing is parsed.
    """
    for path in settings_paths(requirement_files):
        try:
            content = read_file(path, PROJECT_FILE)
        except OSError:
            continue
        if b"refuse-malware" in content:
            from peep.pipeline.audit_settings import read_policy  # noqa: PLC0415 - for runs that ask for the gate

            return read_policy(settings_folder(requirement_files), None).refuse_malware
    return False
