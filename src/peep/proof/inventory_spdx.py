"""SPDX 2.3 document (JSON) of an inventory (extra `inventory`)."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from spdx_tools.spdx.model.actor import Actor, ActorType
from spdx_tools.spdx.model.checksum import Checksum, ChecksumAlgorithm
from spdx_tools.spdx.model.document import CreationInfo, Document
from spdx_tools.spdx.model.package import ExternalPackageRef, ExternalPackageRefCategory, Package
from spdx_tools.spdx.model.relationship import Relationship, RelationshipType
from spdx_tools.spdx.model.spdx_no_assertion import SpdxNoAssertion
from spdx_tools.spdx.validation.uri_validators import validate_download_location
from spdx_tools.spdx.writer.json.json_writer import write_document_to_stream

from peep.proof.inventory import InventoryEntry

_ALGORITHMS = {
    "sha256": ChecksumAlgorithm.SHA256,
    "sha384": ChecksumAlgorithm.SHA384,
    "sha512": ChecksumAlgorithm.SHA512,
}
_DOCUMENT = "SPDXRef-DOCUMENT"


def spdx_json(entries: Sequence[InventoryEntry], made: datetime, version: str) -> str:
    """The document as JSON; `made` is when, in UTC, `version` is peep's. Its namespace depends on the list alone."""
    text = "\n".join(f"{entry.purl} {' '.join(map(str, entry.digests))}" for entry in entries)
    creation = CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id=_DOCUMENT,
        name="python-environment",
        document_namespace=f"https://spdx.org/spdxdocs/python-environment-{sha256(text.encode()).hexdigest()}",
        creators=[Actor(ActorType.TOOL, f"peep-{version}")],
        created=made.replace(microsecond=0, tzinfo=None),
    )
    described = [Relationship(_DOCUMENT, RelationshipType.DESCRIBES, _identifier(entry.name)) for entry in entries]
    needed = [
        Relationship(_identifier(entry.name), RelationshipType.DEPENDS_ON, _identifier(name))
        for entry in entries
        for name in entry.requires
    ]
    document = Document(creation, packages=[_package(entry) for entry in entries], relationships=[*described, *needed])
    stream = io.StringIO()
    write_document_to_stream(document, stream)
    return stream.getvalue()


def _package(entry: InventoryEntry) -> Package:
    url = entry.archive_url
    # The library takes no host by number or without a short last label; what it refuses stands in words alone.
    is_accepted = url is not None and not validate_download_location(url)
    return Package(
        spdx_id=_identifier(entry.name),
        name=entry.name,
        version=entry.version,
        download_location=url if url is not None and is_accepted else SpdxNoAssertion(),
        files_analyzed=False,
        source_info=None if url is None else f"archive fetched from {url}",
        checksums=[Checksum(_ALGORITHMS[digest.algorithm], digest.hex) for digest in entry.digests],
        external_references=[ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", entry.purl)],
        comment=None if entry.digests else "nothing tells which archive it was installed from",
    )


def _identifier(name: str) -> str:
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
