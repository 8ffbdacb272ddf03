"""Comparison of a bundle with its manifest: stored files by digest, derived ones by their bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256

from peep.bundle.layout import LOCK, derived_files, stored_files
from peep.bundle.manifest import LARGEST_MANIFEST, MANIFEST, BundleFile, BundleManifest, parse_manifest
from peep.bundle.tree import BundleTree, TreeEntry, UnreadableBundle
from peep.formats.json_fields import ManifestError
from peep.formats.lfs_pointers import LARGEST_POINTER, lfs_pointer
from peep.place_faults import BundleFileFault, FileState, UnpulledFile

_PIECE = 1 << 18
"""Bytes: large enough for hashlib to let the other threads run."""

FileFault = BundleFileFault | UnpulledFile


def read_manifest(tree: BundleTree) -> BundleManifest:
    """Read `bundle.json`. Raises `UnreadableBundle`, which says what to do where that can be known."""
    return parsed_manifest(manifest_bytes(tree), tree.label)


def manifest_bytes(tree: BundleTree) -> bytes:
    """The bytes of `bundle.json`, whose digest is that of the bundle. Raises `UnreadableBundle`."""
    place = f"{tree.label}: {MANIFEST}"
    try:
        with tree.open(MANIFEST) as file:
            content = file.read(LARGEST_MANIFEST + 1)
    except FileNotFoundError:
        raise UnreadableBundle(
            f"{tree.label}: is no bundle: it has no {MANIFEST}", "peep bundle create makes one"
        ) from None
    except OSError as error:
        raise UnreadableBundle(f"{place} cannot be read: {error.strerror or error}") from error
    if len(content) <= LARGEST_POINTER and lfs_pointer(content):
        raise UnreadableBundle(f"{place} is a Git LFS pointer", "run `git lfs pull`")
    return content


def parsed_manifest(content: bytes, label: str) -> BundleManifest:
    """The manifest of the bundle called `label`, its lists of files found consistent. Raises `UnreadableBundle`."""
    try:
        manifest = parse_manifest(content)
        stored_files(manifest)
    except ManifestError as error:
        raise UnreadableBundle(f"{label}: {MANIFEST} {error}") from None
    return manifest


def check_files(tree: BundleTree, manifest: BundleManifest, lock: bytes | None) -> list[FileFault]:
    """Compare every file; gives back all faults, by path.

    `lock` is what `pylock.toml` must hold; None: it must not be there. It follows from the inputs, and is not judged
    where one of these is at fault. Files are hashed by as many threads as there are processors.
    """
    stored, derived = stored_files(manifest), derived_files(manifest, lock)
    there = {entry.path: entry for entry in tree.entries()}
    faults: list[FileFault] = list(_listing_faults(there, {*stored, *derived}))
    present = [path for path in sorted({*stored, *derived}) if path in there and there[path].is_file]
    judge = partial(_content_fault, tree, stored, derived)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        faults += [fault for fault in pool.map(judge, present) if fault is not None]
    if {one.file.path for one in manifest.inputs}.intersection(fault.path for fault in faults):
        faults = [fault for fault in faults if fault.path != LOCK]
    return sorted(faults, key=lambda fault: fault.path)


def _listing_faults(there: Mapping[str, TreeEntry], expected: set[str]) -> Iterator[BundleFileFault]:
    folders = {path[:position] for path in expected for position, letter in enumerate(path) if letter == "/"}
    for path in expected - there.keys():
        yield BundleFileFault(path, FileState.MISSING)
    for path, entry in there.items():
        if entry.is_folder and path in folders:
            continue  # what is missing in it has been told
        if path in folders:
            yield BundleFileFault(path, FileState.NOT_A_FILE)
        elif path not in expected:
            yield BundleFileFault(path, FileState.FOREIGN)
        elif not entry.is_file:
            yield BundleFileFault(path, FileState.NOT_A_FILE)


def _content_fault(
    tree: BundleTree, stored: Mapping[str, BundleFile], derived: Mapping[str, bytes], path: str
) -> FileFault | None:
    expected = stored[path].sha256 if path in stored else sha256(derived[path]).hexdigest()
    hasher = sha256()
    head = b""
    try:
        with tree.open(path) as file:
            while piece := file.read(_PIECE):
                head = head or piece[: LARGEST_POINTER + 1]
                hasher.update(piece)
    except FileNotFoundError:
        return BundleFileFault(path, FileState.MISSING)
    except OSError:
        return BundleFileFault(path, FileState.NOT_A_FILE)
    if hasher.hexdigest() == expected:
        return None
    pointer = lfs_pointer(head)
    if pointer is not None and pointer.sha256 == expected:
        return UnpulledFile(path)
    return BundleFileFault(path, FileState.CHANGED)
