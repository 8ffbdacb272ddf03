"""Source trees to build: a verified archive, a commit's tree or a trusted folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from peep.archives.sdist import open_sdist
from peep.build.untrusted_output import read_written
from peep.dataclass import dataclass
from peep.errors import BuildError
from peep.model import LocalFolder, PinnedRequirement, VerifiedArchive
from peep.system.files import private_folder
from peep.system.git import check_out, parse_commit_url

_LARGEST_READ = 1 << 24
_NOT_COPIED = shutil.ignore_patterns(
    ".venv", "venv", ".tox", ".nox", "__pycache__", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache"
)
"""Of a local project: what its owner's tools left there, which no build reads."""


class SourceTree(Protocol):
    """A source tree that may be built."""

    @property
    def pin(self) -> PinnedRequirement: ...

    @property
    def label(self) -> str:
        """What it is called in messages."""

    @property
    def key(self) -> str:
        """Text that names its content for good; '' when nothing does, so that its builds are not remembered."""

    @property
    def in_place(self) -> str:
        """Absolute path where it must be built, for editable installs; '' to build a copy."""

    def read(self, paths: Iterable[str]) -> tuple[bytes | None, ...]:
        """Small files by their paths below the top, None where there is none. Raises `ArchiveError`, `BuildError`."""

    def has_folder(self, path: str) -> bool: ...

    @property
    def is_sdist(self) -> bool:
        """Its PKG-INFO was made for it; in a folder it may be left over from anything."""

    def write_to(self, parent: str) -> str:
        """Write the tree into a new folder in `parent`; gives back that folder's name. Raises `BuildError`."""

    def close(self) -> None:
        """Let go of what it is read from."""


@dataclass(frozen=True, slots=True)
class ArchiveTree:
    """A verified sdist."""

    archive: VerifiedArchive
    in_place: str = ""
    is_sdist: bool = True

    @property
    def pin(self) -> PinnedRequirement:
        return self.archive.pin

    @property
    def label(self) -> str:
        return self.archive.filename

    @property
    def key(self) -> str:
        return f"sha256:{self.archive.sha256}"

    def read(self, paths: Iterable[str]) -> tuple[bytes | None, ...]:
        pin = self.pin
        with open_sdist(self.archive, name=pin.name, version=pin.version, from_index=pin.url is None) as contents:
            return tuple(contents.read(path) for path in paths)

    def has_folder(self, path: str) -> bool:
        with open_sdist(self.archive) as contents:
            return any(entry.path.startswith(path + "/") for entry in contents.entries)

    def write_to(self, parent: str) -> str:
        with open_sdist(self.archive) as contents:
            # Some old projects read their version from the name of the folder that they lie in.
            name = contents.top_folder or self.pin.name
            try:
                os.mkdir(os.path.join(parent, name))
                contents.extract_to(os.path.join(parent, name))
            except OSError as error:
                raise _unpackable(self.label, error) from error
        return name

    def close(self) -> None:
        self.archive.file.close()


def _unpackable(label: str, error: OSError) -> BuildError:
    """Names that only some file systems take were let through, for on the others they do no harm."""
    reason = "it holds a name twice, but for case" if isinstance(error, FileExistsError) else error.strerror or error
    return BuildError(
        f"{label}: cannot be unpacked here: {reason}" + (f" ({error.filename})" if error.filename else "")
    )


@dataclass(frozen=True, slots=True)
class FolderTree:
    """A folder: a commit's checkout (`key` names the commit), or a project that the user trusts."""

    pin: PinnedRequirement
    label: str
    folder: str
    """Absolute."""
    key: str = ""
    in_place: str = ""
    is_sdist: bool = False

    def read(self, paths: Iterable[str]) -> tuple[bytes | None, ...]:
        return tuple(self._read_one(path) for path in paths)

    def _read_one(self, path: str) -> bytes | None:
        try:
            return read_written(self.folder, path.split("/"), _LARGEST_READ)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BuildError(f"{path} cannot be read: {error.strerror or error}", subject=self.label) from error

    def has_folder(self, path: str) -> bool:
        """Whether it is there, not behind a link: that could lead out of the tree (THREATS T16)."""
        parts = path.split("/")
        inside = os.path.join(self.folder, *parts)
        return os.path.isdir(inside) and os.path.realpath(inside) == os.path.join(os.path.realpath(self.folder), *parts)

    def write_to(self, parent: str) -> str:
        name = os.path.basename(self.folder) or "source"
        try:
            shutil.copytree(self.folder, os.path.join(parent, name), symlinks=True, ignore=_NOT_COPIED)
        except (OSError, shutil.Error) as error:
            raise BuildError(f"cannot be copied: {error}", subject=self.label) from error
        return name

    def close(self) -> None: ...


def commit_tree(pin: PinnedRequirement, parent: str, environ: Mapping[str, str]) -> FolderTree:
    """The tree of a `git+…@<commit>` pin, fetched into a new folder in `parent`. Raises `BuildError`."""
    wanted = parse_commit_url(pin.url or "")
    name = wanted.repository.rstrip("/").rpartition("/")[2].removesuffix(".git")
    safe = "".join(c for c in name if c.isalnum() or c in "-_.").strip(".") or "source"
    folder = os.path.join(private_folder(parent), safe)
    os.mkdir(folder)
    check_out(wanted, folder, environ)
    return FolderTree(pin, wanted.shown, folder, key=f"git:{wanted.commit}")


def local_tree(pin: PinnedRequirement) -> FolderTree:
    """The folder of a `file:` pin that the user trusts; built where it lies when editable. Raises `BuildError`."""
    parts = urlsplit(pin.url or "")
    folder = os.path.abspath(url2pathname(parts.path))
    if not os.path.isdir(folder):
        raise BuildError("there is no such folder", subject=folder)
    is_editable = isinstance(pin.source, LocalFolder) and pin.source.is_editable
    return FolderTree(pin, folder, folder, in_place=folder if is_editable else "")
