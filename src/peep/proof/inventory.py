"""Inventory of installed projects and their archives, and as lines of a requirements file.

Specifications: PEP 610, PEP 710 (origin), PEP 508 (requirements), purl type `pypi` (package-url specification).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement

from peep.dataclass import dataclass
from peep.formats.dependency_specifiers import read_requirement
from peep.formats.names import normalised
from peep.model import Digest, HashForm, InstalledProject, Provenance

_FULL_COMMIT = re.compile(r"[0-9a-f]{40}")
HashLine = Callable[[Digest, HashForm], str]
"""`requirements.hashes.hash_line`; passed in, as are the lines of metadata."""


@dataclass(frozen=True, slots=True)
class InventoryEntry:
    """One installed project."""

    name: str
    """Normalised."""
    version: str
    origin: Provenance | None
    requires: tuple[str, ...] = ()
    """Installed projects that it needs, by name, sorted."""

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{quote(self.version, safe='')}"

    @property
    def digests(self) -> tuple[Digest, ...]:
        """Of the archive that it came from; empty when nobody knows."""
        return self.origin.hashes if self.origin is not None else ()

    @property
    def archive_url(self) -> str | None:
        """Where the archive came from; None when that is no URL."""
        return self.origin.url if self.origin is not None and "://" in self.origin.url else None


def inventory_of(
    installed: Mapping[str, InstalledProject], requires_dist: Mapping[str, Sequence[str]], markers: Mapping[str, str]
) -> tuple[InventoryEntry, ...]:
    """Every installed project with its origin, sorted by name; `requires_dist`: `Requires-Dist` lines by name."""
    return tuple(
        InventoryEntry(
            name, project.version, project.provenance, _needed(requires_dist.get(name, ()), installed, markers)
        )
        for name, project in sorted(installed.items())
    )


def _needed(lines: Iterable[str], installed: Mapping[str, object], markers: Mapping[str, str]) -> tuple[str, ...]:
    environment = {**markers, "extra": ""}
    found = set()
    for line in lines:
        try:
            requirement = read_requirement(line)
            applies = requirement.marker is None or requirement.marker.evaluate(environment)
        except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName):
            continue
        name = normalised(requirement.name)
        if applies and name in installed:
            found.add(name)
    return tuple(sorted(found))


def entry_json(entry: InventoryEntry) -> dict[str, Any]:
    """One project for `--format json`."""
    origin = entry.origin
    return {
        "name": entry.name,
        "version": entry.version,
        "purl": entry.purl,
        "url": origin.url if origin else None,
        "hashes": [str(digest) for digest in entry.digests],
        "direct": origin.is_direct if origin else False,
        "commit": origin.vcs_commit if origin else None,
        "editable": origin.is_editable if origin else False,
        "requires": list(entry.requires),
    }


def unlistable(entry: InventoryEntry, form: HashForm) -> str:
    """Why a project can't be written as a requirement with hashes; '' when it can."""
    origin = entry.origin
    if origin is None:
        return "nothing tells which archive it was installed from"
    if origin.is_editable:
        return f"it is an editable install of {origin.url}"
    if origin.vcs_commit is not None:
        is_usable = _FULL_COMMIT.fullmatch(origin.vcs_commit) and "****@" not in origin.url
        return "" if is_usable else f"commit {origin.vcs_commit} of {origin.url} is no address that can be used again"
    if not origin.hashes:
        return f"it was installed from {origin.url}, of which no hash was recorded"
    if form is HashForm.COMMENT and not any(digest.algorithm == "sha256" for digest in origin.hashes):
        return "no sha256 was recorded, and a comment can hold no other; use --format pip"
    return ""


def requirement_lines(entry: InventoryEntry, form: HashForm, hash_line: HashLine) -> list[str]:
    """A project as lines of a requirements file in either form; only for what is not `unlistable`."""
    origin = entry.origin
    if origin is not None and origin.vcs_commit is not None:
        fragment = f"#subdirectory={origin.subdirectory}" if origin.subdirectory else ""
        requirement = f"{entry.name} @ git+{origin.url}@{origin.vcs_commit}{fragment}"  # the commit is the pin
    elif origin is not None and origin.is_direct:
        requirement = f"{entry.name} @ {origin.url}"
    else:
        requirement = f"{entry.name}=={entry.version}"
    if form is HashForm.COMMENT:
        hashes = [hash_line(digest, form) for digest in entry.digests if digest.algorithm == "sha256"]
        return [*hashes, requirement]
    options = [f"    {hash_line(digest, HashForm.OPTION)}" for digest in entry.digests]
    lines = [requirement, *options]
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]
