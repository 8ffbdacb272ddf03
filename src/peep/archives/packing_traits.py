"""Packing traits of an archive's members, as headers state them: systems, versions, modes, owners.

Of archives that the strict readers accepted. Source: APPNOTE 4.4.2 (version made by), 4.4.15 (external attributes);
POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended Header".
"""

from __future__ import annotations

from collections.abc import Iterator

from peep.archives.pax_records import parse_pax_records
from peep.archives.random_access import ForwardWindow, ReadAt
from peep.archives.tar_headers import BLOCK, is_extension, owner_numbers, parse_header
from peep.archives.zip_directory import CENTRAL, read_ends
from peep.dataclass import NamedTuple

_WINDOW = 4 * BLOCK
_USER_NAME = slice(265, 297)
_GROUP_NAME = slice(297, 329)
_GLOBAL = b"g"
_RECORDS = (b"g", b"x")
_FILES = (b"0", b"\0")


class ZipTraits(NamedTuple):
    """`system` and `version`: of what made the member, numbers of APPNOTE 4.4.2; `mode`: its upper attributes."""

    system: int
    version: int
    method: int
    mode: int
    is_folder: bool


class TarTraits(NamedTuple):
    """`owner`: USER:GROUP, each by name, or by number where no name is stated. `mode`: None for what is no file."""

    owner: str
    mode: int | None
    has_records: bool
    """Whether an extended header says something of it."""


def zip_traits(read: ReadAt, size: int) -> Iterator[ZipTraits]:
    """Of every member of a ZIP file of `size` bytes, as its central directory lists them."""
    ends = read_ends(read, size)
    directory = read(ends.directory_offset, ends.directory_size)
    position = 0
    while position < len(directory):
        fields = CENTRAL.unpack_from(directory, position)
        name_size, extra_size, comment_size = fields[10], fields[11], fields[12]
        name_end = position + CENTRAL.size + name_size
        yield ZipTraits(
            fields[1] >> 8, fields[1] & 0xFF, fields[4], fields[15] >> 16, directory[name_end - 1 : name_end] == b"/"
        )
        position = name_end + extra_size + comment_size


def tar_traits(read: ReadAt) -> Iterator[TarTraits]:
    """Of every member of a tar file, without its extended headers."""
    window = ForwardWindow(read, _WINDOW)
    everywhere: dict[str, bytes] = {}
    records: dict[str, bytes] = {}
    offset = 0
    while (block := window.piece(offset, BLOCK)).strip(b"\0"):
        header = parse_header(block)
        if header.kind in _RECORDS:
            found = parse_pax_records(window.piece(offset + BLOCK, header.size))
            records.update(found)
            if header.kind == _GLOBAL:
                everywhere.update(found)
        elif not is_extension(header):
            is_file = header.kind in _FILES and not (header.kind == b"\0" and header.name.endswith(b"/"))
            yield TarTraits(_owner(block, records), header.mode if is_file else None, bool(records))
            records = dict(everywhere)
        offset += BLOCK + -(-header.size // BLOCK) * BLOCK


def _owner(block: bytes, records: dict[str, bytes]) -> str:
    user, group = owner_numbers(block)
    return ":".join(
        (
            _text(records.get("uname", block[_USER_NAME])) or records.get("uid", b"").decode("ascii") or str(user),
            _text(records.get("gname", block[_GROUP_NAME])) or records.get("gid", b"").decode("ascii") or str(group),
        )
    )


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")
