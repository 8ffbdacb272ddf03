"""Manifest of a stored wheel, as text and back.

    peep manifest 1
    checksum <sha256 of all that follows this line>
    archive <sha256 of the wheel>
    ...                               one `key value` per line, keys may repeat
    <empty line>
    <path> TAB <hash> TAB <size> TAB <x or ->

One split and four slices read it: an installation of 33,000 files parses all its manifests in a few hundredths of a
second, which rules out anything that runs Python code per line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from peep.dataclass import dataclass
from peep.errors import ArchiveError, StoreError
from peep.model import StoredFile, StoredWheel, WheelIdentity
from peep.store.layout import file_path

_TITLE = b"peep manifest 1"
_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is kept about a wheel, and the boot of the operating system in which it was written."""

    wheel: StoredWheel
    boot: str


def rendered(manifest: Manifest) -> bytes:
    """The text of a manifest. Raises `ArchiveError` for a path that can't stand on one line."""
    wheel = manifest.wheel
    for file in wheel.files:
        if "\n" in file.path or "\t" in file.path:
            raise ArchiveError(wheel.identity.filename, [f"member {file.path!r} has a control character in its name"])
    head = "\n".join(f"{key} {value}" for key, value in _head(manifest))
    rows = "\n".join(
        f"{file.path}\t{file.record_hash}\t{file.size}\t{'x' if file.is_executable else '-'}" for file in wheel.files
    )
    covered = f"{head}\n\n{rows}".encode()
    return b"%s\nchecksum %s\n%s" % (_TITLE, hashlib.sha256(covered).hexdigest().encode(), covered)


def _head(manifest: Manifest) -> Iterable[tuple[str, str]]:
    wheel, identity = manifest.wheel, manifest.wheel.identity
    yield "archive", wheel.sha256
    yield "boot", manifest.boot
    yield "mtime", str(wheel.mtime_ns)
    yield "name", identity.name
    yield "version", identity.version
    yield "filename", identity.filename
    yield "dist-info", identity.dist_info
    yield "purelib", "yes" if identity.root_is_purelib else "no"
    for tag in identity.tags:
        yield "tag", tag
    for requirement in wheel.requires_dist:
        yield "requires-dist", " ".join(requirement.split())
    for extra in wheel.provides_extra:
        yield "provides-extra", " ".join(extra.split())
    yield "requires-python", " ".join(wheel.requires_python.split())
    for mismatch in wheel.record_mismatches:
        yield "record-mismatch", " ".join(mismatch.split())
    for line in wheel.entry_points.split("\n"):
        yield "entry-points", line


def parsed(text: bytes, sha256: str, root: str) -> Manifest | None:
    """Read a manifest back for the wheel `sha256` unpacked below `root`; None when it is damaged in any way."""
    title, _, rest = text.partition(b"\n")
    checksum, _, covered = rest.partition(b"\n")
    if title != _TITLE or checksum != b"checksum %s" % hashlib.sha256(covered).hexdigest().encode():
        return None
    try:
        return _read(covered, sha256, root)
    except (KeyError, ValueError):
        return None  # the checksum is right, so another program wrote it


def _read(covered: bytes, sha256: str, root: str) -> Manifest | None:
    head, _, rows = covered.decode().partition("\n\n")
    values: dict[str, list[str]] = {}
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        values.setdefault(key, []).append(value)
    if values["archive"] != [sha256]:
        return None  # whole, but in the wrong place
    wheel = StoredWheel(
        identity=_identity(values),
        sha256=sha256,
        root=root,
        files=ListedFiles(rows, root),
        mtime_ns=int(values["mtime"][0]),
        entry_points="\n".join(values["entry-points"]),
        requires_dist=tuple(values.get("requires-dist", ())),
        provides_extra=tuple(values.get("provides-extra", ())),
        requires_python=values["requires-python"][0],
        record_mismatches=tuple(values.get("record-mismatch", ())),
    )
    return Manifest(wheel, values["boot"][0])


def _identity(values: dict[str, list[str]]) -> WheelIdentity:
    return WheelIdentity(
        name=values["name"][0],
        version=values["version"][0],
        filename=values["filename"][0],
        dist_info=values["dist-info"][0],
        root_is_purelib=values["purelib"] == ["yes"],
        tags=tuple(values.get("tag", ())),
    )


# The C constructor: making a named tuple in the usual way takes longer than all the rest of this.
_bare_tuple = partial(tuple.__new__, StoredFile)


_FIRST_PATHS = tuple(map(file_path, range(1000)))
"""One text for all wheels: nearly each of them has a 0/7."""


def _paths(count: int) -> list[str]:
    """Where the files of a wheel lie in its folder in the store."""
    return [*_FIRST_PATHS[:count], *map(file_path, range(len(_FIRST_PATHS), count))]


class ListedFiles(Sequence[StoredFile]):
    """The files of a manifest, made of its rows when they are first wanted: a project that stays wants none.

    Equal to any sequence of the same files. Raises `StoreError` where a row means nothing.
    """

    __slots__ = ("_files", "_root", "_rows")

    def __init__(self, rows: str, root: str) -> None:
        """Raise `ValueError` for rows that lack columns; `root`, the wheel's folder, is for messages."""
        if rows.count("\t") != (_COLUMNS - 1) * (rows.count("\n") + 1):
            raise ValueError("a row lacks a column or has too many")
        self._rows = rows
        self._root = root
        self._files: tuple[StoredFile, ...] | None = None

    def __getitem__(self, index: Any) -> Any:
        return self._made()[index]

    def __len__(self) -> int:
        return len(self._made())

    def __iter__(self) -> Iterator[StoredFile]:
        return iter(self._made())

    def __eq__(self, other: object) -> bool:
        return self._made() == (other._made() if isinstance(other, ListedFiles) else other)

    def __hash__(self) -> int:
        return hash(self._made())

    def __repr__(self) -> str:
        return repr(self._made())

    def _made(self) -> tuple[StoredFile, ...]:
        if self._files is None:
            try:
                self._files = _files(self._rows)
            except ValueError as error:  # the checksum was right, so another program wrote it
                raise StoreError(f"{self._root}: its manifest means nothing: {error}", "remove that folder") from error
            self._rows = ""
        return self._files


def _files(rows: str) -> tuple[StoredFile, ...]:
    cells = rows.replace("\n", "\t").split("\t")
    columns = (
        cells[0::_COLUMNS],
        cells[1::_COLUMNS],
        map(int, cells[2::_COLUMNS]),
        map("x".__eq__, cells[3::_COLUMNS]),
        _paths(len(cells) // _COLUMNS),
    )
    return tuple(map(_bare_tuple, zip(*columns, strict=True)))
