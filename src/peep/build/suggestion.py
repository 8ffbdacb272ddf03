"""Suggested lines for a build requirement that is not pinned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from peep.model import IndexFile, ProjectDetail


def suggested_lines(name: str, wanted: Sequence[str], details: Iterable[ProjectDetail], python: str) -> tuple[str, ...]:
    """A pin of the newest version that fits all of `wanted` (PEP 508 texts), with the hashes that the indexes state.

    Hashes of every wheel of that version, so that the lines serve other platforms too; of its sdist where there is no
    wheel. `python` is the version that the build runs with. Empty when no version fits or none has a hash. The lines
    are for a person to vet: what an index states is not thereby trusted.
    """
    by_version: dict[Version, list[IndexFile]] = {}
    files = [file for detail in details for file in detail.files]
    # Of several indexes that offer a file, one may keep silent about what it needs.
    refused = {file.filename for file in files if file.yanked is not None or not _runs_on(file, python)}
    for file in files:
        version = _version(file.filename)
        if version is not None and file.filename not in refused and _sha256(file):
            by_version.setdefault(version, []).append(file)
    fitting = [version for version in by_version if _fits(version, wanted)]
    chosen = max(fitting, key=lambda version: (not version.is_prerelease, version), default=None)
    if chosen is None:
        return ()
    wheels = [file for file in by_version[chosen] if file.filename.endswith(".whl")]
    hashes = sorted({_sha256(file) for file in wheels or by_version[chosen]})
    head = f"{name}=={chosen}"
    return tuple(
        f"{line} \\" if i < len(hashes) else line
        for i, line in enumerate([head, *(f"    --hash=sha256:{digest}" for digest in hashes)])
    )


def _version(filename: str) -> Version | None:
    try:
        return parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _runs_on(file: IndexFile, python: str) -> bool:
    if not file.requires_python:
        return True
    try:
        return SpecifierSet(file.requires_python).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True


def _sha256(file: IndexFile) -> str:
    return next((digest.hex for digest in file.hashes if digest.algorithm == "sha256"), "")


def _fits(version: Version, wanted: Iterable[str]) -> bool:
    return all(Requirement(text).specifier.contains(version, prereleases=True) for text in wanted)
