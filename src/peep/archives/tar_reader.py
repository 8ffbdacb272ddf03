"""Strict reader of uncompressed tar files: ustar, pax and GNU long names, as all readers agree on.

Source: as for `tar_headers`; what is refused beyond it: THREATS T1 to T10 and T17 to T18.
"""

from __future__ import annotations

from collections.abc import Iterator

from peep.archives.compression import MAGIC, Malformed
from peep.archives.pax_records import check_global_records, parse_pax_records
from peep.archives.random_access import ForwardWindow, ReadAt
from peep.archives.source_members import FILE, FOLDER, HARD_LINK, SYMBOLIC_LINK
from peep.archives.tar_headers import BLOCK, TarHeader, is_extension, long_text, parse_header
from peep.archives.tar_names import Naming, hidden_name_problems, naming_problems
from peep.dataclass import NamedTuple, dataclass, field
from peep.formats.member_names import printable

MOST_MEMBERS = 500_000
_LARGEST_EXTENSION = 1 << 20
_LARGEST_CHUNK = 1 << 16
_WINDOW = 4 * BLOCK
"""Bytes that hold an extended header, its content, and the header that they stand for."""
_ZERO_BLOCK = bytes(BLOCK)
_USUAL_KINDS = (b"0", b"5")
_STATED_TWICE = frozenset({"path", "linkpath", "size"})
"""Keywords of what a header states as well."""
_KINDS = {b"\0": FILE, b"0": FILE, b"5": FOLDER, b"1": HARD_LINK, b"2": SYMBOLIC_LINK}


class TarMember(NamedTuple):
    """One member as its headers state it. `kind`: one of `source_members`' kinds; sizes and offsets in bytes."""

    name: str
    kind: str
    size: int
    offset: int
    mode: int
    link: str


@dataclass(slots=True)
class _Pending:
    """Extended headers that wait for the member they belong to."""

    pax: dict[str, bytes] = field(default_factory=dict)
    long_name: bytes = b""
    long_link: bytes = b""
    is_after_global: bool = False
    """Whether a global header came last, which tarfile takes no archive to end with."""

    def goes_with(self, kind: bytes) -> bool:
        """Only GNU's long name and long link may stand together before a member, each once (T6)."""
        if kind == b"L":
            return not (self.pax or self.long_name)
        if kind == b"K":
            return not (self.pax or self.long_link)
        return self.is_empty

    @property
    def renames_nothing(self) -> bool:
        """Whether the member's header says all that is read of it: most extended headers state a time alone."""
        return not (self.long_name or self.long_link) and _STATED_TWICE.isdisjoint(self.pax)

    @property
    def is_empty(self) -> bool:
        return not (self.pax or self.long_name or self.long_link)


def read_tar(read: ReadAt, size: int) -> tuple[list[TarMember], list[str]]:
    """List the members of a tar file of `size` bytes, and say what is wrong with it.

    Raises `Malformed` where the chain of headers breaks, so that nothing can be said of what follows.
    """
    members: list[TarMember] = []
    problems: list[str] = []
    pending = _Pending()
    window = ForwardWindow(read, _WINDOW)
    offset = 0
    while (header := _header_at(window, offset)) is not None:
        content = offset + BLOCK
        offset = content + -(-header.size // BLOCK) * BLOCK
        if content + header.size > size:
            raise Malformed("has a member that is longer than the file")
        if not _take_extension(header, window, content, pending):
            problems += _add_member(header, content, pending, members)
            pending = _Pending()
        if len(members) > MOST_MEMBERS:
            raise Malformed(f"has more than {MOST_MEMBERS} members")
    if not pending.is_empty or pending.is_after_global:
        problems.append("has an extended header that no member follows")
    _check_ending(read, offset, size)
    return members, problems


def _header_at(window: ForwardWindow, offset: int) -> TarHeader | None:
    """The header that begins at `offset`; None for the zero block that ends the archive."""
    block = window.piece(offset, BLOCK)
    if len(block) < BLOCK:
        raise Malformed("ends without the two zero blocks that end a tar file")
    if block == _ZERO_BLOCK:
        return None
    if not offset:
        _check_beginning(block)
    return parse_header(block)


def _take_extension(header: TarHeader, window: ForwardWindow, offset: int, pending: _Pending) -> bool:
    """Keep an extended header for the next member; False when this is a member itself."""
    if not is_extension(header):
        return False
    if header.size > _LARGEST_EXTENSION:
        raise Malformed(f"has an extended header of {header.size} bytes; the limit is {_LARGEST_EXTENSION}")
    unsafe = hidden_name_problems(header)
    if unsafe:
        raise Malformed(f"has an extended header that {unsafe[0]}")
    content = _extension_content(window, offset, header.size)
    if not pending.goes_with(header.kind):
        raise Malformed("has two extended headers for one member")
    if header.kind == b"g":
        check_global_records(parse_pax_records(content))
        pending.is_after_global = True
    elif header.kind == b"x":
        pending.pax = parse_pax_records(content)
    elif header.kind == b"L":
        pending.long_name = long_text(content)
    else:
        pending.long_link = long_text(content)
    return True


def _extension_content(window: ForwardWindow, offset: int, size: int) -> bytes:
    """Python's tarfile reads on to the end of the last block, so that nothing may stand behind the content (T17)."""
    blocks = window.piece(offset, -(-size // BLOCK) * BLOCK)
    if blocks[size:].strip(b"\0"):
        raise Malformed("has an extended header that goes on after its stated size")
    return blocks[:size]


def _add_member(header: TarHeader, offset: int, pending: _Pending, members: list[TarMember]) -> list[str]:
    pax = pending.pax
    if header.kind in _USUAL_KINDS and pending.renames_nothing and (header.kind == b"0" or not header.size):
        name = header.name.decode("utf-8", "surrogateescape")
        if header.kind == b"5" or not name.endswith("/"):
            members.append(TarMember(name, _KINDS[header.kind], header.size, offset, header.mode, ""))
            return []
    naming = Naming(header, pax.get("path") or pending.long_name, pax.get("linkpath") or pending.long_link)
    name = naming.name.decode("utf-8", "surrogateescape")
    link = naming.link.decode("utf-8", "surrogateescape")
    kind = _KINDS.get(header.kind, "")
    if "size" in pax and int(pax["size"]) != header.size:
        # Those who believe the one and those who believe the other find different members from here on (T5).
        raise Malformed(f"states two sizes for {printable(name)}: {header.size} and {int(pax['size'])}")
    if header.kind == b"\0" and name.endswith("/"):
        kind = FOLDER
    members.append(TarMember(name, kind or FILE, header.size, offset, header.mode, link))
    if not kind:
        return [f"{printable(name)}: is no file, folder or link: type {printable(header.kind.decode('latin-1'))!r}"]
    if kind != FILE and header.size:
        return [f"{printable(name)}: is no file and has {header.size} bytes of content"]
    return [f"{printable(name)}: {reason}" for reason in naming_problems(naming, kind)]


def _check_beginning(block: bytes) -> None:
    """A name may be the magic of a compressed file, which bsdtar would decompress first (T14)."""
    found = next((kind for kind, magic in MAGIC.items() if block.startswith(magic)), "")
    if found:
        raise Malformed(f"begins like a {found} file as well as like a tar file")


def _check_ending(read: ReadAt, offset: int, size: int) -> None:
    """Two zero blocks end the archive; after them only zeros may fill the last record (T9)."""
    if size - offset < 2 * BLOCK:
        raise Malformed("ends without the two zero blocks that end a tar file")
    while offset < size:
        data = read(offset, min(_LARGEST_CHUNK, size - offset))
        if not data or data.count(0) != len(data):
            raise Malformed("has more after the zero block that ends a tar file")
        offset += len(data)


def tar_chunks(read: ReadAt, member: TarMember) -> Iterator[bytes]:
    """Yield the content of one member in pieces of at most 64 KiB."""
    end = member.offset + member.size
    for offset in range(member.offset, end, _LARGEST_CHUNK):
        yield read(offset, min(_LARGEST_CHUNK, end - offset))
