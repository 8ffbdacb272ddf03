"""`peep bundle check`: a bundle compared with its manifest, file by file."""

from __future__ import annotations

from peep.bundle.check import check_files
from peep.bundle.manifest import BundleManifest
from peep.dataclass import dataclass
from peep.errors import DigestDiffers, Problem
from peep.model import Digest
from peep.pipeline.bundles import opened_bundle


@dataclass(frozen=True, slots=True)
class CheckedBundle:
    """What was found; nothing in `problems` means that all files are as listed."""

    digest: Digest
    manifest: BundleManifest
    problems: tuple[Problem, ...]


def check_bundle(place: str, digest: Digest | None) -> CheckedBundle:
    """Compare every file of a bundle with its manifest, and its digest with `digest`. Raises `UnreadableBundle`."""
    with opened_bundle(place) as bundle:
        problems: list[Problem] = []
        if digest is not None and bundle.digest != digest:
            problems.append(DigestDiffers(digest, bundle.digest))
        problems += check_files(bundle.tree, bundle.manifest, bundle.lock)
        return CheckedBundle(bundle.digest, bundle.manifest, tuple(problems))
