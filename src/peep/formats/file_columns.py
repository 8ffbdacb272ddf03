"""Files of an index page, column by column; values of single files are made when they are asked for.

A page lists thousands of files, and hardly any of them is looked at by more than its name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from peep.dataclass import dataclass
from peep.model import Digest, IndexFile


@dataclass(frozen=True, slots=True)
class FileUrls:
    """Addresses of a page's files: what all begin with, perhaps '', and what follows it in each."""

    start: str
    rests: list[str]

    def __getitem__(self, place: int) -> str:
        return self.start + self.rests[place]

    def __iter__(self) -> Iterator[str]:
        return (self.start + rest for rest in self.rests)


class FileColumns(Sequence[IndexFile]):
    """A sequence of `IndexFile`, equal to a tuple of them. Safe to use from many threads."""

    __slots__ = (
        "_made",
        "filenames",
        "hashes",
        "provenance",
        "requires_python",
        "sidecars",
        "sizes",
        "source",
        "upload_times",
        "urls",
        "yanked",
    )

    def __init__(
        self, filenames: list[str], urls: FileUrls, columns: Sequence[list[Any]], index: str, provenance: list[str]
    ) -> None:
        """`index`: where all of them were found; `columns`: hashes, sizes, upload times, versions of
        Python, reasons for yanking, sidecars.

        Digests of one file are one text, `ALGORITHM:HEX` joined by blanks; a sidecar is such a text or None. The rest
        is as `IndexFile` has it. Raises `ValueError` for columns of several lengths.
        """
        self.filenames = filenames
        self.urls = urls
        self.hashes: list[str]
        self.sizes: list[int | None]
        self.upload_times: list[str | None]
        self.requires_python: list[str | None]
        self.yanked: list[str | None]
        self.sidecars: list[str | None]
        self.hashes, self.sizes, self.upload_times, pythons, self.yanked, self.sidecars = columns
        once: dict[str | None, str | None] = {}
        self.requires_python = [once.setdefault(one, one) for one in pythons]  # files of a project state the same few
        self.source = index
        self.provenance = provenance
        self._made: dict[int, IndexFile] = {}
        if {len(column) for column in (urls.rests, *columns, provenance)} != {len(filenames)}:
            raise ValueError("columns of several lengths")

    @classmethod
    def of(cls, files: Sequence[IndexFile], index: str) -> FileColumns:
        """Give back files as columns; `index` is what all of them state."""
        if isinstance(files, cls):
            return files
        columns: list[list[Any]] = [
            [digests_text(one.hashes) for one in files],
            [one.size for one in files],
            [one.upload_time for one in files],
            [one.requires_python for one in files],
            [one.yanked for one in files],
            [None if one.sidecar is None else digests_text(one.sidecar) for one in files],
        ]
        urls, provenance = FileUrls("", [one.url for one in files]), [one.provenance for one in files]
        return cls([one.filename for one in files], urls, columns, index, provenance)

    @property
    def columns(self) -> tuple[list[Any], ...]:
        """Columns as the constructor takes them."""
        return self.hashes, self.sizes, self.upload_times, self.requires_python, self.yanked, self.sidecars

    def __len__(self) -> int:
        return len(self.filenames)

    @overload
    def __getitem__(self, place: int) -> IndexFile: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[IndexFile, ...]: ...
    def __getitem__(self, place: int | slice) -> IndexFile | tuple[IndexFile, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        made = self._made.get(place)
        if made is None:
            sidecar = self.sidecars[place]
            made = self._made[place] = IndexFile(
                self.filenames[place],
                self.urls[place],
                _digests(self.hashes[place]),
                self.sizes[place],
                self.upload_times[place],
                self.requires_python[place],
                self.yanked[place],
                self.source,
                None if sidecar is None else _digests(sidecar),
                self.provenance[place],
            )
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (FileColumns, tuple)) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def digests_text(digests: Iterable[Digest]) -> str:
    """Write digests as a column holds them."""
    return " ".join(map(str, digests))


def _digests(text: str) -> tuple[Digest, ...]:
    return tuple(_digest(one) for one in text.split(" ")) if text else ()


def _digest(text: str) -> Digest:
    algorithm, _, hexadecimal = text.partition(":")
    return Digest(sys.intern(algorithm), hexadecimal)
