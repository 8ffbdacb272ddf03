"""Settings of an audit: policy and suppressions of a project, faults by file and line."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.advisories.policy import AuditPolicy, PolicyFault, policy_of
from peep.advisories.suppression_file import FILE_NAME, LARGEST_FILE, SuppressionFault, read_suppressions
from peep.advisories.suppressions import Suppression
from peep.errors import UsageError
from peep.formats.settings import Settings
from peep.pipeline.settings import named_settings, project_settings
from peep.system.bounded import read_file


def read_policy(files: Sequence[str], named: str | None) -> AuditPolicy:
    """The policy of the project whose files are named, or that of the file `named`.

    Raises `SettingsError` and `UsageError`, with file and line.
    """
    settings = project_settings(files) if named is None else _settings_of(named)
    try:
        return policy_of(settings.audit)
    except PolicyFault as fault:
        key = f"audit.{fault.key}"
        raise UsageError(f"{settings.locations[key]}: {key}: {fault}") from fault


def _settings_of(path: str) -> Settings:
    settings = named_settings(path)
    if not any(key.startswith("audit.") for key in settings.locations):
        raise UsageError(f"{path}: no setting of [audit] or [tool.peep.audit] is in it")
    return settings


def suppressions_path(folder: str, named: str | None) -> str:
    return os.path.join(folder, FILE_NAME) if named is None else named


def read_suppression_file(path: str, policy: AuditPolicy, *, is_named: bool) -> tuple[Suppression, ...]:
    """The suppressions of a project; () where there is no file, unless it was named. Raises `UsageError`."""
    try:
        content = read_file(path, LARGEST_FILE)
    except FileNotFoundError:
        if is_named:
            raise UsageError(f"{path}: there is no such file") from None
        return ()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    try:
        return read_suppressions(content, path, policy.longest_suppression)
    except SuppressionFault as fault:
        raise UsageError(f"{path}{f':{fault.line}' if fault.line else ''}: {fault}") from fault
