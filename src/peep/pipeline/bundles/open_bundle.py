"""Opening of bundles for verbs: folder, tar or URL, with its digest compared where one was asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from peep.bundle.check import manifest_bytes, parsed_manifest
from peep.bundle.layout import LOCK, derived_files, stored_files
from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import BundleManifest, digest_of
from peep.bundle.tree import BundleTree, FolderTree, TarTree
from peep.dataclass import dataclass
from peep.errors import InstallRefused, UsageError
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import Digest
from peep.pins import read_sha256
from peep.pipeline.bundles.remote_bundle import RemoteTree
from peep.place_faults import DigestDiffers
from peep.requirements.files import is_url

_BESIDE = "name a file beside it"


@dataclass(frozen=True, slots=True)
class OpenedBundle:
    """A bundle whose manifest was read; its files have not been looked at."""

    tree: BundleTree
    manifest: BundleManifest
    digest: Digest

    @property
    def lock(self) -> bytes | None:
        """The text that its `pylock.toml` must hold, None where there must be none."""
        lock = bundle_lock(self.manifest, self.tree)
        if lock is not None and isinstance(self.tree, RemoteTree):
            self.tree.expect([(LOCK, len(lock))])
        return lock


def parse_digest(text: str | None) -> Digest | None:
    """Read `sha256:HEX` or HEX, in either case of letters. Raises `UsageError`."""
    if text is None:
        return None
    found = read_sha256(text)
    if not found:
        raise UsageError(f"{text[:80]!r} is no digest of a bundle", "write sha256: and 64 hexadecimal digits")
    return Digest("sha256", found)


@contextmanager
def opened_bundle(
    place: str, wanted: Digest | None = None, transport: Callable[[], ClosableTransport] | None = None
) -> Iterator[OpenedBundle]:
    """Open the bundle at `place`: a folder, a tar, or a URL, for which `transport` is opened.

    Raises `UnreadableBundle`, `TransportError`, `UsageError` for a URL where none can be read, and `InstallRefused`
    when its digest is not `wanted`, before any other file is read.
    """
    with ExitStack() as stack:
        tree = _tree(place, transport, stack)
        content = manifest_bytes(tree)
        got = digest_of(content)
        if wanted is not None and got != wanted:
            raise InstallRefused((DigestDiffers(wanted, got),))
        manifest = parsed_manifest(content, tree.label)
        if isinstance(tree, RemoteTree):
            tree.expect((one.path, one.size) for one in stored_files(manifest).values())
            tree.expect((path, len(derived)) for path, derived in derived_files(manifest, None).items())
        yield OpenedBundle(tree, manifest, got)


def _tree(
    place: str, transport: Callable[[], ClosableTransport] | None, stack: ExitStack
) -> FolderTree | TarTree | RemoteTree:
    if is_url(place):
        if transport is None:
            raise UsageError(
                f"{redacted(place)}: a bundle at a URL can be installed from, checked, and unpacked into a folder",
                "fetch it first: peep bundle unpack URL FOLDER",
            )
        opened = transport()
        stack.callback(opened.close)
        return RemoteTree(place, opened)
    if os.path.isdir(place):
        return FolderTree(place)
    tar = TarTree(place)
    stack.callback(tar.close)
    return tar


def refuse_output_inside(output: str, places: Iterable[str]) -> None:
    """Raise `UsageError` for a file that would be written into a bundle's folder, where it would be foreign."""
    folder = os.path.realpath(os.path.dirname(os.path.abspath(output)))
    for place in places:
        if os.path.isdir(place) and f"{folder}{os.sep}".startswith(os.path.realpath(place) + os.sep):
            raise UsageError(f"{output}: lies in the bundle {place}, which holds nothing but its own files", _BESIDE)


class ClosableTransport(Transport, Protocol):
    """A transport to be closed by whoever opened it."""

    def close(self) -> None: ...
