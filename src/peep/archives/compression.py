"""Bounded decompression of a tar file (gzip, bzip2, xz) into a private unnamed file.

Source: RFC 1952 (gzip); the formats of bzip2 and xz as Python's own modules read them; THREATS T11, T14.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, BinaryIO, cast

from peep.archives.inflating import GZIP, INFLATE_ERRORS, new_inflater
from peep.archives.random_access import ReadAt

MAGIC = {"gz": b"\x1f\x8b\x08", "bz2": b"BZh", "xz": b"\xfd7zXZ\x00", "zip": b"PK\3\4"}
_SLICE = 1 << 15
_LARGEST_CHUNK = (1 << 17) - 1
_XZ_MEMORY = 1 << 28
_GZIP_FLAGS = 3
"""Offset of the flags in a gzip header (RFC 1952, section 2.3)."""
_RESERVED_FLAGS = 0xE0
_RATIO_MATTERS_ABOVE = 1 << 26
_HIGHEST_RATIO = 200


class Malformed(Exception):
    """The bytes are not what the format asks for; the text says what is wrong."""


def temporary_file() -> Any:
    """A new unnamed file on disk."""
    import tempfile  # noqa: PLC0415 - a tenth of what the sandboxed child imports, which may write nothing

    return tempfile.TemporaryFile()


def decompressed(read: ReadAt, size: int, compression: str, new_file: Callable[[], Any] = temporary_file) -> BinaryIO:
    """Write what a compressed file of `size` bytes holds into an unnamed temporary file and return that.

    `compression`: gz, bz2 or xz. `new_file`: makes the file, where it is to be another one. Exactly one compressed
    stream must fill the file, for of a second one and of anything after the first some readers know nothing. Raises
    `Malformed`, also when more than 64 MiB come out and that is more than 200 times what went in.
    """
    limit = max(_RATIO_MATTERS_ABOVE, size * _HIGHEST_RATIO)
    output = new_file()  # handed on; it has no name and goes with its last handle
    try:
        output.writelines(_limited(_pieces(read, size, compression), limit))
        output.flush()
    except BaseException:
        output.close()
        raise
    return cast("BinaryIO", output)  # on Windows a wrapper around one


def _limited(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    count = 0
    for piece in pieces:
        count += len(piece)
        if count > limit:
            raise Malformed(f"unpacks to more than {limit} bytes, over {_HIGHEST_RATIO} times its own size")
        yield piece


def _pieces(read: ReadAt, size: int, compression: str) -> Iterator[bytes]:
    if compression == "gz" and (read(_GZIP_FLAGS, 1) or b"\0")[0] & _RESERVED_FLAGS:
        raise Malformed(
            "cannot be decompressed: its gzip header has flags of no known meaning"
        )  # isal passes over them
    decompressor, errors = _decompressor(compression)
    offset = 0
    carried = b""
    try:
        while not decompressor.eof:
            needs_input = not carried and getattr(decompressor, "needs_input", True)
            if needs_input:
                carried = read(offset, min(_SLICE, size - offset))
                offset += len(carried)
                if not carried:
                    raise Malformed(f"ends before its {compression} stream does")
            piece = decompressor.decompress(carried, _LARGEST_CHUNK)
            # zlib hands back what it had no room for; the other two keep it and say so by `needs_input`.
            carried = getattr(decompressor, "unconsumed_tail", b"")
            if piece:
                yield piece
    except errors as error:
        raise Malformed(f"cannot be decompressed: {error}") from None
    if decompressor.unused_data or offset < size:
        trailing = size - offset + len(decompressor.unused_data)
        raise Malformed(f"has {trailing} bytes after the end of its {compression} stream")


def _decompressor(compression: str) -> tuple[Any, tuple[type[Exception], ...]]:
    if compression == "gz":
        return new_inflater(GZIP), INFLATE_ERRORS
    try:
        module = import_module({"bz2": "bz2", "xz": "lzma"}[compression])
    except ImportError:
        raise Malformed(f"is compressed with {compression}, which this Python was built without") from None
    new: Callable[..., Any] = module.BZ2Decompressor if compression == "bz2" else module.LZMADecompressor
    if compression == "bz2":
        return new(), (OSError, ValueError, EOFError)
    return new(format=module.FORMAT_XZ, memlimit=_XZ_MEMORY), (module.LZMAError, EOFError)


def has_zip_ending(read: ReadAt, size: int) -> bool:
    """Whether a ZIP reader would find an end-of-central-directory record here (THREATS Z18)."""
    tail = read(max(0, size - 65557), 65557)
    position = tail.rfind(b"PK\5\6")
    while position >= 0:
        comment_size = int.from_bytes(tail[position + 20 : position + 22], "little")
        if position + 22 + comment_size == len(tail):
            return True
        position = tail.rfind(b"PK\5\6", 0, position)
    return False
