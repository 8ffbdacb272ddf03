"""Bundles as tars: the same files give the same bytes, and each can be read where it lies.

Source: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended Header". Written here and not by a library, so
that no version of one changes a byte: plain files only, mode 0644, owner 0 without names, time 0, not compressed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import BinaryIO

from peep.archives.tar_headers import BLOCK
from peep.bundle.layout import derived_files, stored_files
from peep.bundle.manifest import MANIFEST, BundleManifest
from peep.bundle.tree import PREFIX, FileSource, UnreadableBundle
from peep.system.file_digest import digest_of_stream
from peep.system.files import ToldAs, beside, fsync_folder, replace_file

Member = tuple[str, BinaryIO, str]
"""Path, content, and the sha256 (lower-case hex) that it must have."""

_RECORD = 20 * BLOCK
_LONGEST_NAME = 100
"""Bytes that fit into a ustar header; the prefix field is not used, for some readers join it wrongly."""
_LARGEST_OCTAL = (1 << 33) - 1


def packing_order(manifest: BundleManifest, lock: bytes | None) -> list[str]:
    """Paths of all files: `bundle.json`, tools, inputs, then the rest, each sorted."""
    first = [MANIFEST, *sorted(one.path for one in manifest.tools), *sorted(one.file.path for one in manifest.inputs)]
    rest = {*stored_files(manifest), *derived_files(manifest, lock)} - set(first)
    return [*first, *sorted(rest)]


def pack(tree: FileSource, manifest: BundleManifest, lock: bytes | None, path: str) -> int:
    """Write a whole bundle into the tar `path`; gives back its size in bytes.

    Every file is compared with its digest while it is copied. Raises `UnreadableBundle` for one that differs, `OSError`
    where `path` cannot be written; it holds what it held before then.
    """
    stored, derived = stored_files(manifest), derived_files(manifest, lock)
    expected = {path: one.sha256 for path, one in stored.items()}
    expected.update({path: sha256(content).hexdigest() for path, content in derived.items()})
    return write_tar(path, _members(tree, packing_order(manifest, lock), expected), PREFIX)


def _members(tree: FileSource, paths: Sequence[str], expected: Mapping[str, str]) -> Iterator[Member]:
    for path in paths:
        with ToldAs(UnreadableBundle, f"{tree.label}: {path}", _CHECK):
            file = tree.open(path)
        with file:
            yield path, file, expected[path]


_CHECK = "peep bundle check names all that differs"


def write_tar(path: str, members: Iterable[Member], prefix: str) -> int:
    """Write members below `prefix`; the file appears whole or not at all."""
    with beside(path) as temporary:
        with open(temporary, "xb") as tar:
            for member, content, digest in members:
                _write_member(tar, prefix + member, content, digest)
            tar.write(bytes(2 * BLOCK))
            tar.write(bytes(-tar.tell() % _RECORD))
            tar.flush()
            os.fsync(tar.fileno())
            size = tar.tell()
        replace_file(temporary, path)
    fsync_folder(os.path.dirname(os.path.abspath(path)))
    return size


def _write_member(tar: BinaryIO, name: str, content: BinaryIO, digest: str) -> None:
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    tar.write(headers(name, size))
    written, copied = digest_of_stream(content, copy=tar)
    if copied != size or written.hex != digest:
        raise UnreadableBundle(f"{name}: is not the file that {MANIFEST} lists", _CHECK)
    tar.write(bytes(-size % BLOCK))


def headers(name: str, size: int) -> bytes:
    """The header blocks of a plain file; those of an extended header come first where name or size ask for one."""
    raw = name.encode()
    records = b""
    if len(raw) > _LONGEST_NAME or not name.isascii():
        records += _record("path", raw)
    if size > _LARGEST_OCTAL:
        records += _record("size", str(size).encode())
    if not records:
        return _header(raw, size, b"0")
    extension = _header(b"PaxHeaders/" + sha256(raw).hexdigest()[:16].encode(), len(records), b"x")
    short = sha256(raw).hexdigest().encode() if b" path=" in records else raw
    plain = _header(short, size, b"0") if size <= _LARGEST_OCTAL else _large_header(short, size)
    return extension + records + bytes(-len(records) % BLOCK) + plain


def _record(key: str, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE`, where the length counts its own digits."""
    rest = b" %s=%s\n" % (key.encode(), value)
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length += 1
    return str(length).encode() + rest


def _header(name: bytes, size: int, kind: bytes) -> bytes:
    return _finished(name, b"%011o\0" % size, kind)


def _large_header(name: bytes, size: int) -> bytes:
    """A size beyond eleven octal digits, in base 256 as all present readers know it, equal to the extended header's."""
    return _finished(name, b"\x80" + size.to_bytes(11, "big"), b"0")


def _finished(name: bytes, size: bytes, kind: bytes) -> bytes:
    zero = b"0000000\0"
    before = name.ljust(100, b"\0") + b"0000644\0" + zero + zero + size + b"00000000000\0"
    after = kind + bytes(100) + b"ustar\00000" + bytes(64) + zero + zero + bytes(167)
    checksum = sum(before) + sum(after) + 8 * 0x20
    return before + b"%06o\0 " % checksum + after
