"""Selection of the file to fetch: a pure function of pin, target and offered files (promise 4).

The rule, in short: any compatible file whose digest is listed; among several the best by wheel tags; any index may
offer it. Where no index vouches for a listed digest, files without a stated digest come next, and at last the best
compatible file, so that the mismatch can be reported with its true digest.
"""

from __future__ import annotations

from collections.abc import Sequence

from peep.dataclass import dataclass, field, replace
from peep.errors import NoUsableFile
from peep.formats.archive_names import ArchiveName, NameReader, UnreadableName
from peep.formats.versions import PinnedVersion, VersionMatch
from peep.index.compatibility import Compatibility
from peep.index.direct_files import is_stated, sources_of
from peep.index.preference import HashStatus, UsableFile, hash_status_of, preference_of, reason_against
from peep.index.rejection_messages import cautions_about, nothing_usable
from peep.model import (
    Candidate,
    FormatControl,
    IndexFile,
    PinnedRequirement,
    ProjectDetail,
    Rejection,
    TargetEnvironment,
    listed_digest,
)

MOST_ALTERNATIVES = 8
"""How many further files without a stated digest may be fetched in search of a listed one."""


@dataclass(slots=True)
class Offering:
    """What was found of a pin among all files listed."""

    usable: list[UsableFile] = field(default_factory=list)
    offered: list[IndexFile] = field(default_factory=list)
    """Files of the pinned version, usable or not; and strays."""
    unfit: list[Rejection] = field(default_factory=list)
    """Of the pinned version, or perhaps of it."""
    others: list[Rejection] = field(default_factory=list)
    """Of other versions and other projects."""

    def note_strays(self, pin: PinnedRequirement, sources: Sequence[ProjectDetail]) -> None:
        """Find files of other versions whose digest is listed: the version was updated, and the hashes were not."""
        known = {id(file) for file in self.offered}
        strays = [
            file
            for detail in sources
            for file in detail.files
            if id(file) not in known and listed_digest(file.hashes, pin, file.filename)
        ]
        self.offered += strays
        names = {file.filename for file in strays}
        self.others = [
            replace(rejection, is_listed=True) if rejection.filename in names else rejection
            for rejection in self.others
        ]


def select_candidate(
    pin: PinnedRequirement, details: Sequence[ProjectDetail], target: TargetEnvironment, formats: FormatControl
) -> Candidate | NoUsableFile:
    """Choose the file for `pin` among `details`, which stand in index priority; every other file gets its rejection.

    For a pin with a URL, or with the files of a lock file, those are the only files and `details` may be empty.
    """
    sources = sources_of(pin, details)
    survey = _surveyed(pin, sources, Compatibility(pin.name, target, FormatControl() if pin.url else formats))
    if not survey.usable:
        return nothing_usable(pin, sources, survey.unfit, survey.others)
    ranked = sorted(survey.usable, key=lambda usable: usable.preference, reverse=True)
    winner = ranked[0]
    if winner.preference.standing is HashStatus.UNLISTED:
        # A mismatch is certain: report it for the index that comes first, as for an unhashed pin.
        winner = min(ranked, key=lambda usable: usable.position)
        survey.note_strays(pin, sources)
    losers = [usable for usable in ranked if usable is not winner]
    rejected = tuple(
        Rejection(loser.file.filename, reason_against(loser, winner), loser.file.index) for loser in losers
    )
    return Candidate(
        pin,
        winner.file,
        winner.name.kind,
        rejections=(*rejected, *survey.unfit, *survey.others),
        offered=tuple(survey.offered),
        exact_size=_exact_size(pin, winner.file),
        alternatives=_alternatives(pin, winner, losers),
        cautions=cautions_about(winner, losers, sources),
    )


def _surveyed(pin: PinnedRequirement, sources: Sequence[ProjectDetail], compatibility: Compatibility) -> Offering:
    survey = Offering()
    reader = NameReader(pin.name, is_lenient=is_stated(pin))
    pinned_version = PinnedVersion(pin)
    only = _only_index(pin, sources)
    for position, detail in enumerate(sources):
        for file in detail.files:
            name = reader.read(file.filename)
            if isinstance(name, UnreadableName):
                is_near = pin.version is None or pin.version in file.filename
                (survey.unfit if is_near else survey.others).append(Rejection(file.filename, name.reason, file.index))
                continue
            match = pinned_version.match(name.version)
            if match is VersionMatch.NONE:
                survey.others.append(Rejection(file.filename, "", file.index, other_version=name.version))
                continue
            survey.offered.append(file)
            _weigh(pin, survey, compatibility, UnweighedFile(file, name, match, position, only))
    return survey


@dataclass(frozen=True, slots=True)
class UnweighedFile:
    """A file of the pinned version; `only` is the one index that may serve an unhashed pin, None: any may."""

    file: IndexFile
    name: ArchiveName
    match: VersionMatch
    position: int
    only: int | None


def _weigh(pin: PinnedRequirement, survey: Offering, compatibility: Compatibility, found: UnweighedFile) -> None:
    objection = compatibility.objection(found.name, found.file)
    if not objection and found.only not in {None, found.position}:
        objection = "index priority: an index that comes first has this project, and no hash vouches for another's"
    if objection:
        is_listed = hash_status_of(found.file, pin) is HashStatus.LISTED
        survey.unfit.append(Rejection(found.file.filename, objection, found.file.index, is_listed=is_listed))
        return
    preference = preference_of(
        found.file,
        found.name,
        hash_status_of(found.file, pin),
        found.match,
        rank=compatibility.rank(found.name),
        position=found.position,
    )
    survey.usable.append(UsableFile(found.file, found.name, found.position, preference))


def _only_index(pin: PinnedRequirement, sources: Sequence[ProjectDetail]) -> int | None:
    """Index priority: without a hash, only the first index that has the project counts (THREATS N12)."""
    if pin.hashes or is_stated(pin):
        return None
    return next((position for position, detail in enumerate(sources) if detail.files), None)


def _exact_size(pin: PinnedRequirement, file: IndexFile) -> int | None:
    """PEP 751: the size that a lock file states binds; an index's is advice (THREATS N14)."""
    return next((listed.size for listed in pin.listed_files if listed.filename == file.filename), None)


def _alternatives(pin: PinnedRequirement, winner: UsableFile, losers: Sequence[UsableFile]) -> tuple[IndexFile, ...]:
    if winner.preference.standing is not HashStatus.UNSTATED or not pin.hashes or is_stated(pin):
        return ()
    unstated = [loser.file for loser in losers if loser.preference.standing is HashStatus.UNSTATED]
    return tuple(unstated[:MOST_ALTERNATIVES])
