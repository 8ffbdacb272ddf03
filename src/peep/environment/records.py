"""Generated files of a `.dist-info`: RECORD, INSTALLER, REQUESTED and the provenance.

Specifications: "Recording installed projects", PEP 610 (`direct_url.json`), PEP 710 (`provenance_url.json`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256

from peep.model import PlannedWheel, Provenance, StoredFile, record_hash

INSTALLER = b"peep\n"


def row_of(path: str, content: bytes) -> str:
    """The row of a file with that content."""
    return row(path, record_hash(sha256(content).digest()), str(len(content)))


def row(path: str, digest: str, size: str) -> str:
    """One row, without line end; `digest` is a sha256 in urlsafe base64, '' when it is not stated."""
    text = f"{path},sha256={digest},{size}" if digest else f"{path},,{size}"
    return text if text.count(",") == _COMMAS and _is_bare(path) else f"{_quoted(path)}{text[len(path) :]}"


def manifest_rows(files: Sequence[StoredFile]) -> list[str]:
    """Rows of stored files that keep their path."""
    rows = [f"{path},sha256={digest},{size}" for path, digest, size, _, _ in files]
    text = "\n".join(rows)
    if text.count(",") == _COMMAS * len(rows) and _is_bare(text.replace("\n", "")):
        return rows
    return [row(file.path, file.record_hash, str(file.size)) for file in files]


def record_bytes(rows: Iterable[str]) -> bytes:
    """RECORD with these rows, sorted, in UTF-8; lines end as on POSIX."""
    return ("\n".join(sorted(rows)) + "\n").encode()


_COMMAS = 2


def _is_bare(text: str) -> bool:
    return '"' not in text and "\r" not in text and "\n" not in text


def _quoted(path: str) -> str:
    """As the csv module quotes ("Recording installed projects": RECORD is read with its defaults)."""
    return '"' + path.replace('"', '""') + '"'


def generated_files(planned: PlannedWheel) -> tuple[tuple[str, bytes], ...]:
    """Name within `.dist-info` and content of everything but RECORD."""
    files = [("INSTALLER", INSTALLER)]
    if planned.is_requested:
        files.append(("REQUESTED", b""))
    if planned.provenance is not None:
        name = "direct_url.json" if planned.provenance.is_direct else "provenance_url.json"
        files.append((name, provenance_bytes(planned.provenance)))
    return tuple(files)


def provenance_bytes(provenance: Provenance) -> bytes:
    """The JSON of PEP 610 or PEP 710; keys sorted, so that the bytes depend on the facts alone."""
    hashes = {digest.algorithm: digest.hex for digest in provenance.hashes}
    stated: dict[str, object] = {"url": provenance.url}
    if not provenance.is_direct:
        stated["archive_info"] = {"hashes": hashes}
    elif provenance.vcs_commit is not None:
        stated["vcs_info"] = {"vcs": "git", "commit_id": provenance.vcs_commit}
    elif hashes:
        # `hash` is the older form, which some readers still want (PEP 610, since 2022).
        older = {"hash": f"sha256={hashes['sha256']}"} if "sha256" in hashes else {}
        stated["archive_info"] = {"hashes": hashes, **older}
    else:
        stated["dir_info"] = {"editable": True} if provenance.is_editable else {}
    if provenance.is_direct and provenance.subdirectory:
        stated["subdirectory"] = provenance.subdirectory
    return json.dumps(stated, sort_keys=True, ensure_ascii=False).encode()
