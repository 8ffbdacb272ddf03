"""A bundle to audit: every archive that it carries, and the snapshot of advisories inside it."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus

from peep.advisories.findings import AuditedPin, Place
from peep.advisories.roster import Gathered, PinTable, Subject
from peep.advisories.snapshot import SnapshotError
from peep.bundle.manifest import BundleArchive, BundleFile
from peep.dataclass import dataclass
from peep.errors import PeepError, TransportError, UsageError
from peep.formats.names import last_segment_at
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import Digest
from peep.pipeline.bundles.open_bundle import OpenedBundle, opened_bundle, parse_digest
from peep.pipeline.options import BundleSource
from peep.system.files import PIECE, ToldAs

_LARGEST_BUNDLE = 1 << 40
"""Bytes that are fetched of one from the network."""
_SNAPSHOT = ".zip"
_FETCHABLE = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class BundledSnapshot:
    """The snapshot of a bundle: where it can be read, and its name for messages."""

    path: str
    shown: str


@dataclass(frozen=True, slots=True)
class AuditedBundle:
    """An opened bundle; `scratch` is a folder of the run for what has to be copied out of it."""

    bundle: OpenedBundle
    place: str
    scratch: str

    def subject(self, table: PinTable) -> Subject:
        """Every archive that the manifest lists, those for builds as well, each project and version once."""
        by_version: dict[tuple[str, str], list[BundleArchive]] = {}
        for archive in self.bundle.manifest.archives:
            by_version.setdefault((archive.name, archive.version), []).append(archive)
        gathered = Gathered(table, files=[self.place])
        for (name, version), archives in sorted(by_version.items()):
            hashes = tuple(sorted(Digest("sha256", one.sha256) for one in archives))
            names = tuple(sorted(one.filename for one in archives))
            gathered.add(AuditedPin(name, version, hashes, names, (Place(self.place),)))
        return gathered.subject("bundle", self.place)

    def snapshot(self) -> BundledSnapshot | None:
        """The snapshot that the bundle carries, as its manifest states it. Raises `SnapshotError` for other bytes."""
        listed = {one.path: one for one in self.bundle.manifest.advisories}
        zips = [path for path in listed if path.endswith(_SNAPSHOT)]
        if not zips:
            return None
        path = os.path.join(self.scratch, os.path.basename(zips[0]))
        self._copy(listed[zips[0]], path)
        sidecar = listed.get(f"{zips[0]}.json")
        if sidecar is not None:
            self._copy(sidecar, f"{path}.json")
        return BundledSnapshot(path, f"{self.place}/{zips[0]}")

    def _copy(self, file: BundleFile, path: str) -> None:
        hasher, left = hashlib.sha256(), file.size
        told = ToldAs(SnapshotError, f"{self.place}/{file.path}")
        with told, self.bundle.tree.open(file.path) as source, open(path, "xb") as copy:
            while piece := source.read(min(PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    break
                hasher.update(piece)
                copy.write(piece)
        if left or hasher.hexdigest() != file.sha256:
            raise SnapshotError(f"{self.place}/{file.path}: is not as the manifest of the bundle says")


def unreadable_bundle(source: BundleSource, error: PeepError) -> Subject:
    """A subject of which nothing could be read."""
    return Subject("bundle", redacted(source.place), array("I"), faults=(str(error),))


def audited_bundle(
    source: BundleSource, open_transport: Callable[[], Transport], scratch: str, stack: ExitStack
) -> AuditedBundle:
    """Open a folder, a tar, or a tar from the network. Raises `PeepError`; `stack` closes it."""
    place = source.place
    if "://" in place and not place.startswith(_FETCHABLE):
        reason = f"--bundle {redacted(place)}: only tars are read from the network, by http or https"
        raise UsageError(reason, "peep bundle pull fetches a bundle from a registry")
    path = _fetched(place, open_transport(), scratch) if "://" in place else place
    bundle = stack.enter_context(opened_bundle(path, parse_digest(source.digest)))
    return AuditedBundle(bundle, redacted(place), scratch)


def _fetched(url: str, transport: Transport, scratch: str) -> str:
    path = os.path.join(scratch, last_segment_at(url) or "bundle.tar")
    size = 0
    try:
        with transport.get(url) as response, open(path, "xb") as file:
            if response.status != HTTPStatus.OK:
                raise TransportError(redacted(url), f"HTTP status {response.status}", status=response.status)
            for piece in response.chunks():
                size += len(piece)
                if size > _LARGEST_BUNDLE:
                    raise TransportError(redacted(url), f"is longer than {_LARGEST_BUNDLE} bytes")
                file.write(piece)
    except OSError as error:
        raise PeepError(f"{redacted(url)} can't be kept: {error.strerror or error}") from error
    return path
