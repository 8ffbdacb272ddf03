"""`peep bundle unpack`: a tar, or another folder, as a bundle's folder; every file compared on its way."""

from __future__ import annotations

from peep.bundle.folder import BundleWriter, WrittenBundle, claimed_folder
from peep.bundle.manifest import BundleManifest
from peep.dataclass import dataclass
from peep.model import Digest
from peep.pipeline.bundles.open_bundle import opened_bundle


@dataclass(frozen=True, slots=True)
class UnpackedBundle:
    """The digest and manifest of what lies in the folder now, and what was written."""

    digest: Digest
    manifest: BundleManifest
    written: WrittenBundle


def unpack_bundle(place: str, folder: str, digest: Digest | None) -> UnpackedBundle:
    """Write the bundle at `place` into `folder`, which is empty, or a bundle already, whose files are then reused.

    Raises `UnreadableBundle`, `InstallRefused` for another digest than the one asked for, `DestinationError`.
    """
    with opened_bundle(place, digest) as bundle, claimed_folder(folder):
        written = BundleWriter(folder, bundle.manifest, bundle.lock).write(bundle.tree)
        return UnpackedBundle(bundle.digest, bundle.manifest, written)
