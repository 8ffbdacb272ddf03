"""`--find-links`: a folder of archives, a page of links, or one archive, as pip takes them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from urllib.parse import quote

from peep.dataclass import dataclass
from peep.formats.archive_names import LISTED_SUFFIXES, NameReader, UnreadableName
from peep.formats.url_secrets import redacted, redacted_place
from peep.http.file_urls import file_url, files_in_folder, is_folder, path_of_file_url
from peep.index.fetching import PageFetcher, parsed_links
from peep.index.links import filename_in
from peep.model import IndexFile, ProjectDetail

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]+:")
"""Two letters at least, so that a Windows drive is no scheme."""


@dataclass(frozen=True, slots=True)
class FlatListing:
    """All archives of one find-links location, whatever their projects; each project takes its own from it."""

    location: str
    """For messages, without credentials."""
    files: Sequence[IndexFile]

    def project(self, name: str) -> ProjectDetail | None:
        """The files whose names say that they belong to `name`; None when there are none."""
        reader = NameReader(name)
        files = tuple(file for file in self.files if not isinstance(reader.read(file.filename), UnreadableName))
        return ProjectDetail(name, files, self.location) if files else None


def as_url(location: str) -> str:
    """A location as a user writes it (path, `~/path`, URL) as a URL."""
    if _URL.match(location):
        return location
    return file_url(os.path.expanduser(location))


def can_be_index(location: str) -> bool:
    """Whether an index is to be asked by http or https, or is a folder that exists. Raises `TransportError`."""
    url = as_url(location)
    if url.lower().startswith("file:"):
        return is_folder(path_of_file_url(url))
    return url.lower().startswith(("http://", "https://"))


def read_find_links(location: str, fetcher: PageFetcher) -> FlatListing:
    """List what `location` offers.

    Raises `TransportError` or `PackageIndexError` when a page cannot be had; a folder that is not there offers nothing,
    which is worth a warning.
    """
    url = as_url(location)
    shown = redacted(url)
    if url.startswith("file:") and is_folder(path_of_file_url(url)):
        return FlatListing(shown, files_of_folder(url, shown))
    filename = filename_in(url)
    if filename is not None and filename.lower().endswith(LISTED_SUFFIXES):
        return FlatListing(shown, (IndexFile(filename, url.partition("#")[0], index=shown),))
    page = fetcher.fetch(url, shown)
    if page is None:
        fetcher.reporter.warning(f"--find-links {redacted_place(location)}: there is nothing there")
        return FlatListing(shown, ())
    return FlatListing(shown, parsed_links(page, shown, fetcher.reporter))


def files_of_folder(url: str, index: str) -> tuple[IndexFile, ...]:
    """The archives that lie in the folder that the `file:` URL `url` names."""
    base = url.partition("#")[0].rstrip("/")
    return tuple(
        IndexFile(entry.name, f"{base}/{quote(os.fsencode(entry.name))}", size=entry.size, index=index)
        for entry in files_in_folder(path_of_file_url(url))
        if entry.name.lower().endswith(LISTED_SUFFIXES)
    )
