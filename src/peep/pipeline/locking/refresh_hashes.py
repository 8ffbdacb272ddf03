"""`--refresh-hashes` of a list of unknown making: each pin's hashes, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from peep.errors import PeepError
from peep.formats.target_ids import TargetId
from peep.locking.candidates import FileChooser, Release
from peep.locking.changes import ChangedFile, PinChange, changed_file
from peep.locking.completeness import JudgedPin
from peep.locking.lock_plan import HashPolicy, ListedRelease, listed_files
from peep.locking.sources import Pages
from peep.model import Digest
from peep.pipeline.locking.lock_file import PresentLock
from peep.pipeline.locking.session import LockSession
from peep.requirements.blocks import NewPin, replace_blocks
from peep.requirements.file_parser import RequirementLine
from peep.target.declared import declared_target


def refreshed_list(
    session: LockSession, present: PresentLock, targets: Sequence[TargetId]
) -> tuple[bytes, tuple[PinChange, ...]]:
    """Give back the list with today's hashes, and what changes. Raises `PeepError` for all pins that no index has."""
    policy = session.policy()
    pages, metadata = session.pages(), session.index_metadata()
    listed: dict[tuple[str, str], ListedRelease] = {}
    found: list[PinChange] = []
    missing: list[str] = []
    for pin in present.pins:
        if pin.url or (pin.name, pin.version) in listed:
            continue
        release = _release(pages, pin)
        if release is None:
            missing.append(f"{pin.location}: no index has {pin}")
            continue
        choosers = [FileChooser(pin.name, declared_target(target), policy) for target in targets]
        hashes = HashPolicy(policy, session.options.settings.hashes == "targets")
        listed[pin.name, pin.version] = today = listed_files(release, choosers, hashes, metadata)
        if set(today.hashes) != set(pin.hashes):
            found.append(_change(pin, release, today))
    if missing:
        raise PeepError("\n".join(missing), "nothing was written")

    def choose(line: RequirementLine) -> NewPin | None:
        pin = next((one for one in present.pins if one.location == line.location), None)
        today = listed.get((pin.name, pin.version)) if pin is not None else None
        if pin is None or today is None or set(today.hashes) == set(pin.hashes):
            return None
        return NewPin(pin.name, pin.version, today.hashes, today.names())

    text = replace_blocks(present.source.text, session.options.paths.output, choose)
    return present.source.encode(text), tuple(sorted(found, key=lambda change: change.name))


def _release(pages: Pages, pin: JudgedPin) -> Release | None:
    return pages.page(pin.name).release(pin.version)


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
