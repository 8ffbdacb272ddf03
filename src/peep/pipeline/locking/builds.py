"""Builds of source archives for locking: stated metadata, or with `--allow-build` the backend's."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Protocol

from peep.archives.sdist import SdistContents
from peep.build.build_system import read_build_system
from peep.build.requirements import SETUPTOOLS_BACKENDS
from peep.errors import ArchiveError, BuildError
from peep.formats.documents import parse_json
from peep.locking.candidates import NamedFile, Release
from peep.locking.lock_plan import stated_sha256
from peep.locking.sources import StatedBuild, Unreadable
from peep.pipeline.once import Once
from peep.store.wheels import Store

_KIND = "stated-build"
_FORMAT = 1

ReadSdist = Callable[[NamedFile, Callable[[SdistContents], StatedBuild | Unreadable]], StatedBuild | Unreadable]
"""Opens a downloaded source archive, its digest checked, for a function that reads it."""


class Hooks(Protocol):
    """Backends that may be asked."""

    def may_be_asked(self, project: str) -> bool: ...

    def asked(self, release: Release, file: NamedFile, requires: Sequence[str]) -> tuple[str, ...]:
        """Give back what a backend needs beside `requires`. Raises `BuildError`."""


class LockBuilds:
    """Implements `locking.sources.SdistBuilds`; safe to use from many threads."""

    def __init__(self, store: Store, read: ReadSdist, hooks: Hooks | None = None) -> None:
        """`hooks` ask the backends that may be asked."""
        self._store = store
        self._read = read
        self.hooks = hooks
        self._noted: dict[str, StatedBuild | Unreadable] = {}
        self._files: dict[str, NamedFile] = {}
        self._answers = Once(self._found)

    def note(self, filename: str, stated: StatedBuild | Unreadable) -> None:
        """Take what was found out elsewhere about the build of a tree."""
        self._noted[filename] = stated

    def stated(self, release: Release, file: NamedFile) -> StatedBuild | Unreadable:
        del release
        if file.file.filename in self._noted:
            return self._noted[file.file.filename]
        self._files.setdefault(file.file.filename, file)
        return self._answers.get(file.file.filename)

    def may_be_asked(self, project: str) -> bool:
        return self.hooks is not None and self.hooks.may_be_asked(project)

    def asked(self, release: Release, file: NamedFile, requires: Sequence[str]) -> tuple[str, ...]:
        return self.hooks.asked(release, file, requires) if self.hooks is not None else ()

    def look(self, contents: SdistContents, file: NamedFile) -> StatedBuild | Unreadable:
        """Read an archive that is open, and keep what it states by its digest."""
        filename = file.file.filename
        stated = stated_build(contents.read("pyproject.toml"), contents.read("setup.py"), filename)
        if isinstance(stated, Unreadable):
            return stated
        if (digest := stated_sha256(file)) is not None:
            value = json.dumps([stated.requires, stated.uses_setuptools]).encode()
            self._store.put_value(_KIND, f"{_FORMAT} {digest.hex}", value)
        return stated

    def _found(self, filename: str) -> StatedBuild | Unreadable:
        file = self._files[filename]
        digest = stated_sha256(file)
        kept = self._store.get_value(_KIND, f"{_FORMAT} {digest.hex}") if digest is not None else None
        if kept is not None and (known := _decoded(kept)) is not None:
            return known
        try:
            return self._read(file, lambda contents: self.look(contents, file))
        except ArchiveError as error:
            return Unreadable(filename, f"cannot be built: {'; '.join(error.problems)}")


def stated_build(pyproject: bytes | None, setup: bytes | None, filename: str) -> StatedBuild | Unreadable:
    """Read what a tree says of its build, by its pyproject.toml and setup.py (None: it has none)."""
    if pyproject is None and setup is None:
        return Unreadable(filename, "cannot be built: it has neither pyproject.toml nor setup.py")
    try:
        system = read_build_system(pyproject, filename)
    except BuildError as error:
        return Unreadable(filename, f"cannot be built: {error.reason}")
    return StatedBuild(system.requires, system.backend in SETUPTOOLS_BACKENDS)


def _decoded(kept: bytes) -> StatedBuild | None:
    try:
        requires, uses_setuptools = parse_json(kept)
        return StatedBuild(tuple(str(text) for text in requires), bool(uses_setuptools))
    except (ValueError, TypeError):
        return None
