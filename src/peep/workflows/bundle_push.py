"""`peep bundle push`: a bundle into an OCI registry; what is there already is not sent again."""

from __future__ import annotations

import io
from typing import BinaryIO

from peep.bundle.layout import stored_files
from peep.bundle.oci_manifest import MANIFEST_TYPE, artifact_of, oci_manifest
from peep.bundle.tree import FileSource, UnreadableBundle
from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.http.oci import OciReference, OciRepository, digest_of, open_repository
from peep.model import Digest
from peep.pipeline.bundles.open_bundle import opened_bundle


@dataclass(frozen=True, slots=True)
class PushedBundle:
    """The bundle's digest, the manifest's own, and how many bytes were sent of how many."""

    digest: Digest
    reference: str
    """With the digest of the OCI manifest."""
    sha256: str
    bytes: int
    sent: int


def push_bundle(place: str, reference: OciReference) -> PushedBundle:
    """Send a bundle to a registry under a tag. Raises `UnreadableBundle`, `RegistryError`, `UsageError`."""
    if not reference.tag or reference.digest:
        raise UsageError(
            f"{reference}: a bundle is pushed to a tag, and to no digest", "write oci://HOST/REPOSITORY:TAG"
        )
    return push_to(place, reference, open_repository(reference))


def push_to(place: str, reference: OciReference, repository: OciRepository) -> PushedBundle:
    """As `push_bundle`, to a repository that is open."""
    with opened_bundle(place) as bundle:
        sizes = {entry.path: entry.size for entry in bundle.tree.entries()}
        unstated = [path for path, file in stored_files(bundle.manifest).items() if file.size < 0 and path not in sizes]
        if unstated:
            raise UnreadableBundle(f"{place}: {unstated[0]} is missing", "peep bundle check names all that differs")
        artifact = artifact_of(bundle.manifest, sizes)
        sent = 0
        for path, blob in artifact.layers.items():
            if not repository.has_blob(blob.digest):
                with _opened(bundle.tree, path) as file:
                    repository.put_blob(blob.digest, file)
                sent += blob.size
        if not repository.has_blob(artifact.config.digest):
            repository.put_blob(artifact.config.digest, io.BytesIO(bundle.manifest.content))
            sent += artifact.config.size
        content = oci_manifest(artifact, bundle.manifest)
        repository.put_manifest(reference.tag, content, MANIFEST_TYPE)
        digest = digest_of(content)
        whole = sum(blob.size for blob in (*artifact.layers.values(), artifact.config))
        pushed = OciReference(reference.host, reference.repository, reference.tag, digest)
        return PushedBundle(bundle.digest, str(pushed), digest.partition(":")[2], whole, sent)


def _opened(tree: FileSource, path: str) -> BinaryIO:
    try:
        return tree.open(path)
    except OSError as error:
        reason = f"{tree.label}: {path}: {error.strerror or error}"
        raise UnreadableBundle(reason, "peep bundle check names all that differs") from error
