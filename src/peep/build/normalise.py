"""Reproducible rewriting of a wheel: the same content gives the same bytes.

Members are in one order, with one time, one of two modes, uncompressed, and RECORD is made anew. Uncompressed, because
the bytes that deflate gives differ between versions of zlib and so between machines; the store keeps wheels unpacked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import stat
import time
import zipfile

from peep.errors import ArchiveError
from peep.model import record_hash

VERSION = 1
"""Raised with every change of what `normalise_wheel` gives; enters the key of built wheels."""

_EARLIEST = 315532800  # 1980-01-01, the first second that ZIP can tell
_LATEST = 4354819198  # 2107-12-31 23:59:58, the last
_CONTENT_LIMIT = 4 * 1024**3
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")


def normalise_wheel(filename: str, wheel: bytes, epoch: int) -> bytes:
    """Rewrite a wheel that a backend has just made.

    `epoch` (seconds since 1970, as SOURCE_DATE_EPOCH) becomes every member's time, within what ZIP can tell. Folders
    and signatures of RECORD are left out. The binary distribution format asks archivers to put `.dist-info` at the end:
    so it is, RECORD last. Raises `ArchiveError` when it is no wheel: not a ZIP, two members of a name, links, not one
    `.dist-info`.
    """
    members = _members(filename, wheel)
    dist_info = _dist_info(filename, members)
    record_name = f"{dist_info}/RECORD"
    for name in (record_name, *(f"{dist_info}/{signature}" for signature in _SIGNATURES)):
        members.pop(name, None)
    ordered = sorted(members, key=lambda name: (name.startswith(f"{dist_info}/"), name))
    members[record_name] = (_record(members, ordered, record_name), False)
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_STORED) as archive:
        for name in [*ordered, record_name]:
            content, is_executable = members[name]
            archive.writestr(_header(name, epoch, is_executable=is_executable), content)
    return result.getvalue()


def _members(filename: str, wheel: bytes) -> dict[str, tuple[bytes, bool]]:
    """Name -> (content, is it executable) of every file."""
    members: dict[str, tuple[bytes, bool]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > _CONTENT_LIMIT:
                raise ArchiveError(filename, ["its content is larger than is allowed"])
            for entry in entries:
                mode = entry.external_attr >> 16
                if entry.filename in members:
                    raise ArchiveError(filename, [f"two members are named {entry.filename}"])
                if stat.S_ISLNK(mode):
                    raise ArchiveError(filename, [f"{entry.filename} is a link"])
                members[entry.filename] = (archive.read(entry), bool(mode & 0o111))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise ArchiveError(filename, [f"it cannot be read as a ZIP archive: {error}"]) from error
    return members


def _dist_info(filename: str, members: dict[str, tuple[bytes, bool]]) -> str:
    folders = {name.split("/")[0] for name in members if name.split("/")[0].endswith(".dist-info") and "/" in name}
    if len(folders) != 1:
        found = ", ".join(sorted(folders)) or "none"
        raise ArchiveError(filename, [f"it must have exactly one .dist-info folder; found: {found}"])
    return folders.pop()


def _record(members: dict[str, tuple[bytes, bool]], ordered: list[str], record_name: str) -> bytes:
    """RECORD as the wheel format asks for it: path, hash, size; itself bare."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for name in ordered:
        content = members[name][0]
        writer.writerow((name, f"sha256={record_hash(hashlib.sha256(content).digest())}", len(content)))
    writer.writerow((record_name, "", ""))
    return text.getvalue().encode()


def _header(name: str, epoch: int, *, is_executable: bool) -> zipfile.ZipInfo:
    moment = time.gmtime(min(max(epoch, _EARLIEST), _LATEST))
    entry = zipfile.ZipInfo(name, moment[:6])
    entry.create_system = 3  # Unix: where modes mean something, on whatever system this runs
    entry.external_attr = (stat.S_IFREG | (0o755 if is_executable else 0o644)) << 16
    return entry
