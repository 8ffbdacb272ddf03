"""Strict reader of wheels: every check before contents stream, and contents verified as they stream.

Source: binary distribution format; recording installed projects; core metadata; THREATS sections 1 and 2.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Protocol

from peep.archives.zip_directory import KIND_LINK, KIND_MASK
from peep.archives.zip_local import ZipMember
from peep.archives.zip_reader import LARGEST_CHUNK, ZipReader, open_zip
from peep.dataclass import dataclass
from peep.errors import ArchiveError
from peep.formats.entry_points import EntryPoint, parse_entry_points
from peep.formats.member_names import collision_problems, name_problems, printable
from peep.formats.record import SIGNATURE_SUFFIXES, ParsedRecord, RecordRow, compare_record, parse_record
from peep.formats.startup_files import startup_members
from peep.formats.wheel_metadata import WheelMetadata, check_core_metadata, parse_wheel_metadata
from peep.formats.wheel_names import WheelFilename, data_problems, find_dist_info, parse_wheel_filename
from peep.model import WheelEntry, WheelIdentity

_LARGEST_METADATA = 1 << 24
_EXECUTABLE = 0o111
RECORD_HINT = (
    "the archive is the one you vetted, but it is not what its own RECORD says; "
    "ask its project to repair it, or accept it with --allow-record-mismatch NAME"
)


class WheelArchive(Protocol):
    """What `open_wheel` needs of an archive; `VerifiedArchive` and `PlainWheel` both have it."""

    @property
    def filename(self) -> str: ...

    @property
    def file(self) -> BinaryIO: ...

    @property
    def sha256(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PlainWheel:
    """A wheel that no pin vouches for, as `peep check-wheel` looks at it. Never to be installed."""

    filename: str
    file: BinaryIO
    sha256: str = ""


class OpenWheel:
    """A wheel whose structure is right; implements `model.WheelContents`. Usable by several threads at once.

    `entries[…].sha256` is RECORD's digest where RECORD uses sha256. Where a row uses sha384 or sha512, the content was
    read once when the wheel was opened, compared with that row, and its sha256 was computed.
    """

    __slots__ = ("_members", "_zip", "entries", "identity", "launchers", "sha256", "warnings")

    def __init__(self, sha256: str, opened: ZipReader, checked: _Checked) -> None:
        self.sha256 = sha256
        self.identity = checked.identity
        self.entries = checked.entries
        """All files, sorted by path; in `archive_order` they read fastest from a disk."""
        self.launchers = checked.launchers
        self.warnings = checked.warnings
        """What is odd or was accepted on request; shown every time."""
        self._zip = opened
        self._members = checked.members

    @property
    def startup_files(self) -> tuple[str, ...]:
        """Files that the interpreter runs at every start once they are installed (W15, W22)."""
        data_folder = self.identity.dist_info.removesuffix(".dist-info") + ".data"
        return startup_members((entry.path for entry in self.entries), data_folder)

    def chunks(self, entry: WheelEntry) -> Iterator[bytes]:
        """Yield the content in pieces below 128 KiB; raises `ArchiveError` when it is not what RECORD says."""
        if entry.size <= LARGEST_CHUNK:
            yield self.small(entry)
            return
        if not entry.sha256:
            yield from self._zip.chunks(self._members[entry.path])
            return
        hasher = hashlib.sha256()
        for chunk in self._zip.chunks(self._members[entry.path]):
            hasher.update(chunk)
            yield chunk
        if hasher.hexdigest() != entry.sha256:
            raise self._mismatch(entry)

    def small(self, entry: WheelEntry) -> bytes:
        """The whole content at once, checked as by `chunks`: for entries up to `LARGEST_CHUNK` bytes, as most are."""
        content = self._zip.whole(self._members[entry.path])
        if entry.sha256 and hashlib.sha256(content).hexdigest() != entry.sha256:
            raise self._mismatch(entry)
        return content

    def repeats(self, entry: WheelEntry, other: OpenWheel, its: WheelEntry) -> bool:
        """Whether an entry is packed in the very bytes of one of another wheel, and RECORD states one digest of both.

        Once the content of the one was read, that of the other needs not be: it is as equal, and as right.
        """
        if not entry.sha256 or entry.sha256 != its.sha256:
            return False
        return self._zip.repeats(self._members[entry.path], other._zip, other._members[its.path])

    def read(self, path: str) -> bytes:
        """A whole small member by its path. Raises `ArchiveError` when there is none, or it is no small one."""
        for entry in self.entries:
            if entry.path == path:
                if entry.size > _LARGEST_METADATA:
                    break
                return self.small(entry)
        raise ArchiveError(self._zip.filename, [f"{path}: is not in the wheel, or too large to be read at once"])

    def content_problems(self) -> list[str]:
        """Read everything, keep nothing, and say of each file what is wrong with it (`peep check-wheel`)."""
        problems: list[str] = []
        for entry in self.archive_order():
            try:
                deque(self.chunks(entry), maxlen=0)
            except ArchiveError as error:
                problems += error.problems
        return problems

    def archive_order(self) -> list[WheelEntry]:
        """The entries as they follow each other in the file."""
        return sorted(self.entries, key=lambda entry: self._members[entry.path].content_offset)

    def _mismatch(self, entry: WheelEntry) -> ArchiveError:
        problem = f"{entry.path}: its content does not have the sha256 that RECORD states"
        return ArchiveError(self._zip.filename, [problem], RECORD_HINT)


@dataclass(frozen=True, slots=True)
class _Checked:
    identity: WheelIdentity
    entries: tuple[WheelEntry, ...]
    members: Mapping[str, ZipMember]
    launchers: tuple[EntryPoint, ...]
    warnings: tuple[str, ...]


def open_wheel(archive: WheelArchive, *, allow_record_mismatch: bool = False) -> OpenWheel:
    """Check the structure of a wheel and open it for reading.

    Checked: the ZIP structure, member names, the one `.dist-info`, METADATA, WHEEL, entry points, `.data`, and RECORD
    against the list of members. RECORD's digests are checked while contents stream.

    With `allow_record_mismatch`, what RECORD has wrong becomes `warnings`; the digests of the entries are then computed
    from the contents, which costs one more pass.

    Raises `ArchiveError` with all problems.
    """
    opened = open_zip(archive.file, archive.filename)
    problems = list(opened.problems)
    problems += [f"{printable(name)}: {reason}" for name, reason in opened.unreadable.items()]
    names = [member.name for member in opened.members]
    problems += name_problems(names)
    problems += collision_problems(names)
    problems += [
        f"{printable(member.name)}: is a symbolic link"
        for member in opened.members
        if member.mode & KIND_MASK == KIND_LINK
    ]
    try:
        parts = parse_wheel_filename(archive.filename)
    except ValueError as error:
        raise ArchiveError(archive.filename, [*problems, str(error)]) from None
    dist_info, found = find_dist_info(names, parts)
    problems += found
    if dist_info:
        problems += data_problems(names, dist_info)
    if problems:
        # The contents of such an archive mean nothing yet: two readers may see two different ones.
        raise ArchiveError(archive.filename, problems)
    check = _ContentCheck(opened, parts, dist_info, allow_record_mismatch=allow_record_mismatch)
    return OpenWheel(archive.sha256, opened, check.run())


class _ContentCheck:
    """Reads the `.dist-info` of one wheel whose names are all acceptable, and gathers what is wrong with it."""

    def __init__(self, opened: ZipReader, parts: WheelFilename, dist_info: str, *, allow_record_mismatch: bool) -> None:
        self._zip = opened
        self._parts = parts
        self._dist_info = dist_info
        self._allow_record_mismatch = allow_record_mismatch
        self._members = {member.name: member for member in opened.members if not member.name.endswith("/")}
        self._problems: list[str] = []
        self._warnings: list[str] = []
        self._hint = ""

    def run(self) -> _Checked:
        wheel_metadata = self._wheel_metadata()
        self._core_metadata()
        launchers = self._launchers()
        record = self._record()
        if self._problems:
            raise ArchiveError(self._zip.filename, self._problems, self._hint)
        entries = self._entries(record)
        identity = WheelIdentity(
            name=self._parts.name,
            version=self._parts.version,
            filename=self._zip.filename,
            dist_info=self._dist_info,
            root_is_purelib=wheel_metadata.root_is_purelib,
            tags=self._parts.tags,
        )
        return _Checked(identity, entries, self._members, launchers, tuple(self._warnings))

    def _required(self, name: str) -> bytes | None:
        path = f"{self._dist_info}/{name}"
        member = self._members.get(path)
        if member is None:
            self._problems.append(f"{path}: is missing")
        elif member.size > _LARGEST_METADATA:
            self._problems.append(f"{path}: is {member.size} bytes; the limit is {_LARGEST_METADATA}")
        else:
            try:
                return self._zip.whole(member)
            except ArchiveError as error:
                self._problems += error.problems
        return None

    def _wheel_metadata(self) -> WheelMetadata:
        content = self._required("WHEEL")
        if content is None:
            return WheelMetadata(root_is_purelib=True, tags=())
        metadata, problems = parse_wheel_metadata(content, f"{self._dist_info}/WHEEL")
        self._problems += problems
        if set(metadata.tags) != set(self._parts.tags) and not problems:
            self._warnings.append(
                f"{self._dist_info}/WHEEL: its tags are {', '.join(sorted(set(metadata.tags))) or 'none'}; "
                f"the file name's count: {', '.join(sorted(set(self._parts.tags)))}"
            )
        return metadata

    def _core_metadata(self) -> None:
        content = self._required("METADATA")
        if content is not None:
            path = f"{self._dist_info}/METADATA"
            self._problems += check_core_metadata(content, path, self._parts.name, self._parts.version)

    def _launchers(self) -> tuple[EntryPoint, ...]:
        path = f"{self._dist_info}/entry_points.txt"
        if path not in self._members:
            return ()
        content = self._required("entry_points.txt")
        launchers, problems = parse_entry_points(content or b"", path)
        self._problems += problems
        return launchers

    def _record(self) -> dict[str, RecordRow]:
        content = self._required("RECORD")
        if content is None:
            return {}
        path = f"{self._dist_info}/RECORD"
        record: ParsedRecord = parse_record(content, path)
        self._warnings += record.warnings
        sizes = {name: member.size for name, member in self._members.items()}
        problems = [*record.problems, *compare_record(record.rows, sizes, path)]
        if self._allow_record_mismatch:
            self._warnings += problems
        elif problems:
            self._problems += problems
            self._hint = RECORD_HINT
        return record.rows

    def _entries(self, rows: Mapping[str, RecordRow]) -> tuple[WheelEntry, ...]:
        record_path = f"{self._dist_info}/RECORD"
        exempt = {record_path, *(record_path + suffix for suffix in SIGNATURE_SUFFIXES)}
        entries = []
        mismatches = []
        for path, member in sorted(self._members.items()):
            row = rows.get(path)
            if path in exempt:
                digest = ""
            elif row is not None and row.algorithm == "sha256" and not self._allow_record_mismatch:
                digest = row.hex
            else:
                digest, agrees = self._digest(member, row)
                if not agrees:
                    mismatches.append(f"{path}: its content does not have the hash that RECORD states")
            entries.append(WheelEntry(path, member.size, digest, bool(member.mode & _EXECUTABLE)))
        if mismatches and not self._allow_record_mismatch:
            raise ArchiveError(self._zip.filename, mismatches, RECORD_HINT)
        self._warnings += mismatches
        return tuple(entries)

    def _digest(self, member: ZipMember, row: RecordRow | None) -> tuple[str, bool]:
        """The sha256 of a member's content, and whether that content has the digest of its row."""
        sha256 = hashlib.sha256()
        stated = hashlib.new(row.algorithm) if row else None
        for chunk in self._zip.chunks(member):
            sha256.update(chunk)
            if stated:
                stated.update(chunk)
        return sha256.hexdigest(), row is None or stated is None or stated.hexdigest() == row.hex
