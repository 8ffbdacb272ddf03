"""Packages of a lock file with an edited version, whose listed files are those of another.

A bot or a person who moves a pin of a pylock.toml changes the version and leaves the files to be listed by whoever
makes the file. No installer takes it then; `peep lock` takes the version as a wish, as in a requirements file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import InvalidName, canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from peep.formats.dependency_specifiers import read_version
from peep.formats.names import last_segment
from peep.locking.completeness import JudgedPin
from peep.locking.marker_atoms import UnreadableMarker, assumed, canonical_marker
from peep.model import Location

_SCOPES = ("extras", "dependency_groups")


def without_edited(document: Mapping[str, Any], path: str) -> tuple[dict[str, Any], tuple[JudgedPin, ...]]:
    """Give back a document without such packages, and a pin without hashes for each of them.

    Anything else that is wrong with the document stays in it, to be found by its reader.
    """
    packages = document.get("packages")
    if not isinstance(packages, list):
        return dict(document), ()
    edited = {number: pin for number, one in enumerate(packages) if (pin := _edited(one, path)) is not None}
    kept = [one for number, one in enumerate(packages) if number not in edited]
    return {**document, "packages": kept}, tuple(edited.values())


def _edited(package: Any, path: str) -> JudgedPin | None:
    if not isinstance(package, dict):
        return None
    try:
        name, version = canonicalize_name(package["name"], validate=True), read_version(package["version"])
        versions = set(_versions(package))
        marker = assumed(canonical_marker(package["marker"]), _SCOPES) if "marker" in package else ""
    except (KeyError, TypeError, AttributeError, ValueError, InvalidName, InvalidVersion, UnreadableMarker):
        return None
    if versions <= {version}:
        return None
    return JudgedPin(name, str(version), marker, location=Location(path, 0))


def _versions(package: Mapping[str, Any]) -> Iterator[Version]:
    """Yield the versions that the names of its files state. Raises `ValueError` for what is no name of an archive."""
    for file in [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]:
        name = file.get("name") or last_segment(file.get("url") or file.get("path"))
        yield (parse_wheel_filename if name.endswith(".whl") else parse_sdist_filename)(name)[1]
