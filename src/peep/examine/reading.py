"""Readings: what a person went through on a review page, saved by it, taken by `certify --from`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from peep.dataclass import dataclass
from peep.examine.types import Change, UnvouchedArchive
from peep.formats.documents import parse_json

FORMAT = "peep reading 1"
_DIGEST = re.compile(r"(?:[0-9a-f]{64})?")
_ARCHIVE = re.compile(r"([0-9a-f]{64})  (\S.*)")


class BadReading(Exception):
    """A text that is no reading; says in what."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file with its content now and before; digests are lower-case sha256, '' for none."""

    path: str
    sha256: str
    since: str


@dataclass(frozen=True, slots=True)
class ReadRelease:
    """`archives`: (sha256, file name)."""

    version: str
    archives: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """`read` and `unread` are files of the comparison of `new` with `old` (None: everything was new)."""

    project: str
    old: ReadRelease | None
    new: ReadRelease
    read: tuple[ReadFile, ...]
    unread: tuple[ReadFile, ...]


def base_of(
    project: str, old: tuple[str, Sequence[UnvouchedArchive]] | None, new: tuple[str, Sequence[UnvouchedArchive]]
) -> dict[str, Any]:
    """The part of a reading that is known before anything was read; releases as (version, archives)."""
    return {
        "format": FORMAT,
        "project": project,
        "old": _release(old) if old is not None else None,
        "new": _release(new),
    }


def _release(release: tuple[str, Sequence[UnvouchedArchive]]) -> dict[str, Any]:
    version, archives = release
    return {"version": version, "archives": [f"{one.sha256}  {one.filename}" for one in archives]}


def parse_reading(content: bytes) -> Reading:
    """Read what a review page saved. Raises `BadReading`."""
    try:
        value = parse_json(content.decode("utf-8"))
    except ValueError as error:
        raise BadReading(f"is no JSON: {error}") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BadReading(f"does not say that it is of the format {FORMAT!r}")
    old = value.get("old")
    return Reading(
        project=_text(value.get("project"), "project"),
        old=_parsed_release(old, "old") if old is not None else None,
        new=_parsed_release(value.get("new"), "new"),
        read=_files(value.get("read"), "read"),
        unread=_files(value.get("unread"), "unread"),
    )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise BadReading(f"{name}: is no text")
    return value


def _parsed_release(value: object, name: str) -> ReadRelease:
    if not isinstance(value, dict) or not isinstance(value.get("archives"), list):
        raise BadReading(f"{name}: is no release with its archives")
    found = []
    for line in value["archives"]:
        match = _ARCHIVE.fullmatch(_text(line, f"{name}.archives"))
        if match is None:
            raise BadReading(f"{name}.archives: {line!r} is not of the form SHA256  FILE")
        found.append((match[1], match[2]))
    return ReadRelease(_text(value.get("version"), f"{name}.version"), tuple(found))


def _files(value: object, name: str) -> tuple[ReadFile, ...]:
    if not isinstance(value, list):
        raise BadReading(f"{name}: is no list")
    files = []
    for item in value:
        if not isinstance(item, dict):
            raise BadReading(f"{name}: has an entry that is no file")
        path, sha256, since = (_text(item.get(key), f"{name}.{key}") for key in ("path", "sha256", "since"))
        if not (_DIGEST.fullmatch(sha256) and _DIGEST.fullmatch(since)):
            raise BadReading(f"{name}: {path}: a digest is none")
        files.append(ReadFile(path, sha256, since))
    return tuple(files)


def files_of(changes: Sequence[Change]) -> tuple[ReadFile, ...]:
    """Every file of a comparison, as a reading names it."""
    return tuple(ReadFile(change.path, change.sha256, change.since) for change in changes)
