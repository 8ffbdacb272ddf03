"""A large public set of audits in cargo-vet's form, converted: versions become archives with made-up bytes."""

from __future__ import annotations

import lzma
import sys
from datetime import date
from hashlib import sha256
from typing import Any

from peep.formats.digest_lines import DigestLine
from peep.formats.names import normalised
from peep.vetting.records import Audit, AuditsFile
from support.corpus import CORPUS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCE = CORPUS / "vetting" / "mozilla-supply-chain-audits.toml.xz"


def converted() -> AuditsFile:
    """All audits of `SOURCE`: a full one of a version, or a delta between two."""
    values = tomllib.loads(lzma.decompress(SOURCE.read_bytes()).decode())
    return AuditsFile(
        {}, tuple(_audit(normalised(name), entry) for name, entries in values["audits"].items() for entry in entries)
    )


def _audit(project: str, entry: dict[str, Any]) -> Audit:
    old, _, new = entry.get("delta", "").rpartition(" -> ")
    new = entry.get("version") or new
    criteria = [entry["criteria"]] if isinstance(entry["criteria"], str) else entry["criteria"]
    who = [entry["who"]] if isinstance(entry["who"], str) else entry["who"]
    return Audit(
        project=project,
        version=new,
        criteria=tuple(sorted(criteria)),
        by=", ".join(who),
        on=date(2026, 1, 1),
        read=(_archive(project, new),),
        since=(_archive(project, old),) if old else (),
        notes=entry.get("notes", ""),
    )


def _archive(project: str, version: str) -> DigestLine:
    filename = f"{project}-{version}.tar.gz"
    return DigestLine(sha256(filename.encode()).hexdigest(), filename)
