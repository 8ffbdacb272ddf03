"""Settings of a project, found (beside the first file that is named, else here) and opened."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.errors import PeepError
from peep.formats.settings import OWN_FILE, PYPROJECT, Settings, SettingsError, SettingsText, read_settings
from peep.model import Location
from peep.pipeline.settings_place import settings_folder
from peep.requirements.decoding import decode

_LARGEST = 4 * 1024 * 1024
"""Bytes."""


def project_settings(named_files: Sequence[str]) -> Settings:
    """Read the settings that count for a run which names these files; never those of a folder above.

    Raises `SettingsError`, also for a file that cannot be read.
    """
    folder = settings_folder(named_files)
    return read_settings(_text(os.path.join(folder, PYPROJECT)), _text(os.path.join(folder, OWN_FILE)))


def named_settings(path: str) -> Settings:
    """Read the settings of one file, which is written as peep.toml unless it is called pyproject.toml.

    Raises `SettingsError`, also for a file that is not there.
    """
    source = _text(path)
    if source is None:
        raise SettingsError([(Location(path, 0), "there is no such file")])
    return read_settings(source, None) if os.path.basename(path) == PYPROJECT else read_settings(None, source)


def _text(path: str) -> SettingsText | None:
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsError([(Location(path, 0), f"cannot be read: {error.strerror or error}")]) from error
    if len(content) > _LARGEST:
        raise SettingsError([(Location(path, 0), f"is longer than {_LARGEST} bytes")])
    try:
        return SettingsText(path, decode(content, path).text)
    except PeepError as error:
        place = getattr(error, "location", Location(path, 0))
        raise SettingsError([(place, getattr(error, "reason", str(error)))]) from None
