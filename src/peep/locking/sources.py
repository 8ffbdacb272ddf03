"""Protocols for the pages and metadata that locking asks for; `pipeline/` fills them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from peep.dataclass import dataclass
from peep.formats.core_metadata import ProjectMetadata
from peep.locking.candidates import NamedFile, ProjectPage, Release


@dataclass(frozen=True, slots=True)
class NeedsBuild:
    """A source archive whose metadata only its build backend knows, or that nobody allowed to be asked."""

    filename: str
    reason: str = "its metadata is not static, so it would have to be built"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An archive whose metadata means nothing; another version may do."""

    filename: str
    reason: str


@dataclass(frozen=True, slots=True)
class StatedBuild:
    """What a source archive says of its own build (PEP 517, PEP 518)."""

    requires: tuple[str, ...]
    """Requirements of its pyproject.toml, or PEP 518's default."""
    uses_setuptools: bool = False
    """Its backend is setuptools', whose hook asked for `wheel` before 70.1."""


class Pages(Protocol):
    """What the indexes say of projects. Always the same answer within a run."""

    def page(self, project: str) -> ProjectPage:
        """Give back the page of a normalised name; one without releases where no index has it.

        Raises `TransportError` and `PackageIndexError`.
        """


class Metadata(Protocol):
    """What archives say of themselves. Always the same answer within a run."""

    def metadata(self, release: Release, file: NamedFile) -> ProjectMetadata | NeedsBuild | Unreadable:
        """Give back the metadata of one file. Raises `TransportError` and `PackageIndexError`."""


class SdistBuilds(Protocol):
    """What building source archives requires. Always the same answer within a run."""

    def stated(self, release: Release, file: NamedFile) -> StatedBuild | Unreadable:
        """Read what an archive states; runs nothing of it. Raises `TransportError` and `PackageIndexError`."""

    def may_be_asked(self, project: str) -> bool:
        """Tell whether `--allow-build` names the project."""

    def asked(self, release: Release, file: NamedFile, requires: Sequence[str]) -> tuple[str, ...]:
        """Let the backend say what it needs beside `requires`, in the sandbox. Raises `BuildError`."""
