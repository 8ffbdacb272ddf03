"""Preference order among usable files, and the reason why one comes after another."""

from __future__ import annotations

from enum import IntEnum

from peep.dataclass import NamedTuple, dataclass
from peep.formats.archive_names import ArchiveName
from peep.formats.names import SDIST_SUFFIXES
from peep.formats.url_secrets import redacted_start
from peep.formats.versions import VersionMatch
from peep.index.compatibility import NO_RANK
from peep.model import STRONG_ALGORITHMS, ArchiveKind, IndexFile, PinnedRequirement, listed_digest, listed_hashes


class HashStatus(IntEnum):
    """What an index's own statement of digests tells of a file. It only filters; the bytes decide (THREATS N1)."""

    UNLISTED = 0
    """The index states digests, in an algorithm that the pin uses, and none is listed."""
    UNSTATED = 1
    """The index states no digest to compare (find-links, old indexes, another algorithm): perhaps a listed file."""
    LISTED = 2


class Preference(NamedTuple):
    """Compared field by field; the greatest wins. The fields' order is the rule, the last ones only break ties."""

    standing: HashStatus
    is_not_yanked: bool
    version: VersionMatch
    is_wheel: bool
    tag: int
    build: tuple[int, str]
    suffix: int
    priority: int
    name: tuple[str, str]


_REASONS = {
    "standing": "the index does not vouch for its digest",
    "is_not_yanked": "yanked",
    "version": "its version carries a local label that the pin does not name",
    "is_wheel": "is a source archive, and there is a wheel",
    "tag": "its tags fit less closely",
    "build": "has a lower build tag",
    "suffix": "is the same in a less usual format",
    "priority": "another index comes first",
    "name": "is offered twice",
}

_MOST_OF_A_REASON = 200
"""Characters of an index's own words that are repeated."""


@dataclass(frozen=True, slots=True)
class UsableFile:
    """A file of the pinned version that the target can use."""

    file: IndexFile
    name: ArchiveName
    position: int
    """Of its index, 0 the first."""
    preference: Preference


def hash_status_of(file: IndexFile, pin: PinnedRequirement) -> HashStatus:
    """Say what the digests that the index states tell of `file`."""
    if listed_digest(file.hashes, pin, file.filename):
        return HashStatus.LISTED
    comparable = {digest.algorithm for digest in listed_hashes(pin, file.filename)}.intersection(STRONG_ALGORITHMS)
    if any(digest.algorithm in comparable for digest in file.hashes):
        return HashStatus.UNLISTED
    return HashStatus.UNSTATED


def preference_of(
    file: IndexFile, name: ArchiveName, standing: HashStatus, version: VersionMatch, *, rank: int, position: int
) -> Preference:
    """Weigh a usable file: digest, not yanked (PEP 592), version, wheel over sdist, tags, build tag (PEP 427)."""
    is_wheel = name.kind is ArchiveKind.WHEEL
    return Preference(
        standing,
        file.yanked is None,
        version,
        is_wheel,
        NO_RANK - rank,
        name.build,
        0 if is_wheel else -SDIST_SUFFIXES.index(name.suffix),
        -position,
        (file.filename, file.url),
    )


def reason_against(loser: UsableFile, winner: UsableFile) -> str:
    """Say why `winner` was chosen and `loser` was not."""
    if loser.preference.standing is HashStatus.UNLISTED and winner.preference.standing is not HashStatus.UNLISTED:
        return "its digest is not listed"
    fields = zip(Preference._fields, loser.preference, winner.preference, strict=True)
    first = next((field for field, lost, won in fields if lost != won), "name")
    if first == "is_not_yanked":
        reason = f": {redacted_start(loser.file.yanked, _MOST_OF_A_REASON)}" if loser.file.yanked else ""
        return f"was yanked{reason}, and {winner.file.filename} was not"
    return f"{_REASONS[first]}; {winner.file.filename} is preferred"
