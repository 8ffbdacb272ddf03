"""A small bundle, made of values: two archives for two targets, one input, one tool."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from peep.bundle.folder import BundleWriter, claimed_folder
from peep.bundle.lock import bundle_lock
from peep.bundle.manifest import (
    ArchiveRole,
    BundleArchive,
    BundleFile,
    BundleInput,
    BundleManifest,
    BundleTarget,
    InputRole,
)
from peep.bundle.tree import FilesTree
from peep.formats.target_ids import parse_target_id
from peep.model import ArchiveKind
from support.wheels import metadata_text, sdist_bytes, wheel_bytes

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "other-2.0.tar.gz"
LONG = f"{'long' * 25}-1.0-py3-none-any.whl"
"""A file name that no ustar header holds."""
TARGETS = tuple(BundleTarget.of(parse_target_id(text)) for text in ("cp311-win_amd64", "cp312-manylinux_2_28_x86_64"))
NAMES = tuple(target.name for target in TARGETS)
LOCK = b'lock-version = "1.0"\n'


def listed(path: str, content: bytes) -> BundleFile:
    return BundleFile(path, sha256(content).hexdigest(), len(content))


def small_bundle(version: str = "1.0") -> tuple[BundleManifest, dict[str, bytes]]:
    """A manifest, and the stored files by path. With another `version` the wheel `demo` is another one."""
    wheel_name = WHEEL.replace("1.0", version)
    contents = {
        "locks/requirements.txt": f"demo=={version}\nother==2.0\n".encode(),
        "peep.pyz": b"#!/usr/bin/env python\n",
        f"archives/{wheel_name}": wheel_bytes("demo", version),
        f"archives/{wheel_name}.metadata": metadata_text("demo", version, ()).encode(),
        f"archives/{LONG}": wheel_bytes("long" * 25, "1.0"),
        f"archives/{SDIST}": sdist_bytes("other", "2.0"),
    }
    archives = [
        _archive("demo", version, wheel_name, contents),
        _archive("long" * 25, "1.0", LONG, contents),
        _archive("other", "2.0", SDIST, contents),
    ]
    manifest = BundleManifest(
        TARGETS,
        (BundleInput(listed("locks/requirements.txt", contents["locks/requirements.txt"]), InputRole.REQUIREMENTS),),
        tuple(archives),
        (listed("peep.pyz", contents["peep.pyz"]),),
    )
    return manifest, contents


def _archive(name: str, version: str, filename: str, contents: dict[str, bytes]) -> BundleArchive:
    path = f"archives/{filename}"
    kind = ArchiveKind.WHEEL if filename.endswith(".whl") else ArchiveKind.SDIST
    file = listed(path, contents[path])
    sidecar = f"{path}.metadata"
    return BundleArchive(
        filename,
        name,
        version,
        kind,
        file.sha256,
        file.size,
        (ArchiveRole.INSTALL,),
        NAMES,
        core_metadata=listed(sidecar, contents[sidecar]) if sidecar in contents else None,
        origin="https://index.example/simple/",
        url=f"https://files.example/{filename}",
    )


def locked_bundle(folder: Path, version: str = "1.0") -> str:
    """The small bundle in `folder`, with the lock that follows from its inputs; gives its digest."""
    manifest, contents = small_bundle(version)
    files = FilesTree(contents)
    with claimed_folder(str(folder)):
        BundleWriter(str(folder), manifest, bundle_lock(manifest, files)).write(files)
    return str(manifest.digest)


def written_bundle(folder: Path, version: str = "1.0") -> BundleManifest:
    """The small bundle in `folder`."""
    manifest, contents = small_bundle(version)
    with claimed_folder(str(folder)):
        BundleWriter(str(folder), manifest, LOCK).write(FilesTree(contents))
    return manifest
