"""Parsed index page: version of the API, project name and status (PEPs 629, 691, 792)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from peep.dataclass import dataclass
from peep.errors import PackageIndexError
from peep.formats.archive_names import NameReader, UnreadableName
from peep.formats.names import normalised
from peep.model import IndexFile, ProjectDetail

KNOWN_MAJOR = 1
KNOWN_MINOR = 4
"""The newest API version read in full (PEP 792)."""

_TELLING_NAME = re.compile(r"[\w.\-]+-\d[\w.+!\-]*\.(?:whl|tar\.\w+|zip|tgz)")
"""An archive's name that holds a project and a version."""
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})")


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """One project as one index describes it, and what was odd about the description."""

    detail: ProjectDetail
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageSource:
    """Where a page came from: its URL after redirects, the project that was asked for, the index for messages."""

    url: str
    project: str
    index: str


def check_version(text: str | None, index: str) -> tuple[str, ...]:
    """Warnings about the API version that a page states; none stated means 1.0 (PEP 629).

    Raises `PackageIndexError` for another major version, which "clients MUST" not read, and for what is no version.
    """
    if text is None:
        return ()
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        raise PackageIndexError(index, f"states the API version {text[:40]!r}, which is none")
    if int(found[1]) != KNOWN_MAJOR:
        raise PackageIndexError(
            index,
            f"speaks version {found[0]} of the simple API, which is not understood here",
            "upgrade peep, or use another index",
        )
    if int(found[2]) > KNOWN_MINOR:
        return (f"{index} speaks version {found[0]} of the simple API; what is new in it is not looked at",)
    return ()


def project_status(text: object) -> str:
    """A status of PEP 792; "an unknown status" is kept, anything that is no text counts as active."""
    return text.strip().lower() if isinstance(text, str) and text.strip() else "active"


def reject_other_project(source: PageSource, stated_name: str | None, files: Iterable[IndexFile]) -> None:
    """Raises `PackageIndexError` when the page is that of another project (THREATS N11).

    JSON states the name; in HTML the archives must not all name another project. Files whose names tell no project,
    as GitHub's, are no sign of either.
    """
    wanted = normalised(source.project)
    if stated_name is not None:
        if normalised(stated_name) != wanted:
            raise PackageIndexError(source.index, f"answered with the page of {stated_name!r} when asked for {wanted}")
        return
    judged = [file.filename for file in files if _TELLING_NAME.fullmatch(file.filename)]
    reader = NameReader(wanted)
    if judged and all(isinstance(reader.read(name), UnreadableName) for name in judged):
        reason = f"answered with a page of other projects' files, such as {judged[0]}, when asked for {wanted}"
        raise PackageIndexError(source.index, reason)
