"""Opening of bundles for verbs: folder or tar, with its digest compared where one was asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from peep.bundle.check import manifest_bytes, parsed_manifest
from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import BundleManifest, digest_of
from peep.bundle.tree import BundleTree, FolderTree, TarTree
from peep.dataclass import dataclass
from peep.errors import DigestDiffers, InstallRefused, UsageError
from peep.model import Digest

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class OpenedBundle:
    """A bundle whose manifest was read; its files have not been looked at."""

    tree: BundleTree
    manifest: BundleManifest
    digest: Digest

    @property
    def lock(self) -> bytes | None:
        """The text that its `pylock.toml` must hold, None where there must be none."""
        return bundle_lock(self.manifest, self.tree)


def parse_digest(text: str | None) -> Digest | None:
    """Read `sha256:HEX` or HEX, in either case of letters. Raises `UsageError`."""
    if text is None:
        return None
    found = _DIGEST.fullmatch(text.lower())
    if found is None:
        raise UsageError(f"{text[:80]!r} is no digest of a bundle", "write sha256: and 64 hexadecimal digits")
    return Digest("sha256", found[1])


@contextmanager
def opened_bundle(place: str, wanted: Digest | None = None) -> Iterator[OpenedBundle]:
    """Open the bundle at `place`, a folder or a tar.

    Raises `UnreadableBundle`, and `InstallRefused` when its digest is not `wanted`, before any other file is read.
    """
    tree = FolderTree(place) if os.path.isdir(place) else TarTree(place)
    try:
        content = manifest_bytes(tree)
        got = digest_of(content)
        if wanted is not None and got != wanted:
            raise InstallRefused((DigestDiffers(wanted, got),))
        yield OpenedBundle(tree, parsed_manifest(content, place), got)
    finally:
        if isinstance(tree, TarTree):
            tree.close()
