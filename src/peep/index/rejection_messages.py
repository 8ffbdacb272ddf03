"""Says in words why nothing could be chosen, and what to know about a choice that stands. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import Version

from peep.errors import NoUsableFile
from peep.index.preference import Standing, UsableFile
from peep.model import ArchiveKind, PinnedRequirement, ProjectDetail, Rejection

_OTHER_VERSION = "is version "
_MOST_VERSIONS = 5
_MOST_OF_A_REASON = 200
"""Characters of an index's own words that are repeated."""


def nothing_usable(
    pin: PinnedRequirement, sources: Sequence[ProjectDetail], unfit: Sequence[Rejection], others: Sequence[Rejection]
) -> NoUsableFile:
    """Make the error for a pin without any usable file; `unfit` are files of its version, `others` all the rest."""
    if pin.url is not None:
        return NoUsableFile(pin, "the file that the URL names cannot be used here", tuple(unfit))
    if pin.listed_files:
        return NoUsableFile(pin, "none of the files that the lock file names can be used here", (*unfit, *others))
    if unfit:
        count = f"none of the {len(unfit)} files" if len(unfit) > 1 else "the only file"
        can = "can be" if len(unfit) > 1 else "cannot be"
        return NoUsableFile(pin, f"{count} of version {pin.version} {can} used here", tuple(unfit))
    withheld = _withheld(sources)
    if withheld:
        return NoUsableFile(pin, withheld)
    if not any(detail.files for detail in sources):
        return NoUsableFile(pin, "no index and no --find-links place offers a project of this name")
    reason = f"no index offers version {pin.version}"
    versions = _newest_versions(others)
    if versions:
        return NoUsableFile(pin, f"{reason}; the newest offered are {', '.join(versions)}")
    return NoUsableFile(pin, f"{reason}, nor any file that can be read as one of the project", tuple(others[:10]))


def cautions_about(
    winner: UsableFile, losers: Sequence[UsableFile], sources: Sequence[ProjectDetail]
) -> tuple[str, ...]:
    """Say what the user should hear although the choice stands (THREATS N13): the pin still decides."""
    cautions = []
    if winner.file.yanked is not None:
        where = winner.file.index or "its index"
        cautions.append(f"{winner.file.filename} was yanked from {where}{_because(winner.file.yanked)}")
    detail = sources[winner.position]
    if detail.status != "active":
        cautions.append(_status(detail))
    wheels = [loser.file for loser in losers if loser.name.kind is ArchiveKind.WHEEL]
    is_vetted_sdist = winner.name.kind is ArchiveKind.SDIST and winner.preference.standing is Standing.LISTED
    if wheels and is_vetted_sdist:
        cautions.append(
            f"{winner.file.filename} is taken although there is a wheel, {wheels[0].filename}, "
            "because your hashes do not list the wheel's"
        )
    return tuple(cautions)


def _withheld(sources: Sequence[ProjectDetail]) -> str:
    """PEP 792: a quarantined project offers no files."""
    for detail in sources:
        if detail.status == "quarantined" and not detail.files:
            return _status(detail)
    return ""


def _status(detail: ProjectDetail) -> str:
    return f"the project is {detail.status} on {detail.index or 'its index'}{_because(detail.status_reason)}"


def _because(reason: str) -> str:
    """A reason that an index states, which may be of any length."""
    return f": {reason[:_MOST_OF_A_REASON]}" if reason else ""


def _newest_versions(others: Sequence[Rejection]) -> list[str]:
    texts = {
        rejection.reason.removeprefix(_OTHER_VERSION)
        for rejection in others
        if rejection.reason.startswith(_OTHER_VERSION)
    }
    known = []
    for text in texts:
        try:
            known.append((Version(text), text))
        except ValueError:
            continue
    return [text for _, text in sorted(known, reverse=True)[:_MOST_VERSIONS]]
