"""The place of the vetting folder of a run, and its records."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peep.errors import UsageError
from peep.requirements.files import is_url
from peep.requirements.pinned_set import Directive
from peep.vetting.assembly import Vetting, vetting_of
from peep.vetting.folder import read_folder

FOLDER = "vetting"


def vetting_folder(
    given: str | None, directives: Sequence[Directive], first_file: str | None, setting: str | None = None
) -> str:
    """Where the records are: `--vetting`, else the directive, else the setting, else beside the first file.

    Without any of these in the working folder. Directive and setting arrive as written: the directive's value is meant
    from its own file's folder, the setting's from the first file's. Raises `UsageError` for a named folder that is not
    there, for directives that name several, and for one in a file that came by URL.
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
    home = os.path.dirname(first_file) if first_file and first_file != "-" and not is_url(first_file) else ""
    if setting is not None:
        return _existing(os.path.join(home, setting), "vetting (settings)")
    return _shown(os.path.join(home, FOLDER))


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
