"""Plan of a lock: pins with their markers and hashes, ready to be written in any format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.locking.candidates import CandidatePolicy, FileChooser, NamedFile, Release, admitted_files
from peep.locking.group_judge import KnownPin
from peep.locking.merging import MergedPin
from peep.locking.roots import Constraint
from peep.model import Digest, sha256_among

SHA256 = "sha256"


class Digests(Protocol):
    """True digests of files for which an index states none."""

    def sha256(self, file: NamedFile) -> Digest:
        """Download a file and hash it. Raises `TransportError`."""


@dataclass(frozen=True, slots=True)
class ListedRelease:
    """What a lock lists of one release."""

    hashes: tuple[Digest, ...]
    """Sorted as text."""
    files: tuple[tuple[NamedFile, Digest], ...]
    """Those of them that the index still offers, by file name."""
    is_kept: bool = False
    """The hashes are those of the present lock."""
    warnings: tuple[str, ...] = ()

    def names(self) -> tuple[tuple[Digest, str], ...]:
        """Give back the file name of each hash."""
        return tuple((digest, one.file.filename) for one, digest in self.files)


@dataclass(frozen=True, slots=True)
class HashPolicy:
    """Which files' hashes are listed."""

    candidates: CandidatePolicy
    only_for_targets: bool = False
    """`--hashes targets`."""
    refresh: bool = False
    """`--refresh-hashes`: those of kept pins are today's, too."""


@dataclass(frozen=True, slots=True)
class PlannedPin:
    """A pin with all that is listed of its release."""

    merged: MergedPin
    listed: ListedRelease
    via: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportedPin:
    """A line of a lock, as reports tell it and as a run remembers it."""

    name: str
    version: str
    marker: str
    """Canonical; '' for none."""
    extras: tuple[str, ...]
    index: str
    hashes: tuple[str, ...]
    """`ALGORITHM:HEX`."""


def reported(pin: PlannedPin) -> ReportedPin:
    """Give back what reports tell of a pin."""
    merged = pin.merged
    index = merged.solved[0][1].candidate.files[0][1].file.index
    hashes = tuple(str(digest) for digest in pin.listed.hashes)
    return ReportedPin(merged.name, str(merged.version), merged.marker, merged.extras, index, hashes)


class ContradictoryDigests(PeepError):
    """One file with two digests: never a union."""


def planned_pins(
    merged: Sequence[MergedPin],
    known: Mapping[str, tuple[KnownPin, ...]],
    policy: HashPolicy,
    digests: Digests,
    constraints: Sequence[Constraint] = (),
) -> tuple[PlannedPin, ...]:
    """Give each pin its hashes and its `# via`; pins of one release share their hashes."""
    by_release: dict[tuple[str, str], list[MergedPin]] = {}
    for pin in merged:
        by_release.setdefault((pin.name, str(pin.version)), []).append(pin)
    listed = {key: listed_release(pins, known, policy, digests) for key, pins in by_release.items()}
    limits: dict[str, list[str]] = {}
    for limit in (one for one in constraints if one.origin):
        limits.setdefault(limit.edge.name, []).append(limit.origin)
    return tuple(
        PlannedPin(pin, listed[pin.name, str(pin.version)], tuple(sorted({*_via(pin), *limits.get(pin.name, ())})))
        for pin in merged
    )


def _via(pin: MergedPin) -> Iterator[str]:
    for requirer in pin.requirers:
        if requirer.root is not None:
            yield requirer.root.origin
        elif requirer.parent != pin.name:
            yield requirer.parent


def listed_release(
    pins: Sequence[MergedPin], known: Mapping[str, tuple[KnownPin, ...]], policy: HashPolicy, digests: Digests
) -> ListedRelease:
    """Decide which hashes are listed of a release: those of the present lock where it is kept, else all of today's."""
    release = pins[0].solved[0][1].candidate.release
    if release.is_commit:
        return ListedRelease((), ())
    chosen = {one.file.filename: one for pin in pins for _, solved in pin.solved for _, one in solved.candidate.files}
    kept = {digest for one in known.get(release.project, ()) if one.version == release.version for digest in one.hashes}
    if kept and not policy.refresh and all(_is_listed(one, kept) for one in chosen.values()):
        offered = ((one, digest) for one in release.files for digest in one.file.hashes if digest in kept)
        return ListedRelease(tuple(sorted(kept, key=str)), tuple(offered), is_kept=True)
    return _todays(release, chosen, pins, policy, digests)


def _is_listed(one: NamedFile, kept: set[Digest]) -> bool:
    algorithms = {digest.algorithm for digest in kept}
    comparable = [digest for digest in one.file.hashes if digest.algorithm in algorithms]
    return not comparable or not kept.isdisjoint(comparable)


def _todays(
    release: Release, chosen: Mapping[str, NamedFile], pins: Sequence[MergedPin], policy: HashPolicy, digests: Digests
) -> ListedRelease:
    targets = {member.id.text: member for pin in pins for group, _ in pin.solved for member in group.members}
    choosers = [FileChooser(release.project, target, policy.candidates) for target in targets.values()]
    return listed_files(release, choosers, policy, digests, chosen)


def listed_files(
    release: Release,
    choosers: Sequence[FileChooser],
    policy: HashPolicy,
    digests: Digests,
    chosen: Mapping[str, NamedFile] = MappingProxyType({}),
) -> ListedRelease:
    """List the files of a release that are old enough, and what is `chosen` in any case, with their sha256.

    `choosers` of the targets say which files have to have one. Raises `ContradictoryDigests`.
    """
    files, _ = admitted_files(release, policy.candidates)
    files = tuple(dict.fromkeys((*files, *chosen.values())))

    def is_usable(one: NamedFile) -> bool:  # asked of few: most state a digest
        filename = one.file.filename
        same = [other for other in files if other.file.filename == filename]
        return filename in chosen or any(not chooser.objection(other) for other in same for chooser in choosers)

    if policy.only_for_targets:
        files = tuple(one for one in files if is_usable(one))
    found: dict[str, tuple[NamedFile, Digest]] = {}
    left_out: list[str] = []
    for one in sorted(files, key=lambda one: one.file.filename):
        digest = stated_sha256(one)
        if digest is None and (one.file.url.startswith("file:") or is_usable(one)):
            digest = digests.sha256(one)
        if digest is None:
            left_out.append(one.file.filename)
            continue
        before = found.setdefault(one.file.filename, (one, digest))
        if before[1] != digest:
            raise ContradictoryDigests(f"{one.file.filename} is offered with two digests, {before[1]} and {digest}")
    hashes = tuple(sorted({digest for _, digest in found.values()}, key=str))
    return ListedRelease(hashes, tuple(found.values()), warnings=tuple(_unstated(release, left_out)))


def stated_sha256(one: NamedFile) -> Digest | None:
    """Give back the sha256 that the index states of a file."""
    return sha256_among(one.file.hashes)


def _unstated(release: Release, filenames: Sequence[str]) -> Iterator[str]:
    for filename in filenames:
        title = f"{release.project} {release.text}"
        yield f"{title}: the index states no sha256 of {filename}, which no target uses; left out"
