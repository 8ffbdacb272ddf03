"""`peep bundle pack`: a bundle as one tar, the same bytes from the same files everywhere."""

from __future__ import annotations

from peep.bundle.tar import pack
from peep.bundle.tree import CountedTree
from peep.dataclass import dataclass
from peep.errors import DestinationError
from peep.model import Digest
from peep.pipeline.bundles.open_bundle import opened_bundle, refuse_output_inside
from peep.reporting import Reporter
from peep.system.file_digest import digest_of_file
from peep.system.files import ToldAs


@dataclass(frozen=True, slots=True)
class PackedBundle:
    """The bundle's digest, the tar's own sha256 (hex), and its size in bytes."""

    digest: Digest
    path: str
    sha256: str
    size: int


def pack_bundle(place: str, output: str, reporter: Reporter) -> PackedBundle:
    """Write the bundle at `place` into the tar `output`.

    Raises `UsageError` for an output inside of the bundle, `UnreadableBundle`, `DestinationError`.
    """
    refuse_output_inside(output, [place])
    with opened_bundle(place) as bundle:
        with ToldAs(DestinationError, f"{output}: cannot be written"):
            counted = CountedTree(bundle.tree, reporter, "files packed")
            size = pack(counted, bundle.manifest, bundle.lock, output)
            written, _ = digest_of_file(output)
        return PackedBundle(bundle.digest, output, written.hex, size)
