"""`peep bundle pull`: a bundle out of an OCI registry; only what the folder lacks is fetched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import BinaryIO

from peep.bundle.check import parsed_manifest
from peep.bundle.folder import BundleWriter, WrittenBundle, claimed_folder
from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import BundleManifest
from peep.bundle.oci_manifest import MANIFEST_TYPE, ForeignArtifact, OciBlob, agreed_layers, parse_oci_manifest
from peep.dataclass import dataclass
from peep.http.oci import OciReference, OciRepository, RegistryError, digest_of, open_repository
from peep.model import Digest
from peep.system.files import temporary_folder


@dataclass(frozen=True, slots=True)
class PulledBundle:
    """What lies in the folder now, and the reference by which it can be had again."""

    digest: Digest
    manifest: BundleManifest
    reference: str
    written: WrittenBundle


def pull_bundle(reference: OciReference, folder: str) -> PulledBundle:
    """Bring the bundle that a registry keeps under a tag or digest into `folder`.

    Raises `RegistryError`, `ForeignArtifact` for another kind of artifact, `UnreadableBundle`, `DestinationError`.
    """
    return pull_from(reference, folder, open_repository(reference))


def pull_from(reference: OciReference, folder: str, repository: OciRepository) -> PulledBundle:
    """As `pull_bundle`, from a repository that is open."""
    wanted = reference.digest or reference.tag or "latest"
    content = repository.manifest(wanted, MANIFEST_TYPE)
    if content is None:
        raise RegistryError(f"{reference}: there is no manifest {wanted}")
    try:
        artifact = parse_oci_manifest(content)
        config = b"".join(repository.blob(artifact.config.digest, artifact.config.size))
        manifest = parsed_manifest(config, str(reference))
        layers = agreed_layers(artifact, manifest)
    except ForeignArtifact as error:
        raise ForeignArtifact(f"{reference}: {error}") from None
    with claimed_folder(folder), temporary_folder(folder, ".peep-") as scratch:
        remote = _RemoteFiles(str(reference), repository, layers, scratch)
        lock = bundle_lock(manifest, remote)
        written = BundleWriter(folder, manifest, lock).write(remote)
    pulled = OciReference(reference.host, reference.repository, reference.tag, digest_of(content))
    return PulledBundle(manifest.digest, manifest, str(pulled), written)


@dataclass(frozen=True, slots=True)
class _RemoteFiles:
    """Stored files of a bundle in a registry, fetched into a private folder when they are opened."""

    label: str
    repository: OciRepository
    layers: Mapping[str, OciBlob]
    scratch: str

    def open(self, path: str) -> BinaryIO:
        blob = self.layers.get(path)
        if blob is None:
            raise FileNotFoundError(2, "the registry has no such layer", path)
        place = os.path.join(self.scratch, blob.sha256)
        if not os.path.exists(place):
            with open(place, "xb") as file:
                file.writelines(self.repository.blob(blob.digest, blob.size))
        return open(place, "rb")
