"""ZIP table of contents, read so that no two readers can disagree about it.

Every byte of the file must belong to exactly one local entry, the central directory or the end records; every local
header must say what the central directory says.
"""

from __future__ import annotations

from peep.archives.random_access import ReadAt
from peep.archives.zip_directory import duplicate_problems, read_directory, read_ends
from peep.archives.zip_local import ZipMember, compare_local_headers
from peep.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ZipTable:
    """What the central directory lists, with everything that is wrong with it; `members` in archive order."""

    members: tuple[ZipMember, ...]
    problems: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...] = ()
    """Members whose stated size is a lie that only shows when they are read: name and reason."""


def read_zip_table(read: ReadAt, size: int) -> ZipTable:
    """Read and compare all headers of a ZIP file of `size` bytes.

    Raises `NotAZip` where the end records or the central directory cannot be followed at all.
    """
    ends = read_ends(read, size)
    directory = read(ends.directory_offset, ends.directory_size)
    problems: list[str] = []
    unreadable: list[tuple[str, str]] = []
    entries = read_directory(directory, ends.members, problems, unreadable)
    names = {entry.name for entry in entries}
    if len(names) != len(entries):
        problems.extend(duplicate_problems(entries))
    entries.sort(key=lambda entry: entry.header_offset)
    members = compare_local_headers(read, entries, ends.directory_offset, problems)
    return ZipTable(tuple(members), tuple(problems), tuple(unreadable))
