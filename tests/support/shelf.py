"""Archives on a shelf: what a run would have fetched and verified, without index and network."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from peep.archives.verification import HashingWriter, verify_archive
from peep.archives.wheel import open_wheel
from peep.build.builder import Obtained
from peep.model import (
    ArchiveKind,
    Candidate,
    Digest,
    IndexFile,
    Location,
    PinnedRequirement,
    StoredWheel,
    TargetEnvironment,
    VerifiedArchive,
)
from peep.store.wheels import Store
from peep.target.discovery import TargetRequest, discover_target
from support.pins import source_for


def archive_pin(name: str, version: str | None, content: bytes, **more: Any) -> PinnedRequirement:
    """A pin that vouches for `content`."""
    digest = Digest("sha256", hashlib.sha256(content).hexdigest())
    source = source_for(more.pop("url", None), more)
    places = (Location("build.txt", 1),)
    return PinnedRequirement(name, name, version, places, (digest,), source=source, **more)


def verified(pin: PinnedRequirement, filename: str, content: bytes) -> VerifiedArchive:
    """`content` as it comes through the gate for `pin`; fails the test when it does not."""
    writer = HashingWriter(io.BytesIO(), ())
    writer.write(content)
    kind = ArchiveKind.WHEEL if filename.endswith(".whl") else ArchiveKind.SDIST
    candidate = Candidate(pin, IndexFile(filename, f"https://files.example/{filename}"), kind)
    outcome = verify_archive(candidate, writer.finish())
    assert isinstance(outcome, VerifiedArchive), outcome
    return outcome


def own_target() -> TargetEnvironment:
    """The environment that runs the tests."""
    return discover_target(TargetRequest(python=sys.executable))


@dataclass
class Shelf:
    """Stands for index, download and verification; `asked` remembers what was taken from it, in order."""

    store: Store
    archives: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Project name (the last version that was put there), or `NAME==VERSION` -> file name and content."""
    asked: list[str] = field(default_factory=list)

    def put(self, name: str, version: str, filename: str, content: bytes) -> PinnedRequirement:
        """Put an archive on the shelf; gives back the pin for it."""
        self.archives[name] = self.archives[f"{name}=={version}"] = (filename, content)
        return archive_pin(name, version, content)

    def obtain(self, pins: Sequence[PinnedRequirement]) -> Obtained:
        """As `build.builder.Obtain`."""
        wheels: dict[str, StoredWheel] = {}
        sdists = []
        for pin in pins:
            self.asked.append(pin.name)
            filename, content = self.archives.get(str(pin)) or self.archives[pin.name]
            archive = verified(pin, filename, content)
            if archive.kind is ArchiveKind.WHEEL:
                wheels[pin.name] = self.store.add(open_wheel(archive))
            else:
                sdists.append(archive)
        return Obtained(wheels, tuple(sdists))
