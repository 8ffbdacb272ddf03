"""`--refresh-hashes` of a list of unknown making: each pin's hashes, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from peep.dataclass import dataclass, replace
from peep.errors import PeepError
from peep.formats.pylock_edit import UneditableLock, with_files
from peep.formats.pylock_text import PylockPackage
from peep.formats.target_ids import TargetId
from peep.locking.candidates import FileChooser, Release
from peep.locking.changes import ChangedFile, PinChange, changed_file
from peep.locking.completeness import JudgedPin
from peep.locking.lock_plan import HashPolicy, ListedRelease, listed_files
from peep.locking.output.pylock import refreshed_package
from peep.locking.sources import Pages
from peep.model import Digest
from peep.pipeline.locking.lock_file import PresentLock
from peep.pipeline.locking.session import LockSession
from peep.requirements.blocks import NewPin, replace_blocks
from peep.requirements.file_parser import RequirementLine
from peep.target.declared import declared_target


@dataclass(frozen=True, slots=True)
class RefreshedList:
    """A list with today's hashes, and what changes in it."""

    content: bytes
    changes: tuple[PinChange, ...]
    warnings: tuple[str, ...]


def refreshed_list(session: LockSession, present: PresentLock, targets: Sequence[TargetId]) -> RefreshedList:
    """Give the pins of a list today's hashes. Raises `PeepError` for all pins that no index has."""
    releases = _releases(session.pages(), present)
    policy = session.policy()
    hashes = HashPolicy(policy, session.options.settings.hashes == "targets")
    metadata, listed = session.index_metadata(), dict[tuple[str, str], ListedRelease]()
    for key, release in releases.items():
        choosers = [FileChooser(key[0], declared_target(target), policy) for target in targets]
        listed[key] = listed_files(release, choosers, hashes, metadata)
    path = session.options.paths.output
    text, found = (_lock_file if session.options.paths.is_pylock else _requirements)(present, path, listed)
    changes = (_change(pin, releases[pin.name, pin.version], today) for pin, today in found)
    warnings = tuple(warning for today in listed.values() for warning in today.warnings)
    return RefreshedList(present.source.encode(text), tuple(sorted(changes, key=lambda change: change.name)), warnings)


Listed = Mapping[tuple[str, str], ListedRelease]
Changed = list[tuple[JudgedPin, ListedRelease]]


def _requirements(present: PresentLock, path: str, listed: Listed) -> tuple[str, Changed]:
    """Edit the blocks of a requirements file."""
    pins = {pin.location: pin for pin in present.pins}
    found = _differing(present.pins, listed)
    today = {pin.location: release for pin, release in found}

    def choose(line: RequirementLine) -> NewPin | None:
        if line.location not in today:
            return None
        pin, release = pins[line.location], today[line.location]
        return NewPin(pin.name, pin.version, release.hashes, release.names())

    return replace_blocks(present.source.text, path, choose), found


def _lock_file(present: PresentLock, path: str, listed: Listed) -> tuple[str, Changed]:
    """Edit the files of a lock file's packages, of whose sdists it lists one. Raises `PeepError`."""
    packages = {key: refreshed_package(key[0], release, present.files) for key, release in listed.items()}
    written = {key: _written(listed[key], package) for key, package in packages.items()}
    found = _differing(present.pins, written)
    different = {id(pin) for pin, _ in found}
    changed = {
        number: packages[pin.name, pin.version] for number, pin in enumerate(present.pins) if id(pin) in different
    }
    try:
        return with_files(present.source.text, changed), found
    except UneditableLock as error:
        hint = f"write it anew first: peep convert {path} -o pylock.new.toml"
        raise PeepError(f"{path} cannot be edited in place: {error}", hint) from None


def _written(today: ListedRelease, package: PylockPackage) -> ListedRelease:
    """Leave out what a lock file does not list."""
    files = [*package.wheels, *([package.sdist] if package.sdist else [])]
    kept = {digest for file in files for digest in file.hashes}
    return replace(
        today,
        hashes=tuple(digest for digest in today.hashes if digest in kept),
        files=tuple((one, digest) for one, digest in today.files if digest in kept),
    )


def _differing(pins: Sequence[JudgedPin], listed: Listed) -> Changed:
    """Pair each pin whose hashes are no more those of today with what is listed of its release."""
    pairs = ((pin, listed.get((pin.name, pin.version))) for pin in pins if not pin.url)
    return [(pin, today) for pin, today in pairs if today is not None and set(today.hashes) != set(pin.hashes)]


def _releases(pages: Pages, present: PresentLock) -> dict[tuple[str, str], Release]:
    """Give back the release of each pin of an index. Raises `PeepError` for all that no index has."""
    found: dict[tuple[str, str], Release] = {}
    missing: list[str] = []
    for pin in present.pins:
        if pin.url or not pin.version or (pin.name, pin.version) in found:
            continue
        page = pages.page(pin.name)
        release = page.release(pin.version)
        if release is None:
            missing.append(f"{pin.location}: {page.nobody_has(str(pin))}")
        else:
            found[pin.name, pin.version] = release
    if missing:
        raise PeepError("\n".join(missing), "nothing was written")
    return found


def _change(pin: JudgedPin, release: Release, today: ListedRelease) -> PinChange:
    files = {digest: changed_file(one.file, digest) for one in release.files for digest in one.file.hashes}
    files.update((digest, changed_file(one.file, digest)) for one, digest in today.files)
    added = _sorted(set(today.hashes) - set(pin.hashes))
    removed = _sorted(set(pin.hashes) - set(today.hashes))
    return PinChange(
        pin.name,
        (pin.version,),
        (pin.version,),
        pin.marker,
        hashes_added=added,
        hashes_removed=removed,
        added=tuple(files.get(digest, ChangedFile(digest)) for digest in added),
        removed=tuple(files.get(digest, ChangedFile(digest)) for digest in removed),
    )


def _sorted(digests: set[Digest]) -> tuple[Digest, ...]:
    return tuple(sorted(digests, key=str))
