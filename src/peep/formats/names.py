"""Names of projects, archives and lock files: normalisation (PEP 503) and suffixes.

String work without imports of weight.
"""

from __future__ import annotations

import re

SEPARATORS = re.compile(r"[-_.]+")
"""Between the words of a name: any run of them is as good as one `-`."""
# Compiled when extras, or URLs and paths of archives, are listed; in most files none are.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_SDIST_STEM = rf"(?P<name>{_NAME})-(?P<version>v?\d[A-Za-z0-9._+!]*)"
_LOCK_FILE = r"pylock(?:\.[^./\\]+)?\.toml"

SDIST_COMPRESSIONS = {
    ".tar.gz": "gz",
    ".zip": "zip",
    ".tgz": "gz",
    ".tar.bz2": "bz2",
    ".tbz": "bz2",
    ".tar.xz": "xz",
    ".txz": "xz",
    ".tar": "",
}
"""Suffixes of source archives and how each is compressed; best first, where one version has several."""
SDIST_SUFFIXES = tuple(SDIST_COMPRESSIONS)
_MOST_USUAL = SDIST_SUFFIXES[0]
ARCHIVE_SUFFIXES = (".whl", *SDIST_SUFFIXES)
"""Of all that can be installed. The only statement of it: what `hash` prints a line for, `install` takes."""


def normalised(name: str) -> str:
    """Normalise a project name or an extra (PEP 503)."""
    return SEPARATORS.sub("-", name).lower()


def is_name(text: str) -> bool:
    """Tell whether `text` is a project name by the core metadata specification (ASCII only)."""
    return re.fullmatch(_NAME, text) is not None


def archive_suffix(filename: str) -> str:
    """The suffix by which `filename` is an archive, '' when it is none."""
    if filename.endswith(_MOST_USUAL):
        return _MOST_USUAL
    lowered = filename.lower()
    return next((suffix for suffix in ARCHIVE_SUFFIXES if lowered.endswith(suffix)), "")


def sdist_suffix(filename: str) -> str:
    """The suffix by which `filename` is a source archive, '' when it is none."""
    suffix = archive_suffix(filename)
    return suffix if suffix in SDIST_COMPRESSIONS else ""


def name_in_filename(filename: str) -> str:
    """The project's name as a wheel's or sdist's file name tells it, '' when it does not.

    A GitHub-style archive named after a tag or a commit tells nothing.
    """
    suffix = archive_suffix(filename)
    stem = filename[: len(filename) - len(suffix)]
    if suffix == ".whl":
        name = stem.split("-")[0]
        return name if stem.count("-") >= 4 and is_name(name) else ""  # noqa: PLR2004 - five parts, PEP 427
    found = re.fullmatch(_SDIST_STEM, stem) if suffix else None
    return found["name"] if found else ""


def is_lock_path(path: str) -> bool:
    """Tell whether a path or URL is named as a lock file must be: `pylock.toml` or `pylock.NAME.toml` (PEP 751)."""
    if "pylock" not in path:
        return False
    return re.fullmatch(_LOCK_FILE, re.split(r"[/\\]", re.split(r"[?#]", path)[0])[-1]) is not None


def last_segment(path: str) -> str:
    """The decoded last segment of a URL's or file's path."""
    from urllib.parse import unquote  # noqa: PLC0415 - 3 ms that most runs need not pay

    return unquote(path.replace("\\", "/").rpartition("/")[2])


def last_segment_at(place: str) -> str:
    """The decoded last segment of the path of a URL or file; only a URL has a query and a fragment behind it."""
    return last_segment(re.split(r"[?#]", place, maxsplit=1)[0] if "://" in place else place)
