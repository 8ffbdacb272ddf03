"""Build constraints as pins, where builds may need several versions of one tool (PEP 518: each build is isolated)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.version import InvalidVersion, Version

from peep.dataclass import replace
from peep.errors import PeepError
from peep.formats.markers import TargetMarkers
from peep.formats.names import normalised
from peep.model import PinnedRequirement
from peep.requirements.file_parser import Entry, RequirementLine
from peep.requirements.files import RequirementsFile
from peep.requirements.pins import pinned_requirements


def build_pins(files: Sequence[RequirementsFile], markers: Mapping[str, str]) -> dict[str, PinnedRequirement]:
    """Give back the pins that hold for `markers`: by name, or by `NAME==VERSION` for each of several versions.

    Raises `RequirementsErrors`, as `pinned_requirements` does: lines on one version have to agree.
    """
    versions = _versions(files, TargetMarkers(markers))
    several = {name: found for name, found in versions.items() if len(found) > 1}
    pins: dict[str, PinnedRequirement] = {}
    for number in range(max((len(found) for found in several.values()), default=1)):
        chosen = {name: found[min(number, len(found) - 1)] for name, found in several.items()}
        for pin in pinned_requirements([_with(file, chosen) for file in files], (), markers).pins:
            pins.setdefault(f"{pin.name}=={pin.version}" if pin.name in several else pin.name, pin)
    return pins


def _versions(files: Sequence[RequirementsFile], markers: TargetMarkers) -> dict[str, list[str]]:
    """Give back the versions that each project has, in the order of the lines."""
    found: dict[str, dict[str, None]] = {}
    for line in (line for file in files for line in file.lines if line.parsed.version is not None):
        try:
            holds = markers.hold(line.parsed.marker)
        except PeepError:
            continue  # told by whoever makes the pins
        if holds:
            found.setdefault(normalised(line.parsed.name), {})[_canonical(line.parsed.version or "")] = None
    return {name: list(texts) for name, texts in found.items()}


def _with(file: RequirementsFile, chosen: Mapping[str, str]) -> RequirementsFile:
    """Leave out the lines on versions that are not `chosen`."""
    return replace(file, entries=tuple(entry for entry in file.entries if _is_chosen(entry, chosen)))


def _is_chosen(entry: Entry, chosen: Mapping[str, str]) -> bool:
    if not isinstance(entry, RequirementLine) or entry.parsed.version is None:
        return True
    return chosen.get(normalised(entry.parsed.name), "") in {"", _canonical(entry.parsed.version)}


def _canonical(text: str) -> str:
    try:
        return str(Version(text))
    except InvalidVersion:
        return text
