"""Wishes of the user for builds: what projects forgot to declare, and folders that builds may see."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from peep.dataclass import replace
from peep.errors import UsageError
from peep.formats.settings import Settings, SettingsError
from peep.model import Location
from peep.pipeline.options import BuildOptions
from peep.requirements.directives import MalformedDirective, build_requirement
from peep.requirements.pinned_set import Directive
from peep.requirements.sources import named_folder


def further_needs(given: Iterable[str], directives: Iterable[Directive]) -> dict[str, tuple[str, ...]]:
    """What `--build-requirement` says, on the command line (`NAME: REQUIREMENT`) and in files.

    Normalised project name -> requirement texts (PEP 508), each once.
    """
    stated = [one.value for one in directives if one.option == "--build-requirement"]
    needs: dict[str, dict[str, None]] = {}
    for name, text in map(build_requirement, (*given, *stated)):
        needs.setdefault(name, {})[text] = None
    return {name: tuple(texts) for name, texts in needs.items()}


def with_settings(options: BuildOptions, settings: Settings) -> BuildOptions:
    """The options, and what the project's settings say in `build-path` and `[build-requirements]`.

    Folders are meant from the folder of the settings. Raises `SettingsError` for a requirement that is none.
    """
    place = os.path.dirname(settings.path)
    folders = [os.path.join(place, os.path.expanduser(folder)) for folder in settings.build_path]
    stated = [f"{name}: {text}" for name, texts in settings.build_requirements.items() for text in texts]
    faults = [fault for text in stated if (fault := _fault(text))]
    if faults:
        location = settings.locations.get("build-requirements", Location(settings.path, 0))
        raise SettingsError([(location, fault) for fault in faults])
    return replace(
        options, requirements=(*options.requirements, *stated), visible_folders=(*options.visible_folders, *folders)
    )


def _fault(stated: str) -> str:
    try:
        build_requirement(stated)
    except MalformedDirective as error:
        return str(error)
    return ""


def visible_folders(given: Iterable[str], directives: Sequence[Directive], home: str) -> tuple[str, ...]:
    """The folders that `--build-path` names, absolute, those of files meant from the file's own folder.

    Raises `UsageError` for what is no folder, and for one that the whole home folder lies in: what builds are kept
    from is in there.
    """
    named = {os.path.abspath(os.path.expanduser(folder)): "--build-path" for folder in given}
    for directive in directives:
        if directive.option == "--build-path":
            named.setdefault(named_folder(directive), f"{directive.location}: --build-path")
    for folder, origin in named.items():
        _check(folder, origin, home)
    return tuple(named)


def _check(folder: str, origin: str, home: str) -> None:
    if not os.path.isdir(folder):
        raise UsageError(f"{origin}: {folder} is no folder", "name a folder that builds may read")
    real, own = os.path.realpath(folder), os.path.realpath(home)
    if (own + os.sep).startswith(real.rstrip(os.sep) + os.sep):
        raise UsageError(
            f"{origin}: {folder} holds the whole home folder, with all that builds must not read",
            "name the folder of the compiler alone, such as ~/.cargo",
        )


def unbuilt_names(needs: Mapping[str, tuple[str, ...]], known: Iterable[str]) -> list[str]:
    """Projects that further needs are stated for and that this run knows nothing of: likely misspelt."""
    return sorted(needs.keys() - set(known))
