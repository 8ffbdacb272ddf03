"""Builds of source archives, for locking: what they state, and under `--allow-build` what their backends ask for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Protocol

from peep.archives.sdist import SdistContents
from peep.build.build_system import BuildSystem, read_build_system
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
        self._files: dict[str, NamedFile] = {}
        self._answers = Once(self._found)

    def stated(self, release: Release, file: NamedFile) -> StatedBuild | Unreadable:
        del release
        self._files.setdefault(file.file.filename, file)
        return self._answers.get(file.file.filename)

    def may_be_asked(self, project: str) -> bool:
        return self.hooks is not None and self.hooks.may_be_asked(project)

    def asked(self, release: Release, file: NamedFile, requires: Sequence[str]) -> tuple[str, ...]:
        return self.hooks.asked(release, file, requires) if self.hooks is not None else ()

    def look(self, contents: SdistContents, file: NamedFile) -> StatedBuild | Unreadable:
        """Read an archive that is open, and keep what it states by its digest."""
        filename = file.file.filename
        try:
            system = _build_system(contents, filename)
        except BuildError as error:
            return Unreadable(filename, f"cannot be built: {error.reason}")
        stated = StatedBuild(system.requires, system.backend in SETUPTOOLS_BACKENDS)
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


def _build_system(contents: SdistContents, filename: str) -> BuildSystem:
    pyproject = contents.read("pyproject.toml")
    if pyproject is None and contents.read("setup.py") is None:
        raise BuildError("has neither pyproject.toml nor setup.py, so that nobody can build it", subject=filename)
    return read_build_system(pyproject, filename)


def _decoded(kept: bytes) -> StatedBuild | None:
    try:
        requires, uses_setuptools = parse_json(kept)
        return StatedBuild(tuple(str(text) for text in requires), bool(uses_setuptools))
    except (ValueError, TypeError):
        return None
