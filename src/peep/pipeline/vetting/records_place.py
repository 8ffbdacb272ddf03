"""The place of the vetting folder of a run, and its records."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.errors import UsageError
from peep.pipeline.settings import project_settings
from peep.pipeline.vetting.examined_gate import Demand
from peep.requirements.files import is_url
from peep.requirements.pinned_set import Directive
from peep.vetting.assembly import Vetting, vetting_of
from peep.vetting.folder import read_folder

FOLDER = "vetting"


def vetting_folder(given: str | None, directives: Sequence[Directive], files: Sequence[str]) -> str:
    """Where the records are: `--vetting`, else the directive, else the setting, else beside the first of `files`.

    Without any of these in the working folder. Raises `UsageError` for a named folder that is not there, for directives
    that name several, and for one in a file that came by URL; and `SettingsError`.
    """
    if given is not None:
        return _existing(given, "--vetting")
    named = {_beside(one.location.path, one.value): one for one in directives if one.option == "--vetting"}
    if len(named) > 1:
        places = " and ".join(str(one.location) for one in named.values())
        raise UsageError(f"{places} name different vetting folders", "say which one: --vetting DIR")
    for folder, directive in named.items():
        if is_url(directive.location.path):
            raise UsageError(f"{directive.location}: a file that a URL names may not say where records are")
        return _existing(folder, str(directive.location))
    local = next((path for path in files if path != "-" and not is_url(path)), "")
    settings = project_settings(files)
    if settings.vetting:
        place = str(settings.locations.get("vetting", settings.path))
        return _existing(os.path.join(os.path.dirname(local), settings.vetting), place)
    return _shown(os.path.join(os.path.dirname(local), FOLDER))


def demands_of(given: Sequence[str], directives: Sequence[Directive], files: Sequence[str]) -> tuple[Demand, ...]:
    """Everything that demands examined archives: `--require-examined` (`given`, '' without a value), files, settings.

    They add up; none lowers another. Raises `SettingsError`.
    """
    settings = project_settings(files)
    stated = settings.require_examined
    place = str(settings.locations.get("require-examined", settings.path))
    return (
        *(Demand(criterion, "--require-examined") for criterion in given),
        *(Demand(one.value, str(one.location)) for one in directives if one.option == "--require-examined"),
        *([Demand(stated if isinstance(stated, str) else "", place)] if stated else []),
    )


def open_vetting(folder: str) -> Vetting:
    """Read and judge the records of a folder. Raises `RecordsErrors` with everything that is wrong with them."""
    return vetting_of(read_folder(folder), folder)


def _existing(folder: str, place: str) -> str:
    if not os.path.isdir(folder):
        raise UsageError(f"{place}: there is no folder {folder}", "make it, or name the one that holds audits.toml")
    return _shown(folder)


def _beside(path: str, value: str) -> str:
    return value if is_url(path) else os.path.normpath(os.path.join(os.path.dirname(path), value))


def _shown(folder: str) -> str:
    return folder.replace(os.sep, "/").rstrip("/") or folder
