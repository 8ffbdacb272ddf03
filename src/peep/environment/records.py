"""What peep writes into a `.dist-info`: RECORD, INSTALLER, REQUESTED and the provenance. Pure; same input, same bytes.

Specifications: "Recording installed projects", PEP 610 (`direct_url.json`), PEP 710 (`provenance_url.json`).
"""

from __future__ import annotations

import csv
import io
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256

from peep.model import PlannedWheel, Provenance

INSTALLER = b"peep\n"

Row = tuple[str, str, str]
"""Path, `sha256=…` or '', size in bytes as text or ''."""


def row_of(path: str, content: bytes) -> Row:
    """The row of a file with that content."""
    digest = urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
    return path, f"sha256={digest}", str(len(content))


def record_bytes(rows: Iterable[Row]) -> bytes:
    """RECORD with these rows, sorted by path, in UTF-8; lines end as on POSIX."""
    ordered = sorted(rows)
    text = "".join([f"{path},{digest},{size}\n" for path, digest, size in ordered])
    if '"' not in text and "\r" not in text and text.count(",") == 2 * len(ordered) == 2 * text.count("\n"):
        return text.encode()
    quoted = io.StringIO()
    csv.writer(quoted, lineterminator="\n").writerows(ordered)
    return quoted.getvalue().encode()


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
        vcs, _, url = provenance.url.partition("+")
        stated = {"url": url, "vcs_info": {"vcs": vcs, "commit_id": provenance.vcs_commit}}
    elif hashes:
        # `hash` is the older form, which some readers still want (PEP 610, since 2022).
        older = {"hash": f"sha256={hashes['sha256']}"} if "sha256" in hashes else {}
        stated["archive_info"] = {"hashes": hashes, **older}
    else:
        stated["dir_info"] = {"editable": True} if provenance.is_editable else {}
    return json.dumps(stated, sort_keys=True, ensure_ascii=False).encode()


def manifest_rows(files: Sequence[tuple[str, str, int, bool]]) -> list[Row]:
    """Rows of stored files that keep their path."""
    return [(path, "sha256=" + digest, str(size)) for path, digest, size, _ in files]
