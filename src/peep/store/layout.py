"""Layout of a store: path arithmetic only; docs/store-format.md describes the same for people."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from peep.dataclass import dataclass
from peep.errors import UsageError
from peep.pins import is_digest
from peep.store.location import known_store_root

FORMAT = 1
"""Raised only when an older peep must not touch the store at all; else a part's own version is raised in its path."""

FORMAT_FILE = "format"
FORMAT_TEXT = f"peep store {FORMAT}\n"
MANIFEST = "manifest"
SETTLED = "settled"

FILES_PER_FOLDER = 64
"""Of a wheel: ext4 takes half as long again to add a file to a folder of many hundreds."""


@dataclass(frozen=True, slots=True)
class StoreLayout:
    """The paths of a store at `root` (absolute)."""

    root: str

    @property
    def format_file(self) -> str:
        return os.path.join(self.root, FORMAT_FILE)

    @property
    def in_use_lock(self) -> str:
        """Shared by runs that use stored wheels, exclusive to garbage collection."""
        return os.path.join(self.root, "in-use.lock")

    @property
    def cache_tag(self) -> str:
        """Tells backup programs that everything here can be had again (bford.info/cachedir)."""
        return os.path.join(self.root, "CACHEDIR.TAG")

    @property
    def wheels(self) -> str:
        return os.path.join(self.root, "wheels-v3")

    @property
    def built(self) -> str:
        return os.path.join(self.root, "built-v1")

    @property
    def remembered(self) -> str:
        return os.path.join(self.root, "remembered-v1")

    @property
    def temporary(self) -> str:
        """Wheels being unpacked, and things on their way out; on the store's own file system, for renames."""
        return os.path.join(self.root, "temporary")

    def wheel(self, sha256: str) -> str:
        """The folder of the wheel whose archive has this digest (lower-case hex)."""
        return _fanned_out(self.wheels, sha256)

    def built_record(self, key: str) -> str:
        """The file that says which wheel was built for `key`, a digest of 64 hex digits (`facts.key_digest`)."""
        return _fanned_out(self.built, key)

    def fact(self, kind: str, key: str) -> str:
        """The file that holds a remembered fact of a kind (a word of ours); `key` as `facts.key_digest` gives it."""
        return _fanned_out(os.path.join(self.remembered, kind), key)


def file_path(number: int) -> str:
    """Where file `number` of a wheel lies, counted from 0: relative to the wheel's folder."""
    return f"{number // FILES_PER_FOLDER}/{number % FILES_PER_FOLDER}"


def _fanned_out(folder: str, digest: str) -> str:
    """256 subfolders keep each folder small. Anything but a digest is a bug here, and must not become a path."""
    if not is_digest(digest):
        raise ValueError(f"not a sha256 in lower-case hex: {digest!r}")
    return os.path.join(folder, digest[:2], digest)


class NoHomeFolderError(UsageError):
    """There is no folder to keep a store in by default."""


def store_root(environ: Mapping[str, str], option: str | None = None) -> str:
    """Absolute path of the store: the option, else `PEEP_STORE`, else `peep` in the platform's folder for caches.

    Raises `UsageError` when `PEEP_STORE` is no absolute path, for a store must not depend on the current folder, and
    `NoHomeFolderError` when the user has no home folder.
    """
    if option:
        return os.path.abspath(os.path.expanduser(option))
    if known := known_store_root(environ):
        return known
    if chosen := environ.get("PEEP_STORE"):
        raise UsageError(f"PEEP_STORE is {chosen!r}, which is not an absolute path", "give the path from the root")
    import platformdirs  # noqa: PLC0415 -- costs more than all the rest of a run that has nothing to do

    with suppress(RuntimeError):  # newer ones raise it, older ones give a path that hangs on the current folder
        if os.path.isabs(folder := platformdirs.user_cache_dir("peep", appauthor=False)):
            return os.path.normpath(folder)
    # A container's user number without an account, say.
    raise NoHomeFolderError(
        "there is no home folder to keep a store in", "let HOME, --store or PEEP_STORE name a folder, from the root"
    )
