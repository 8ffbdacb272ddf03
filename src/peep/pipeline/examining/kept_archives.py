"""Cache of archives that were only looked at, in the user's cache folder.

Nothing that stores, builds or installs reads this folder: its files lie under the digest that an index stated, are
hashed anew each time, and become `UnvouchedArchive`s and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import BinaryIO

from peep.errors import UsageError
from peep.model import IndexFile, sha256_among
from peep.pins import is_digest
from peep.pipeline.examining.unvouched_releases import Fetch
from peep.reporting import Reporter
from peep.store.layout import store_root
from peep.system.file_digest import digest_of_stream
from peep.system.files import beside, make_private, regular_only, rename

_FOLDER = "looked-at-v1"
_MOST_BYTES = 1 << 29
"""Of all files together; those that nobody asked for longest go first."""
_LARGEST = 1 << 27


def kept_folder(environ: Mapping[str, str], *, is_kept: bool) -> str | None:
    """The folder in the user's cache, wherever the store is; None without a home, or where nothing is kept."""
    if not is_kept:
        return None
    try:
        root = store_root({name: value for name, value in environ.items() if name != "PEEP_STORE"})
    except UsageError:
        return None
    return os.path.join(root, _FOLDER)


class KeptArchives:
    """Brings files of indexes: those that are kept from here, others by `fetch`, to be kept if they are as stated."""

    def __init__(self, fetch: Fetch, folder: str | None, reporter: Reporter) -> None:
        self._fetch = fetch
        self._folder = folder
        self._reporter = reporter

    def __call__(self, file: IndexFile) -> BinaryIO:
        """As `Fetch`. Whatever goes wrong with the folder only costs another fetching."""
        path = self._path(file)
        if path is None:
            return self._fetch(file)
        kept = _opened(path)
        if kept is not None:
            self._reporter.detail(f"kept from an earlier look: {file.filename}")
            return kept
        body = self._fetch(file)
        with suppress(OSError):
            _keep(body, path)
        return body

    def _path(self, file: IndexFile) -> str | None:
        """None for what lies on this machine, is large, or has no stated digest to be known by."""
        stated = sha256_among(file.hashes)
        is_here = file.url.startswith("file:") or (file.size or 0) > _LARGEST
        if stated is None or not is_digest(stated.hex) or is_here:
            return None
        return os.path.join(self._folder, stated.hex) if self._folder else None


def _opened(path: str) -> BinaryIO | None:
    """The file, if it holds what it is named after; one that does not is removed."""
    try:
        file = open(path, "rb", opener=regular_only)  # noqa: SIM115 - handed on
    except OSError:
        return None
    try:
        digest, _ = digest_of_stream(file)
        if digest.hex == os.path.basename(path):
            os.utime(path)
            file.seek(0)
            return file
        os.unlink(path)
    except OSError:
        pass
    file.close()
    return None


def _keep(body: BinaryIO, path: str) -> None:
    folder = os.path.dirname(path)
    make_private(folder)
    body.seek(0)
    with beside(path) as scratch:
        with open(
            os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb"
        ) as copy:
            digest, size = digest_of_stream(body, copy=copy)
        if size <= _LARGEST and digest.hex == os.path.basename(path):
            rename(scratch, path)
    _make_room(folder)


def _make_room(folder: str) -> None:
    found = [(entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in os.scandir(folder)]
    left = _MOST_BYTES
    for _, size, path in sorted(found, reverse=True):
        left -= size
        if left < 0:
            with suppress(OSError):
                os.unlink(path)
