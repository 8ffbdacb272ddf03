"""`peep bundle diff`: what changed between two bundles, and the delta that brings it."""

from __future__ import annotations

from peep.bundle.delta import BundleDifference, difference, write_delta
from peep.dataclass import dataclass
from peep.errors import DestinationError
from peep.model import Digest
from peep.pipeline.bundles.open_bundle import opened_bundle, refuse_output_inside
from peep.system.files import ToldAs


@dataclass(frozen=True, slots=True)
class DiffedBundles:
    """Both digests, and the difference; `size` of the delta in bytes, None when none was written."""

    old: Digest
    new: Digest
    difference: BundleDifference
    size: int | None = None


def diff_bundles(old_place: str, new_place: str, output: str | None) -> DiffedBundles:
    """Compare two bundles by their manifests; with `output`, write the delta, whose files are compared on the way.

    Raises `UsageError` for an output inside of one of them, `UnreadableBundle`, `DestinationError`.
    """
    if output is not None:
        refuse_output_inside(output, (old_place, new_place))
    with opened_bundle(old_place) as old, opened_bundle(new_place) as new:
        size = None
        if output is not None:
            with ToldAs(DestinationError, f"{output}: cannot be written"):
                size = write_delta(old.manifest, new.manifest, new.tree, output)
        return DiffedBundles(old.digest, new.digest, difference(old.manifest, new.manifest), size)
