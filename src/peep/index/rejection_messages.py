"""Messages about a selection: why nothing could be chosen, cautions about a choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peep.dataclass import replace
from peep.errors import NoUsableFile
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.url_secrets import redacted_start
from peep.index.answers import places_text
from peep.index.preference import HashStatus, UsableFile
from peep.model import ArchiveKind, Candidate, LockedFiles, PinnedRequirement, ProjectDetail, Rejection

NOWHERE = "no index and no --find-links place offers a project of this name"
MOST_LINES = 20
_MOST_NAMES = 3
_MOST_VERSIONS = 5
_MOST_OF_A_REASON = 200
"""Characters of an index's own words that are repeated."""


def nothing_usable(
    pin: PinnedRequirement, sources: Sequence[ProjectDetail], unfit: Sequence[Rejection], others: Sequence[Rejection]
) -> NoUsableFile:
    """Make the error for a pin without any usable file; `unfit` are files of its version, `others` all the rest."""
    if pin.url is not None:
        return NoUsableFile(pin, "the file that the URL names cannot be used here", tuple(unfit))
    if isinstance(pin.source, LockedFiles):
        return NoUsableFile(pin, "none of the files that the lock file names can be used here", (*unfit, *others))
    if unfit:
        count = f"none of the {len(unfit)} files" if len(unfit) > 1 else "the only file"
        can = "can be" if len(unfit) > 1 else "cannot be"
        return NoUsableFile(pin, f"{count} of version {pin.version} {can} used here", tuple(unfit))
    withheld = _withheld(sources)
    if withheld:
        return NoUsableFile(pin, withheld)
    if not any(detail.files for detail in sources):
        return NoUsableFile(pin, NOWHERE)
    reason = f"no index offers version {pin.version}"
    versions = _newest_versions(others)
    if versions:
        return NoUsableFile(pin, f"{reason}; the newest offered are {', '.join(versions)}")
    return NoUsableFile(pin, f"{reason}, nor any file that can be read as one of the project", tuple(others[:10]))


def naming_places(chosen: Candidate | NoUsableFile, asked: Sequence[str]) -> Candidate | NoUsableFile:
    """Say where a project was looked for that no place has: the address may be that of no index."""
    if isinstance(chosen, NoUsableFile) and chosen.reason == NOWHERE:
        return replace(chosen, reason=NOWHERE + places_text(asked))
    return chosen


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
    is_vetted_sdist = winner.name.kind is ArchiveKind.SDIST and winner.preference.standing is HashStatus.LISTED
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
    return f": {redacted_start(reason, _MOST_OF_A_REASON)}" if reason else ""


def _newest_versions(others: Sequence[Rejection]) -> list[str]:
    texts = {rejection.other_version for rejection in others if rejection.other_version is not None}
    known = [(version, text) for text in texts if (version := version_or_none(text)) is not None]
    return [text for _, text in sorted(known, reverse=True)[:_MOST_VERSIONS]]


def rejection_lines(rejections: Sequence[Rejection]) -> list[str]:
    """Give back lines such as `a.whl, b.whl and 12 more: reason`, those about few files first; at most `MOST_LINES`.

    The index is named where the files come from several. Files of other versions are counted, not listed.
    """
    names_index = len({rejection.index for rejection in rejections}) > 1
    groups: dict[str, list[str]] = {}
    others = 0
    for rejection in rejections:
        if rejection.other_version is not None and not rejection.is_listed:  # may be thousands
            others += 1
            continue
        place = f"on {rejection.index}: " if names_index and rejection.index else ""
        groups.setdefault(place + rejection.reason, []).append(rejection.filename)
    ordered = sorted(groups.items(), key=lambda group: len(group[1]) > _MOST_NAMES)
    lines = [f"{_names(names)}: {reason}" for reason, names in ordered[:MOST_LINES]]
    left = sum(len(names) for _, names in ordered[MOST_LINES:])
    lines += [f"{left} more files, for {len(ordered) - MOST_LINES} more reasons"] if left else []
    return [*lines, f"{others} file{'s' if others > 1 else ''} of other versions"] if others else lines


def choice_lines(candidate: Candidate) -> list[str]:
    """Tell a choice and why every other file was not chosen (what `-v` shows)."""
    chosen = f"{candidate.pin}: chose {candidate.file.filename}"
    return [chosen, *(f"  not {line}" for line in rejection_lines(candidate.rejections))]


def _names(names: Iterable[str]) -> str:
    *others, last = names
    if not others:
        return last
    if len(others) < _MOST_NAMES:
        return f"{', '.join(others)} and {last}"
    shown = _MOST_NAMES - 1
    return f"{', '.join(others[:shown])} and {len(others) + 1 - shown} more"
