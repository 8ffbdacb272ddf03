"""Files and sources of a lock file's package, with their places made absolute.

Source: PEP 751, `packages.archive`, `packages.sdist`, `packages.wheels`, `packages.vcs`, `packages.directory`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from peep.errors import PeepError
from peep.formats.names import last_segment_at
from peep.formats.url_secrets import AMBIGUOUS, PERCENT_ENCODE, is_ambiguous_in
from peep.model import MOST_BYTES, STRONG_ALGORITHMS, Digest, ListedFile
from peep.requirements.files import is_url
from peep.requirements.hashes import digest_of
from peep.requirements.requirement_text import inside_archive
from peep.requirements.sources import file_url

_Archive: TypeAlias = "PackageArchive | PackageSdist | PackageWheel"


def files_of(package: Package, lock_path: str) -> tuple[ListedFile, ...]:
    """Every file that a package lists: its one archive, or its wheels and its sdist.

    Raises `PeepError` for hashes that vouch for nothing, negative sizes, and places that are not safe (THREATS R13).
    """
    if package.archive:
        return (_file(package.archive, "", lock_path),)
    files = [_file(wheel, wheel.name or "", lock_path) for wheel in package.wheels or ()]
    if package.sdist:
        files.append(_file(package.sdist, package.sdist.name or "", lock_path))
    return tuple(files)


def check_digests(package: Package) -> None:
    """Raise `PeepError` for digests that can't be any, in an entry whose files nobody asks for here (THREATS R7)."""
    archives: Iterable[_Archive | None] = (package.archive, package.sdist, *(package.wheels or ()))
    for one in archives:
        for name, value in one.hashes.items() if one else ():
            if name in STRONG_ALGORITHMS:
                digest_of(name, value)


def version_of(package: Package) -> str:
    """The package's version, taken from its file names when the entry leaves it out.

    Raises `PeepError` when those disagree.
    """
    if package.version is not None:
        return str(package.version)
    versions: set[Version] = {parse_wheel_filename(_filename(wheel, wheel.name))[1] for wheel in package.wheels or ()}
    if package.sdist:
        versions.add(parse_sdist_filename(_filename(package.sdist, package.sdist.name))[1])
    if len(versions) != 1:
        raise PeepError("its files are of different versions")
    return str(versions.pop())


def direct_url_of(file: ListedFile) -> str | None:
    """The URL under which an archive is a direct one."""
    return file.url or (file_url(file.path) if file.path else None)


def source_of(package: Package, lock_path: str) -> tuple[str, str | None]:
    """The URL and the subdirectory of a vcs or directory entry; a commit is written `type+url@commit`."""
    if package.vcs:
        refuse_ambiguous(package.vcs.url or "")
        base = package.vcs.url or file_url(os.path.abspath(_joined(lock_path, package.vcs.path or "")))
        return f"{package.vcs.type}+{base}@{package.vcs.commit_id}", _inside(package.vcs.subdirectory)
    if package.directory:
        path = os.path.abspath(_joined(lock_path, package.directory.path))
        return file_url(path), _inside(package.directory.subdirectory)
    raise PeepError("it names neither a repository nor a folder")


def refuse_ambiguous(url: str) -> None:
    """Raise `PeepError`, without the URL, for one whose password nobody can tell from its path (THREATS N19)."""
    if is_ambiguous_in(url):
        raise PeepError(AMBIGUOUS, PERCENT_ENCODE)


def _file(entry: _Archive, name: str, lock_path: str) -> ListedFile:
    url, path = _place(entry.url, entry.path, lock_path)
    if entry.size is not None and not 0 <= entry.size < MOST_BYTES:
        raise PeepError(f"a size of {entry.size} bytes cannot be")
    if isinstance(entry, PackageArchive):
        _inside(entry.subdirectory)
    return ListedFile(
        filename=_filename(entry, name),
        hashes=_digests(entry.hashes),
        url=url,
        path=path,
        size=entry.size,
        upload_time=entry.upload_time.isoformat() if entry.upload_time else None,
    )


def _filename(entry: _Archive, name: str | None) -> str:
    filename = name or last_segment_at(entry.path or entry.url or "")
    if not filename or re.search(r"[/\\]", filename) or filename in (".", ".."):
        raise PeepError(f"{filename!r} is no file name")
    return filename


def _digests(hashes: Mapping[str, str]) -> tuple[Digest, ...]:
    strong = tuple(digest_of(name, value) for name, value in hashes.items() if name in STRONG_ALGORITHMS)
    if not strong:
        raise PeepError(f"only {', '.join(hashes)} is listed, which vouches for nothing; list sha256")
    return strong


def _place(url: str | None, path: str | None, lock_path: str) -> tuple[str | None, str | None]:
    """Where a file lies: a URL, or an absolute path (a URL again when the lock file itself came from one).

    PEP 751: of an entry with both, the path is meant; the URL says where the file was before it was put there.
    """
    is_remote = is_url(lock_path) and not lock_path.lower().startswith("file:")
    if path:
        return _local_place(path, lock_path, is_remote=is_remote)
    if url:
        refuse_ambiguous(url)
        scheme = urlsplit(url).scheme.lower()
        if scheme not in ("http", "https", "file") or (scheme == "file" and is_remote):
            raise PeepError(f"archives do not come by {scheme or 'a relative'} URL here")
        return url, None
    raise PeepError("an archive has neither a path nor a URL")


def _local_place(path: str, lock_path: str, *, is_remote: bool) -> tuple[str | None, str | None]:
    portable = path.replace("\\", "/")
    if ".." in portable.split("/"):
        raise PeepError(f"the path {path!r} leads out of the lock file's folder")
    if not is_url(lock_path):
        return None, os.path.abspath(_joined(lock_path, portable))
    if is_remote and (portable.startswith("/") or re.match(r"[A-Za-z]:", portable)):
        raise PeepError(f"a lock file from the network may not name the local path {path!r}")
    return urljoin(lock_path, portable), None


def _joined(lock_path: str, path: str) -> str:
    return os.path.join(os.path.dirname(lock_path), path.replace("\\", "/"))


def _inside(subdirectory: str | None) -> str | None:
    return None if subdirectory is None else inside_archive(subdirectory)
