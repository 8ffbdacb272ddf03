"""Releases of an index page: grouped by the versions that file names state, put together when they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from packaging.version import Version

from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.file_columns import FileColumns
from peep.formats.versions import version_in_name
from peep.locking.candidates import NamedFile, ProjectPage, Release
from peep.model import IndexFile, ProjectDetail


class PageReleases(Sequence[Release]):
    """Releases by number. A lock looks at few of the thousands that pages list; safe to use from many threads."""

    __slots__ = ("_files", "_made", "_places", "_reader", "_versions")

    def __init__(
        self,
        files: Sequence[IndexFile],
        versions: Sequence[Version],
        places: Sequence[Sequence[int]],
        reader: NameReader,
    ) -> None:
        """`places`: of each version, where its files stand among `files`."""
        self._files = files
        self._versions = versions
        self._places = places
        self._reader = reader
        self._made: dict[int, Release] = {}

    def __len__(self) -> int:
        return len(self._versions)

    @overload
    def __getitem__(self, number: int) -> Release: ...
    @overload
    def __getitem__(self, number: slice) -> tuple[Release, ...]: ...
    def __getitem__(self, number: int | slice) -> Release | tuple[Release, ...]:
        if isinstance(number, slice):
            return tuple(self[one] for one in range(*number.indices(len(self))))
        made = self._made.get(number)
        if made is None:
            made = self._made[number] = self._release(number)
        return made

    def _release(self, number: int) -> Release:
        files = [self._files[place] for place in self._places[number]]
        named = [(file, self._reader.read(file.filename)) for file in sorted(files, key=lambda one: one.filename)]
        read = tuple(NamedFile(file, name) for file, name in named if isinstance(name, ArchiveName))
        return Release(self._reader.project, self._versions[number], read)


def page_of(project: str, detail: ProjectDetail | None) -> ProjectPage:
    """Group an index's files of `project` by version; names that are none, and versions that are none, are left out."""
    if detail is None:
        return ProjectPage(project)
    files = detail.files
    filenames = files.filenames if isinstance(files, FileColumns) else [file.filename for file in files]
    reader = NameReader(project)
    by_text: dict[str, list[int]] = {}
    for place, text in enumerate(reader.versions(filenames)):
        if text is not None:
            by_text.setdefault(text, []).append(place)
    by_version: dict[Version, list[int]] = {}
    for text, places in by_text.items():
        version = version_in_name(text)
        if version is not None:
            by_version.setdefault(version, []).extend(places)
    newest_first = tuple(sorted(by_version, reverse=True))
    releases = PageReleases(files, newest_first, [by_version[version] for version in newest_first], reader)
    return ProjectPage(project, detail.index or "unnamed index", newest_first, releases, detail.status)
