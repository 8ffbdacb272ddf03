"""Publishers of the pinned and of the newest release, compared as an index attests them.

Source: PEP 740, provenance objects (`attestation_bundles[].publisher`). The word of the index: no signature is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.version import Version

from peep.advisories.findings import AuditedPin, Finding, Kind, Level
from peep.advisories.foreign_text import cleaned
from peep.advisories.ordering import parsed_version
from peep.advisories.watch import ProjectPages, files_of_pin, release_of
from peep.dataclass import dataclass
from peep.formats.documents import parse_json
from peep.model import IndexFile

LARGEST_PROVENANCE = 4 << 20
"""Bytes of a provenance object that are read."""
_FIELDS = ("repository", "workflow", "workflow_filepath", "email", "sub")
"""What tells publishers of one kind apart; the names of environments change cosmetically."""
_LONGEST = 200


class UnreadableProvenance(Exception):
    """What an index serves for a provenance object and is none; the text says why."""


@dataclass(frozen=True, slots=True)
class TwoReleases:
    """Where the provenance of a pin and that of the newest release lie; `newest` None: it has none."""

    pinned: str
    newest: str | None
    version: str
    """The newest one."""


def publishers_in(content: bytes) -> frozenset[str]:
    """Everybody who published the file by its provenance object. Raises `UnreadableProvenance`."""
    try:
        document = parse_json(content)
    except ValueError as error:
        raise UnreadableProvenance(f"is no JSON: {error}") from error
    bundles = document.get("attestation_bundles") if isinstance(document, dict) else None
    if not isinstance(bundles, list) or document.get("version") != 1:
        raise UnreadableProvenance("is no provenance object of version 1 (PEP 740)")
    found = frozenset(text for bundle in bundles if (text := _publisher(bundle)))
    if not found:
        raise UnreadableProvenance("names no publisher")
    return found


def _publisher(bundle: object) -> str:
    publisher = bundle.get("publisher") if isinstance(bundle, dict) else None
    if not isinstance(publisher, dict):
        return ""
    kind = cleaned(publisher.get("kind"), _LONGEST)
    return " ".join([kind, *(text for field in _FIELDS if (text := cleaned(publisher.get(field), _LONGEST)))])


def releases_to_compare(pin: AuditedPin, pages: ProjectPages) -> TwoReleases | None:
    """The provenance objects to fetch for a pin; None where its release has none, or is the newest itself."""
    ours = files_of_pin(pin, pages) if pin.hashes else list(release_of(pin, pages))
    pinned = _first(ours)
    version = parsed_version(pin.version)
    if pinned is None or version is None:
        return None
    newest = max(_releases(pages, with_pre=version.is_prerelease), default=version)
    if newest <= version:
        return None
    files = [file for detail in pages.details for file in detail.files if _version(file, pages) == newest]
    return TwoReleases(pinned, _first(files), str(newest))


def _first(files: Iterable[IndexFile]) -> str | None:
    """Of the first file by name that has one."""
    return next((one.provenance for one in sorted(files, key=lambda one: one.filename) if one.provenance), None)


def _releases(pages: ProjectPages, *, with_pre: bool) -> set[Version]:
    files = (file for detail in pages.details for file in detail.files if file.yanked is None)
    found = {version for file in files if (version := _version(file, pages)) is not None}
    return {version for version in found if with_pre or not version.is_prerelease}


def _version(file: IndexFile, pages: ProjectPages) -> Version | None:
    return parsed_version(pages.versions.get(file.filename, ""))


def publisher_finding(
    pin: AuditedPin, releases: TwoReleases, publishers: Mapping[str, frozenset[str]]
) -> Finding | None:
    """A note where the newest release has other publishers than the pinned one, or none any more."""
    before = publishers.get(releases.pinned)
    if before is None:
        return None
    if releases.newest is None:
        message = f"published by {_told(before)}; the newest release, {releases.version}, has no provenance"
    else:
        after = publishers.get(releases.newest)
        if after is None or after == before:
            return None
        message = f"published by {_told(before)}; the newest release, {releases.version}, by {_told(after)}"
    kind = Kind.PUBLISHER_CHANGED
    return Finding(
        kind, Level.NOTE, pin.name, pin.version, message, hashes=pin.hashes, places=pin.places, id=kind.value
    )


def _told(publishers: frozenset[str]) -> str:
    return " and ".join(sorted(publishers))
