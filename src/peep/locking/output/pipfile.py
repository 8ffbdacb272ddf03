"""Text of a Pipfile.lock (pipfile-spec 6): one version for each name, hashes without file names."""

from __future__ import annotations

import json
from collections.abc import Sequence

from peep.dataclass import dataclass
from peep.locking.readers.locked import LockedPackage, Loss

_SPEC = 6


@dataclass(frozen=True, slots=True)
class PipfileLock:
    """What the file holds."""

    packages: tuple[LockedPackage, ...]
    index_url: str = ""
    """The one source that it names; '' for none."""


def pipfile_losses(packages: Sequence[LockedPackage]) -> tuple[Loss, ...]:
    """Tell what a Pipfile.lock cannot hold of these packages."""
    losses: list[Loss] = []
    seen: set[str] = set()
    for package in packages:
        if package.name in seen:
            losses.append(Loss(package.name, "it has two versions, and a Pipfile.lock holds one", changes_install=True))
        seen.add(package.name)
        if package.url and not _commit(package):
            losses.append(Loss(package.name, f"it comes from {package.url}, not from an index", changes_install=True))
    losses.append(Loss("", "the digest of a Pipfile: there is none yet", changes_install=False))
    return tuple(losses)


def _commit(package: LockedPackage) -> dict[str, str]:
    """Give back a commit of a git repository as Pipenv writes it; of an archive it keeps no hash: {}."""
    if not package.url.startswith("git+"):
        return {}
    url, _, commit = package.url.removeprefix("git+").rpartition("@")
    return {"git": url, "ref": commit, **({"subdirectory": package.subdirectory} if package.subdirectory else {})}


def pipfile_text(lock: PipfileLock) -> str:
    """Give back the text in Pipenv's form: sorted keys, four spaces; of two versions of a name the last one."""
    entries = {}
    for package in lock.packages:
        commit = _commit(package)
        if package.url and not commit:
            continue  # told as a loss
        entry: dict[str, object] = dict(commit)
        if package.extras:
            entry["extras"] = sorted(package.extras)
        if package.files:
            entry["hashes"] = sorted({str(file.digest) for file in package.files})
        if package.marker:
            entry["markers"] = package.marker.replace('"', "'")
        if package.version:
            entry["version"] = f"=={package.version}"
        entries[package.name] = entry
    source = {"name": "index", "url": lock.index_url, "verify_ssl": True}
    meta = {
        "hash": {"sha256": ""},
        "pipfile-spec": _SPEC,
        "requires": {},
        "sources": [source] if lock.index_url else [],
    }
    document = {"_meta": meta, "default": entries, "develop": {}}
    return json.dumps(document, indent=4, sort_keys=True, ensure_ascii=False) + "\n"
