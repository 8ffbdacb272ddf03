"""Bundle as an OCI artifact: the manifest is a function of `bundle.json`, so one digest pins both.

Source: OCI image manifest specification 1.1, "Guidelines for Artifact Usage". The config is `bundle.json`; one layer
for each stored file, whose title is its path.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from peep.bundle.layout import stored_files
from peep.bundle.manifest import LARGEST_MANIFEST, BundleManifest
from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.canonical_json import JsonValue, canonical_json
from peep.formats.json_fields import Fields, ManifestError, hex_digest

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
BUNDLE_TYPE = "application/vnd.peep.bundle.v1+json"
ARCHIVE_TYPE = "application/vnd.pypi.archive"
FILE_TYPE = "application/octet-stream"
TITLE = "org.opencontainers.image.title"


class ForeignArtifact(PeepError):
    """A manifest of a registry that is no bundle of ours, or contradicts its own `bundle.json`."""


@dataclass(frozen=True, slots=True)
class OciBlob:
    """What a registry keeps by digest: `sha256` in lower-case hex, `size` in bytes."""

    sha256: str
    size: int

    @property
    def digest(self) -> str:
        return f"sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class BundleArtifact:
    """A bundle's blobs: the config, and each stored file by its path."""

    config: OciBlob
    layers: Mapping[str, OciBlob]


def artifact_of(manifest: BundleManifest, sizes: Mapping[str, int]) -> BundleArtifact:
    """The blobs of a bundle; `sizes` gives the bytes of those stored files whose size the manifest does not state."""
    layers = {
        path: OciBlob(file.sha256, file.size if file.size >= 0 else sizes[path])
        for path, file in sorted(stored_files(manifest).items())
    }
    content = manifest.content
    return BundleArtifact(OciBlob(sha256(content).hexdigest(), len(content)), layers)


def oci_manifest(artifact: BundleArtifact, manifest: BundleManifest) -> bytes:
    """The bytes of the OCI manifest; nothing in it depends on time or machine."""
    archives = {archive.path for archive in manifest.archives}
    layers: list[JsonValue] = [
        {**_descriptor(blob, ARCHIVE_TYPE if path in archives else FILE_TYPE), "annotations": {TITLE: path}}
        for path, blob in sorted(artifact.layers.items())
    ]
    return canonical_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": BUNDLE_TYPE,
            "config": _descriptor(artifact.config, BUNDLE_TYPE),
            "layers": layers,
        }
    )


def _descriptor(blob: OciBlob, media_type: str) -> dict[str, JsonValue]:
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def parse_oci_manifest(content: bytes) -> BundleArtifact:
    """Read a manifest that a registry gave.

    It need not have been written by peep, but must be a bundle. Raises `ForeignArtifact`.
    """
    try:
        document: Any = json.loads(content)
        fields = Fields.of(document, "the manifest")
        if document.get("artifactType") != BUNDLE_TYPE and _config_type(document) != BUNDLE_TYPE:
            raise ForeignArtifact(f"is no bundle: its type is {str(document.get('artifactType'))[:80]!r}")
        layers: dict[str, OciBlob] = {}
        for layer in fields.objects("layers"):
            title = Fields.of(layer.values.get("annotations"), "the annotations of a layer").text(TITLE)
            if layers.setdefault(title, _blob(layer)) != _blob(layer):
                raise ForeignArtifact(f"has two layers with the title {title!r}")
        config = _blob(Fields.of(fields.values.get("config"), "'config'"))
        if config.size > LARGEST_MANIFEST:
            raise ForeignArtifact(f"is no bundle: its config is larger than {LARGEST_MANIFEST} bytes")
        return BundleArtifact(config, layers)
    except (ManifestError, ValueError, RecursionError, AttributeError) as error:
        raise ForeignArtifact(f"is no bundle: it {error}") from None


def _config_type(document: Mapping[str, Any]) -> object:
    config = document.get("config")
    return config.get("mediaType") if isinstance(config, Mapping) else None


def _blob(fields: Fields) -> OciBlob:
    algorithm, _, hexadecimal = fields.text("digest").partition(":")
    if algorithm != "sha256":
        raise ManifestError(f"has a digest by {algorithm[:20]!r}, where sha256 is what is compared")
    return OciBlob(hex_digest(hexadecimal), fields.count("size"))


def agreed_layers(artifact: BundleArtifact, manifest: BundleManifest) -> Mapping[str, OciBlob]:
    """The layers, found to be just the stored files of `bundle.json`. Raises `ForeignArtifact`."""
    stored = stored_files(manifest)
    if wrong := sorted(set(stored) ^ set(artifact.layers)):
        raise ForeignArtifact(f"contradicts its bundle.json: only one of them lists {wrong[0]}")
    for path, file in sorted(stored.items()):
        blob = artifact.layers[path]
        if blob.sha256 != file.sha256 or file.size not in {-1, blob.size}:
            raise ForeignArtifact(f"contradicts its bundle.json about {path}")
    return artifact.layers
