"""OSV records and snapshots that tests make up."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

NEWEST = "2026-11-26T04:41:00Z"


def record(
    identifier: str,
    name: str = "web",
    *,
    events: Iterable[Mapping[str, str]] | None = None,
    versions: Iterable[str] = (),
    kind: str = "ECOSYSTEM",
    files: Mapping[str, str] | None = None,
    **further: Any,
) -> dict[str, Any]:
    """A record about one project: one range of `events`, `versions`, and `files` (sha256 by name) of malware."""
    affected: dict[str, Any] = {"package": {"ecosystem": "PyPI", "name": name}}
    if events is not None:
        affected["ranges"] = [{"type": kind, "events": list(events)}]
    if versions:
        affected["versions"] = list(versions)
    if files is not None:
        integrity = [{"filename": file, "hashes": {"sha256": digest}} for file, digest in files.items()]
        affected["database_specific"] = {"indicators": {"package_integrity": integrity}}
    stated = {"id": identifier, "schema_version": "1.7.0", "modified": NEWEST, "affected": [affected]}
    return {**stated, **further}


def since(introduced: str, fixed: str | None = None) -> list[dict[str, str]]:
    return [{"introduced": introduced}, *([{"fixed": fixed}] if fixed else [])]


def contents(records: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """File names and contents of records."""
    return {f"{one['id']}.json": json.dumps(one).encode() for one in records}


def write_zip(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents(records).items():
            archive.writestr(name, content)
    return path


def write_folder(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    path.mkdir(exist_ok=True)
    for name, content in contents(records).items():
        (path / name).write_bytes(content)
    return path
