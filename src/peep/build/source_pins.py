"""Test for pins that name a source tree (a commit, a folder) instead of an archive."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from peep.errors import TransportError
from peep.formats.names import archive_suffix
from peep.http.file_urls import path_of_file_url
from peep.model import PinnedRequirement


def is_source_tree(pin: PinnedRequirement) -> bool:
    """Whether a pin names a repository or a folder, so that no archive is fetched for it."""
    if pin.url is None or pin.hashes or pin.listed_files:
        return False
    scheme = urlsplit(pin.url).scheme
    return "+" in scheme or (scheme == "file" and _is_folder(pin.url))


def _is_folder(url: str) -> bool:
    try:
        path = path_of_file_url(url)
    except TransportError:
        return False  # whoever fetches it will say what is wrong with it
    return os.path.isdir(path) or not archive_suffix(path)
