"""`peep bundle apply`: a delta turns the bundle that it was made for into the new one."""

from __future__ import annotations

from peep.bundle.check import read_manifest
from peep.bundle.delta import LayeredFiles, open_delta
from peep.bundle.folder import BundleWriter, WrittenBundle, claimed_folder
from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import BundleManifest
from peep.bundle.tree import FolderTree
from peep.dataclass import dataclass
from peep.errors import InstallRefused
from peep.model import Digest
from peep.place_faults import DigestDiffers


@dataclass(frozen=True, slots=True)
class AppliedDelta:
    """Digest and manifest of what lies in the folder now, and what was written."""

    digest: Digest
    manifest: BundleManifest
    written: WrittenBundle


def apply_delta(folder: str, path: str) -> AppliedDelta:
    """Bring the bundle in `folder` to the state that the delta at `path` leads to.

    Raises `UnreadableBundle`, `InstallRefused` for another base than the delta's (nothing is touched then), and
    `DestinationError`.
    """
    delta = open_delta(path)
    try:
        tree = FolderTree(folder)
        base = read_manifest(tree).digest
        if base not in (delta.base, delta.manifest.digest):
            raise InstallRefused((DigestDiffers(delta.base, base),))
        files = LayeredFiles(path, (delta.tree, tree))
        with claimed_folder(folder):
            writer = BundleWriter(folder, delta.manifest, bundle_lock(delta.manifest, files))
            return AppliedDelta(delta.manifest.digest, delta.manifest, writer.write(files))
    finally:
        delta.close()
