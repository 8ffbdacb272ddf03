"""The difference between two bundles: what must be sent so that the old one becomes the new one.

A delta is a tar of `delta.json`, the new `bundle.json`, and every stored file that the old bundle lacks or has with
other bytes. It applies to one base only, named by digest.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import BinaryIO

from peep.bundle.check import parsed_manifest
from peep.bundle.layout import stored_files
from peep.bundle.manifest import LARGEST_MANIFEST, MANIFEST, BundleManifest, digest_of
from peep.bundle.tar import Member, write_tar
from peep.bundle.tree import DELTA_PREFIX, FileSource, TarTree, UnreadableBundle
from peep.dataclass import dataclass
from peep.formats.canonical_json import NotCanonical, canonical_json, parse_canonical_json
from peep.formats.json_fields import Fields, ManifestError, hex_digest
from peep.model import Digest
from peep.system.files import ToldAs

FORMAT = "peep bundle delta 1"
_HEAD = "delta.json"
_LARGEST_HEAD = 4096


@dataclass(frozen=True, slots=True)
class BundleDifference:
    """What changed between two bundles: file names of archives, paths of inputs."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    inputs: tuple[str, ...]
    """Added, removed or changed."""
    files: tuple[str, ...]
    """Paths of all stored files that a delta must carry, sorted."""
    bytes: int
    """Of those files; provenance objects, whose size no manifest states, count nothing."""


def difference(old: BundleManifest, new: BundleManifest) -> BundleDifference:
    """Compare two manifests."""
    before, after = stored_files(old), stored_files(new)
    files = [path for path, file in after.items() if before.get(path, file).sha256 != file.sha256 or path not in before]
    old_archives = {(one.filename, one.sha256) for one in old.archives}
    new_archives = {(one.filename, one.sha256) for one in new.archives}
    old_inputs, new_inputs = ({(one.file.path, one.file.sha256) for one in each.inputs} for each in (old, new))
    return BundleDifference(
        tuple(sorted(filename for filename, _ in new_archives - old_archives)),
        tuple(sorted(filename for filename, _ in old_archives - new_archives)),
        tuple(sorted({path for path, _ in old_inputs ^ new_inputs})),
        tuple(sorted(files)),
        sum(max(0, after[path].size) for path in files),
    )


def write_delta(old: BundleManifest, new: BundleManifest, source: FileSource, path: str) -> int:
    """Write the delta from `old` to `new`, whose files are read from `source`; gives back the tar's size in bytes.

    Raises `UnreadableBundle` for a file that is not as `new` lists it, `OSError` where `path` cannot be written.
    """
    return write_tar(path, _members(old, new, source), DELTA_PREFIX)


def _members(old: BundleManifest, new: BundleManifest, source: FileSource) -> Iterator[Member]:
    head = canonical_json({"format": FORMAT, "base": old.digest.hex, "digest": new.digest.hex}, indented=True)
    for path, content in ((_HEAD, head), (MANIFEST, new.content)):
        yield path, io.BytesIO(content), sha256(content).hexdigest()
    expected = stored_files(new)
    for path in difference(old, new).files:
        with ToldAs(UnreadableBundle, f"{source.label}: {path}"):
            file = source.open(path)
        with file:
            yield path, file, expected[path].sha256


@dataclass(frozen=True, slots=True)
class Delta:
    """A delta that was opened: where it begins, where it ends, and its files. To be closed."""

    base: Digest
    manifest: BundleManifest
    tree: TarTree

    def close(self) -> None:
        self.tree.close()


def open_delta(path: str) -> Delta:
    """Open a delta. Raises `UnreadableBundle` for what is none, or contradicts itself."""
    tree = TarTree(path, DELTA_PREFIX)
    try:
        base, stated = _head(tree)
        with _required(tree, MANIFEST) as file:
            content = file.read(LARGEST_MANIFEST + 1)
        manifest = parsed_manifest(content, path)
    except BaseException:
        tree.close()
        raise
    if digest_of(content) != stated:
        tree.close()
        raise UnreadableBundle(f"{path}: its {MANIFEST} is not the one that {_HEAD} names")
    return Delta(base, manifest, tree)


def _head(tree: TarTree) -> tuple[Digest, Digest]:
    """The digests of base and result."""
    with _required(tree, _HEAD) as file:
        content = file.read(_LARGEST_HEAD)
    try:
        fields = Fields.of(parse_canonical_json(content, indented=True), _HEAD)
        fields.require("format", FORMAT)
        base, result = (Digest("sha256", hex_digest(fields.text(key))) for key in ("base", "digest"))
    except (NotCanonical, ManifestError) as error:
        raise UnreadableBundle(f"{tree.label}: {_HEAD} {error}") from None
    return base, result


def _required(tree: TarTree, path: str) -> BinaryIO:
    try:
        return tree.open(path)
    except OSError:
        raise UnreadableBundle(f"{tree.label}: is no delta: it has no {path}") from None


@dataclass(frozen=True, slots=True)
class LayeredFiles:
    """Files of several sources; of a path that more than one has, the first one's is taken."""

    label: str
    sources: tuple[FileSource, ...]

    def open(self, path: str) -> BinaryIO:
        for source in self.sources[:-1]:
            try:
                return source.open(path)
            except OSError:
                continue
        return self.sources[-1].open(path)


def carried(delta: Delta) -> Mapping[str, int]:
    """Paths and sizes of the stored files that a delta brings."""
    return {entry.path: entry.size for entry in delta.tree.entries() if entry.path not in {_HEAD, MANIFEST}}
