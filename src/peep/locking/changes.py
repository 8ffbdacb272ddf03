"""Differences between the present lock and the next one, with what forces each change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from packaging.version import Version

from peep.dataclass import dataclass, replace
from peep.locking.group_judge import KnownPin
from peep.locking.lock_plan import PlannedPin
from peep.locking.marker_atoms import ALWAYS
from peep.locking.solution import GivenUp
from peep.model import Digest, IndexFile

_NO_URLS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file whose hash is listed from now on, or no longer."""

    digest: Digest
    filename: str = ""
    """'' where the index offers no such file."""
    size: int | None = None
    """Bytes."""
    uploaded: str = ""
    """RFC 3339, as stated; '' where the index does not say."""


@dataclass(frozen=True, slots=True)
class PinChange:
    """What becomes of a project."""

    name: str
    before: tuple[str, ...]
    """Versions, newest first; () where it was not listed."""
    after: tuple[str, ...]
    marker: str = ""
    """Of the newest version after the change."""
    marker_before: str = ""
    """Of the newest version before it."""
    forced_by: tuple[str, ...] = ()
    """Requirements that exclude the version before, each with what states it."""
    hashes_added: tuple[Digest, ...] = ()
    hashes_removed: tuple[Digest, ...] = ()
    added: tuple[ChangedFile, ...] = ()
    """The files of `hashes_added`."""
    removed: tuple[ChangedFile, ...] = ()


def changes(
    known: Mapping[str, tuple[KnownPin, ...]],
    planned: Sequence[PlannedPin],
    urls: Mapping[str, str] = _NO_URLS,
    given_up: Iterable[GivenUp] = (),
) -> tuple[PinChange, ...]:
    """Compare pins by name; projects whose versions and hashes stay are left out. Sorted by name.

    `urls`: those that the present lock has for projects instead of versions; `given_up`: why kept pins could not stay.
    """
    direct = {pin.merged.name: pin.merged.release.direct_url for pin in planned if pin.merged.release.direct_url}
    moved = {name for name in {*urls, *direct} if urls.get(name) != direct.get(name)}
    reasons: dict[str, list[GivenUp]] = {}
    for gone in given_up:
        reasons.setdefault(gone.name, []).append(gone)
    by_version = (
        replace(one, forced_by=tuple(sorted({*one.forced_by, *_own_reasons(one, reasons.get(one.name, ()))})))
        for one in _by_version(known, [pin for pin in planned if pin.merged.name not in direct])
    )
    by_url = (PinChange(name, _one(urls.get(name)), _one(direct.get(name))) for name in moved)
    return tuple(sorted((*by_version, *by_url), key=lambda change: change.name))


def _own_reasons(change: PinChange, gone: Iterable[GivenUp]) -> Iterator[str]:
    """Say what of a pin itself speaks against it, where nothing that requires it does."""
    if change.after and not change.forced_by:
        yield from (one.reason for one in gone if str(one.version) not in change.after)


def _one(text: str | None) -> tuple[str, ...]:
    return (text,) if text else ()


def _by_version(known: Mapping[str, tuple[KnownPin, ...]], planned: Sequence[PlannedPin]) -> tuple[PinChange, ...]:
    after: dict[str, list[PlannedPin]] = {}
    for pin in planned:
        after.setdefault(pin.merged.name, []).append(pin)
    found = (_change(name, known.get(name, ()), after.get(name, ())) for name in sorted({*known, *after}))
    return tuple(one for one in found if one is not None)


def _change(name: str, before: Sequence[KnownPin], after: Sequence[PlannedPin]) -> PinChange | None:
    old = _newest_first(pin.version for pin in before)
    new = _newest_first(pin.merged.version for pin in after)
    had = {digest for pin in before for digest in pin.hashes}
    has = {digest for pin in after for digest in pin.listed.hashes}
    if old == new and had == has and _stay(before, after):
        return None
    added, removed = sorted(has - had, key=str), sorted(had - has, key=str)
    files = _offered(after)
    marker = next((pin.merged.marker for pin in after if pin.merged.version == new[0]), "") if new else ""
    return PinChange(
        name,
        tuple(map(str, old)),
        tuple(map(str, new)),
        marker,
        next((pin.marker for pin in before if pin.version == old[0]), "") if old else "",
        _forced_by([version for version in old if version not in new], after) if old != new else (),
        tuple(added),
        tuple(removed),
        tuple(files.get(digest, ChangedFile(digest)) for digest in added),
        tuple(files.get(digest, ChangedFile(digest)) for digest in removed),
    )


def _stay(before: Sequence[KnownPin], after: Sequence[PlannedPin]) -> bool:
    """Tell whether the markers are the same, as far as they can be compared: not those that name extras or groups."""
    had = {(pin.version, pin.marker) for pin in before}
    has = {(pin.merged.version, pin.merged.marker) for pin in after}
    return had == has or any(ALWAYS in marker for _, marker in had)


def _offered(pins: Sequence[PlannedPin]) -> dict[Digest, ChangedFile]:
    """Give back what the index says of the files of listed releases, by digest."""
    found: dict[Digest, ChangedFile] = {}
    for pin in pins:
        for one, digest in pin.listed.files:
            found[digest] = changed_file(one.file, digest)
        for _, solved in pin.merged.solved:
            for one in solved.candidate.release.files:
                for digest in one.file.hashes:
                    found.setdefault(digest, changed_file(one.file, digest))
    return found


def changed_file(file: IndexFile, digest: Digest) -> ChangedFile:
    """Give back what an index says of a file."""
    return ChangedFile(digest, file.filename, file.size, file.upload_time or "")


def _newest_first(versions: Iterable[Version]) -> list[Version]:
    return sorted(set(versions), reverse=True)


def _forced_by(gone: Sequence[Version], after: Sequence[PlannedPin]) -> tuple[str, ...]:
    """Find what excludes the versions that go."""
    reasons: set[str] = set()
    for pin in after:
        for requirer in pin.merged.requirers:
            specifier = requirer.edge.specifier
            if gone and not any(specifier.contains(version, prereleases=True) for version in gone):
                who = str(requirer.root.location) if requirer.root is not None else requirer.parent
                reasons.add(f"{who} requires {requirer.edge}")
    return tuple(sorted(reasons))
