"""Archive file names of sdists and wheels, read before a byte was asked for; nothing is trusted.

Wheels: binary distribution format, "File name convention" (PEP 427). Source distributions: PEP 625 and the older
habits before it. Project names compare by PEP 503.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from peep.dataclass import dataclass
from peep.formats.names import ARCHIVE_SUFFIXES, SEPARATORS, normalised, sdist_suffix
from peep.formats.plain_lines import UNPRINTABLE, plain_lines
from peep.model import ArchiveKind

Value = TypeVar("Value", bound=Hashable)

LISTED_SUFFIXES = (*ARCHIVE_SUFFIXES, ".tar.z", ".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg")
"""What counts as a file of a project, installable or not; other links on a page are decoration."""

_BUILD_TAG = r"(?a)(\d+)(.*)"
_LONGEST_NAME = 255
"""What file systems allow; a longer name is no file's (THREATS N4)."""
_UNPLAIN = UNPRINTABLE + b"/\\"
_WHEEL_PARTS = 5
_WHEEL_PARTS_WITH_BUILD = 6


@dataclass(frozen=True, slots=True)
class ArchiveName:
    """A file name, taken apart."""

    kind: ArchiveKind
    version: str
    """As written; a wheel's `_` may stand for a `-`. '' where a name carries no version."""
    build: tuple[int, str] = (-1, "")
    """The build tag as PEP 427 sorts it: the number, then the text; no tag sorts below every tag."""
    tags: tuple[str, str, str] = ("", "", "")
    """Python, ABI and platform, each perhaps several joined by `.`, as written."""
    suffix: str = ".whl"


@dataclass(frozen=True, slots=True)
class UnreadableName:
    """A file name that names no archive of the project."""

    reason: str


def filename_of_url(url: str) -> str:
    """Give back the last segment of a URL's path, percent-decoded once (THREATS N4); '' where there is none."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.rpartition("/")[2])


class NameReader:
    """Reads the file names of one project. The project's name decides where an sdist's version begins (THREATS W6).

    A lenient one takes source archives of any name, as GitHub and lock files have them, for those of the project.
    """

    def __init__(self, project: str, *, is_lenient: bool = False) -> None:
        self._is_lenient = is_lenient
        self.project = normalised(project)
        """Normalised."""
        self._words = self.project.count("-") + 1
        self._known_names: dict[str, bool] = {}
        self._known_start = "\n"
        """What names of sdists begin with, as one was written last; before the first, what no name begins with."""
        self._shared: dict[object, Any] = {}
        """Versions and tags that many names have: a page may list thousands of files, and a lock hundreds of pages."""

    def read(self, filename: str) -> ArchiveName | UnreadableName:
        """Take `filename` apart, or say why it is no installable archive of this project."""
        if len(filename) > _LONGEST_NAME:
            return UnreadableName(f"is longer than {_LONGEST_NAME} characters")
        if "/" in filename or "\\" in filename or not filename.isprintable():
            return UnreadableName("is not a plain file name")
        if filename.endswith(".whl"):
            return self._read_wheel(filename)
        suffix = sdist_suffix(filename)
        if not filename:
            return UnreadableName("is a URL that does not end in a file name")
        if not suffix:
            ending = f" (.{filename.rpartition('.')[2]})" if "." in filename else ""
            return UnreadableName(f"is neither a wheel nor a source archive that can be installed{ending}")
        version = self._sdist_version(filename[: -len(suffix)])
        if version:
            return ArchiveName(ArchiveKind.SDIST, self._once(version), suffix=suffix)
        if self._is_lenient:
            return ArchiveName(ArchiveKind.SDIST, "", suffix=suffix)
        return UnreadableName(f"does not name the project {self.project}")

    def places(self, filenames: Sequence[str]) -> dict[str, list[int]]:
        """Give back where among names those are that `read` takes apart, by the version in each, without doing so."""
        found: dict[str, list[int]] = {}
        if not plain_lines(filenames, _UNPLAIN, _LONGEST_NAME):
            for place, filename in enumerate(filenames):
                _add(found, self._version_as_read(filename), place)
            return found
        start, of_release = "\n", list[int]()  # a page has thousands of names: most are wheels of the release before
        for place, filename in enumerate(filenames):
            is_wheel = filename.count("-") == _WHEEL_PARTS - 1 and filename.endswith(".whl")
            if is_wheel and filename.startswith(start):
                of_release.append(place)
            elif is_wheel:
                name, version, _ = filename.split("-", 2)
                if self._is_project(name):
                    start, of_release = f"{name}-{version}-", _add(found, version, place)
            else:
                _add(found, self._version(filename), place)
        return found

    def _version_as_read(self, filename: str) -> str | None:
        name = self.read(filename)
        return name.version if isinstance(name, ArchiveName) else None

    def _version(self, filename: str) -> str | None:
        """The version in a plain name."""
        if not filename.endswith(".whl"):
            suffix = sdist_suffix(filename)
            version = self._sdist_version(filename[: -len(suffix)]) if suffix else ""
            return version or ("" if suffix and self._is_lenient else None)
        parts = filename.split("-")
        count = len(parts)
        if count != _WHEEL_PARTS and (count != _WHEEL_PARTS_WITH_BUILD or not re.fullmatch(_BUILD_TAG, parts[2])):
            return None
        return parts[1] if self._is_project(parts[0]) else None

    def _read_wheel(self, filename: str) -> ArchiveName | UnreadableName:
        parts = filename[:-4].split("-")
        if len(parts) not in {_WHEEL_PARTS, _WHEEL_PARTS_WITH_BUILD}:
            return UnreadableName("is not a valid wheel file name (PEP 427)")
        if not self._is_project(parts[0]):
            return UnreadableName(f"does not name the project {self.project}")
        build = (-1, "")
        if len(parts) == _WHEEL_PARTS_WITH_BUILD:
            found = re.fullmatch(_BUILD_TAG, parts[2])
            if not found:
                return UnreadableName(f"has the build tag {parts[2]!r}, which does not begin with a digit (PEP 427)")
            build = (int(found[1][:18]), found[2])
        version, tags = self._once(parts[1]), self._once((parts[-3], parts[-2], parts[-1]))
        return ArchiveName(ArchiveKind.WHEEL, version, build, tags)

    def _once(self, value: Value) -> Value:
        """Give back the first of all equal values."""
        found: Value = self._shared.setdefault(value, value)
        return found

    def _sdist_version(self, stem: str) -> str:
        """What follows the project's name, which has as many words here as there, and a `-`; '' where that is not so.

        No pattern is made of the name: that would take longer than all else that is done with a short page.
        """
        if stem.startswith(self._known_start):
            return stem[len(self._known_start) :]
        run = next(islice(SEPARATORS.finditer(stem), self._words - 1, None), None)
        if run is None or stem[run.start()] != "-" or not self._is_project(stem[: run.start()]):
            return ""
        self._known_start = stem[: run.start() + 1]
        return stem[run.start() + 1 :]

    def _is_project(self, written: str) -> bool:
        known = self._known_names.get(written)
        if known is None:
            # ASCII only: lower-casing turns the Kelvin sign into a k (THREATS W6).
            known = self._known_names[written] = written.isascii() and normalised(written) == self.project
        return known


def _add(found: dict[str, list[int]], version: str | None, place: int) -> list[int]:
    """Note a place under a version, if there is one; gives back all that are noted there."""
    if version is None:
        return []
    places = found.setdefault(version, [])
    places.append(place)
    return places
