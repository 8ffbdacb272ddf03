"""An index with provenance (PEP 740): real archives with real attestations, or made-up ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from support.corpus import CORPUS
from support.fake_index import FakeIndex
from support.index_content import JSON_TYPE

ATTESTATIONS = Path(CORPUS) / "attestations"
PROVENANCE_TYPE = "application/vnd.pypi.integrity.v1+json"
GITHUB = {
    "pypi-attestations": {"kind": "GitHub", "repository": "trailofbits/pypi-attestations", "workflow": "release.yml"},
    "rfc8785": {"kind": "GitHub", "repository": "trailofbits/rfc8785.py", "workflow": "release.yml"},
}
GITLAB = {"kind": "GitLab", "repository": "facutuesca/gitlab-oidc-project", "workflow_filepath": ".gitlab-ci.yml"}


def attestation(filename: str, kind: str = "publish") -> dict[str, Any]:
    """The real attestation of a real archive."""
    return dict(json.loads((ATTESTATIONS / f"{filename}.{kind}.attestation").read_text()))


def wrapped(publisher: Mapping[str, Any], *attestations: Mapping[str, Any]) -> dict[str, Any]:
    """A provenance document."""
    bundle = {"publisher": {"environment": None, "claims": None, **publisher}, "attestations": list(attestations)}
    return {"version": 1, "attestation_bundles": [bundle]}


@contextmanager
def attested_index(
    archives: Mapping[str, Mapping[str, bytes]], provenance: Mapping[str, Mapping[str, Any] | bytes | None]
) -> Iterator[FakeIndex]:
    """Projects of file names and contents; of each file name its provenance: None for a URL that leads nowhere."""
    pages: dict[str, tuple[str, bytes]] = {}
    for project, files in archives.items():
        entries = [_entry(project, filename, content, provenance) for filename, content in files.items()]
        page = {"meta": {"api-version": "1.4"}, "name": project, "versions": [], "files": entries}
        pages[f"/simple/{project}/"] = (JSON_TYPE, json.dumps(page).encode())
    for filename, document in provenance.items():
        if document is not None:
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            pages[f"/integrity/{filename}/provenance"] = (PROVENANCE_TYPE, body)
    with FakeIndex(archives, pages=pages) as index:
        yield index


def _entry(project: str, filename: str, content: bytes, provenance: Mapping[str, object]) -> dict[str, Any]:
    return {
        "filename": filename,
        "url": f"/files/{project}/{filename}",
        "hashes": {"sha256": sha256(content).hexdigest()},
        "provenance": f"/integrity/{filename}/provenance" if filename in provenance else None,
    }


def real_archive(filename: str) -> bytes:
    return (ATTESTATIONS / filename).read_bytes()


def has_corpus() -> bool:
    return os.path.isdir(ATTESTATIONS)
