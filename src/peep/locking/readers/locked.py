"""Packages of other tools' lock files as values, and what is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from peep.dataclass import dataclass
from peep.errors import PeepError
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.names import normalised
from peep.formats.url_secrets import fault_text
from peep.locking.marker_atoms import UnreadableMarker, canonical_marker
from peep.model import HEX_LENGTHS, MOST_BYTES, Digest
from peep.pins import is_digest

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class UnreadableLock(PeepError):
    """A lock file that is none of its kind, or of a version that is not understood here."""


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file of a package as a lock file states it; '' and None for what it does not state."""

    digest: Digest
    name: str = ""
    url: str = ""
    size: int | None = None
    upload_time: str = ""


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One pin of a lock file."""

    name: str
    """Normalised."""
    version: str
    marker: str = ""
    """Canonical."""
    extras: tuple[str, ...] = ()
    files: tuple[LockedFile, ...] = ()
    index: str = ""
    """Name or URL of the index, as the file has it."""
    url: str = ""
    """Of a direct archive, or `git+…@COMMIT`."""
    subdirectory: str = ""
    """Of what is at `url`, where the project is."""
    requested_revision: str = ""
    """The branch or tag that the commit in `url` is of, where the file says it."""


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """Something of a lock file that its conversion does not hold."""

    name: str
    """Of a project, '' for the file as a whole."""
    what: str
    changes_install: bool
    """What is installed may be something else: refused without `--allow-loss`."""
    is_final: bool = False
    """Refused whatever is allowed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which parts of a lock file count beside its default group."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    all_groups: bool = False

    def has_group(self, name: str) -> bool:
        return self.all_groups or normalised(name) in self.groups

    def has_extra(self, name: str) -> bool:
        return normalised(name) in self.extras


@dataclass(frozen=True, slots=True)
class ReadLock:
    """What a reader found."""

    packages: tuple[LockedPackage, ...]
    """Sorted by name and version."""
    losses: tuple[Loss, ...] = ()
    left_out: tuple[str, ...] = ()
    """Groups and extras that were not asked for."""
    requires_python: str = ""
    """Of the file as a whole; '' for anything."""
    environments: tuple[str, ...] = ()
    """Canonical markers, one of which must hold (PEP 751); () for anything."""
    states_parts: bool = True
    """All groups and extras can be named; otherwise only the project file knows them."""
    default_groups: tuple[str, ...] = ("default", "main")
    """Names of what counts anyway."""


def table_of(value: Any, what: str) -> Mapping[str, Any]:
    """Give back a table. Raises `UnreadableLock`."""
    if not isinstance(value, dict):
        raise UnreadableLock(f"{what} is no table")
    return value


def tables_of(value: Any, what: str) -> list[Mapping[str, Any]]:
    """Give back a list of tables. Raises `UnreadableLock`."""
    if not isinstance(value, list):
        raise UnreadableLock(f"{what} is no list")
    return [table_of(one, f"an entry of {what}") for one in value]


def text_of(table: Mapping[str, Any], key: str, what: str) -> str:
    """Give back a text, '' where there is none. Raises `UnreadableLock`."""
    value = table.get(key, "")
    if not isinstance(value, str):
        raise UnreadableLock(f"{key} of {what} is no text")
    return value


def texts_of(table: Mapping[str, Any], key: str, what: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Give back a list of texts, `default` where there is none. Raises `UnreadableLock`."""
    value = table.get(key)
    if value is None:
        return default
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UnreadableLock(f"{key} of {what} is no list of texts")
    return tuple(value)


def extras_of(table: Mapping[str, Any], key: str, what: str) -> tuple[str, ...]:
    """Give back the normalised names of extras, sorted. Raises `UnreadableLock`."""
    return tuple(sorted({name_of(one, f"an extra of {what}") for one in texts_of(table, key, what)}))


def flag_of(table: Mapping[str, Any], key: str, what: str) -> bool:
    """Give back true or false, false where nothing stands. Raises `UnreadableLock`."""
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise UnreadableLock(f"{key} of {what} is neither true nor false")
    return value


def size_of(table: Mapping[str, Any], what: str) -> int | None:
    """Give back a number of bytes, None where there is none. Raises `UnreadableLock`."""
    value = table.get("size")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MOST_BYTES:
        raise UnreadableLock(f"size of {what} is no number of bytes")
    return value


def filename_in(url: str, what: str) -> str:
    """Give back the file name that a URL or path ends in. Raises `UnreadableLock`."""
    try:
        return unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError as error:
        raise UnreadableLock(f"{what} has a malformed URL ({fault_text(error)})") from None


def name_of(value: Any, what: str) -> str:
    """Give back a normalised name. Raises `UnreadableLock`."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise UnreadableLock(f"{what} has the name {str(value)[:60]!r}, which is none")
    return normalised(value)


def version_of(value: Any, what: str) -> str:
    """Give back a version as written, which PEP 440 must know. Raises `UnreadableLock`."""
    if not isinstance(value, str) or value.strip() != value or version_or_none(value) is None:
        raise UnreadableLock(f"{what} has the version {str(value)[:60]!r}, which is none")
    return value


def marker_of(value: Any, what: str) -> str:
    """Give back a canonical marker. Raises `UnreadableLock`."""
    if not isinstance(value, str):
        raise UnreadableLock(f"the marker of {what} is no text")
    try:
        return canonical_marker(value) if value.strip() else ""
    except UnreadableMarker as error:
        raise UnreadableLock(f"{what}: {error}") from None


def digest_of(value: Any, what: str) -> Digest | None:
    """Read `algorithm:hex`; None for algorithms that vouch for nothing. Raises `UnreadableLock` for what is none."""
    if not isinstance(value, str) or ":" not in value:
        raise UnreadableLock(f"{what} has the hash {str(value)[:60]!r}, which is none")
    algorithm, _, hexadecimal = value.partition(":")
    if algorithm not in HEX_LENGTHS:
        return None
    if not is_digest(hexadecimal.lower(), algorithm):
        raise UnreadableLock(f"{what} has the hash {value[:80]!r}, which is none")
    return Digest(algorithm, hexadecimal.lower())


def is_commit(url: str) -> bool:
    """Tell whether a URL is that of a repository, which has a commit in the place of a hash."""
    return url.partition("://")[0].lower().startswith(("git+", "hg+", "svn+", "bzr+"))


def hash_losses(package: LockedPackage) -> tuple[Loss, ...]:
    """Tell of a package without a hash that counts."""
    if package.files or is_commit(package.url):
        return ()
    return (Loss(package.name, "it has no hash", changes_install=True),)
