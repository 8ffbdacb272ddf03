"""`peep bundle unpack`: a tar, folder or URL as a bundle's folder; every file is compared."""

from __future__ import annotations

from functools import partial

from peep.bundle.folder import BundleWriter, WrittenBundle, claimed_folder
from peep.bundle.manifest import BundleManifest
from peep.bundle.tree import CountedTree
from peep.dataclass import dataclass
from peep.model import Digest
from peep.pipeline.bundles.open_bundle import opened_bundle
from peep.pipeline.context import RunContext
from peep.pipeline.open_transport import open_transport
from peep.pipeline.options import NetworkOptions


@dataclass(frozen=True, slots=True)
class UnpackedBundle:
    """The digest and manifest of what lies in the folder now, and what was written."""

    digest: Digest
    manifest: BundleManifest
    written: WrittenBundle


def unpack_bundle(
    place: str, folder: str, digest: Digest | None, network: NetworkOptions, context: RunContext
) -> UnpackedBundle:
    """Write the bundle at `place` into `folder`, which is empty, or a bundle already, whose files are then reused.

    Raises `UnreadableBundle`, `InstallRefused` for another digest than the one asked for, `TransportError`,
    `DestinationError`.
    """
    transport = partial(open_transport, network, context.environ, known_urls=(place,))
    with opened_bundle(place, digest, transport) as bundle, claimed_folder(folder):
        written = BundleWriter(folder, bundle.manifest, bundle.lock).write(
            CountedTree(bundle.tree, context.reporter, "files unpacked")
        )
        return UnpackedBundle(bundle.digest, bundle.manifest, written)
