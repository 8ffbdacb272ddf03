"""CycloneDX 1.6 bill of materials (JSON) of an inventory (extra `inventory`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from peep.model import Digest
from peep.proof.inventory import InventoryEntry

_ALGORITHMS = {"sha256": HashAlgorithm.SHA_256, "sha384": HashAlgorithm.SHA_384, "sha512": HashAlgorithm.SHA_512}
_NAMESPACE = UUID("6f4c1f9e-6f4b-5d4e-9d0f-6b4a3c0d9a51")


def cyclonedx_json(entries: Sequence[InventoryEntry], made: datetime, version: str) -> str:
    """The bill as JSON; `made` is when, `version` is peep's. The serial number depends on what is listed alone."""
    components = {entry.name: _component(entry) for entry in entries}
    text = "\n".join(f"{entry.purl} {' '.join(map(str, entry.digests))}" for entry in entries)
    peep = Component(name="peep", version=version, type=ComponentType.APPLICATION, bom_ref=f"tool:peep@{version}")
    bom = Bom(
        components=components.values(), serial_number=uuid5(_NAMESPACE, text), metadata=BomMetaData(timestamp=made)
    )
    bom.metadata.tools.components.add(peep)
    for entry in entries:
        needed = [components[name] for name in entry.requires if name in components]
        bom.register_dependency(components[entry.name], needed)
    written: str = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    return written


def _component(entry: InventoryEntry) -> Component:
    references = []
    if entry.archive_url is not None:
        references.append(
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION, url=XsUri(entry.archive_url), hashes=_hashes(entry.digests)
            )
        )
    properties = []
    if not entry.digests:
        properties.append(Property(name="peep:origin", value="unknown"))
    return Component(
        name=entry.name,
        version=entry.version,
        type=ComponentType.LIBRARY,
        bom_ref=entry.purl,
        purl=PackageURL("pypi", None, entry.name, entry.version),
        external_references=references,
        properties=properties,
    )


def _hashes(digests: Iterable[Digest]) -> list[HashType]:
    return [HashType(alg=_ALGORITHMS[digest.algorithm], content=digest.hex) for digest in digests]
