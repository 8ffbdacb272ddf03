"""Protocols for the pages and metadata that locking asks for; `pipeline/` fills them."""

from __future__ import annotations

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
