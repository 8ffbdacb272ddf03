"""Kinds of files by their first bytes and suffixes: native code, bytecode, known binary formats, text.

Source: the formats' own specifications (ELF gABI, PE/COFF, Mach-O, PNG, RIFF, GIF, …) as `file` knows them.
"""

from __future__ import annotations

import re
import struct
import unicodedata

_MACHO = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
_FAT = b"\xca\xfe\xba\xbe"
_MOST_FAT_PARTS = 30  # Java classes have the same magic, and 45 or more in its place
_NATIVE_BEGINNINGS = frozenset({b"\x7f", b"M", b"\xfe", b"\xce", b"\xcf", b"\xca", b"!", b"\0"})
_BYTECODE_MAGIC = b"\r\n"
_TEXT_CONTROLS = bytes(range(8)) + b"\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1c\x1d\x1e\x1f"

_MAGICS: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png", (".png", ".apng")),
    (b"GIF87a", "gif", (".gif",)),
    (b"GIF89a", "gif", (".gif",)),
    (b"\xff\xd8\xff", "jpeg", (".jpg", ".jpeg", ".jpe")),
    (b"RIFF", "riff", (".wav", ".webp", ".avi", ".ani")),
    (b"BM", "bmp", (".bmp", ".dib")),
    (b"\0\0\1\0", "ico", (".ico",)),
    (b"\0\0\2\0", "ico", (".cur",)),
    (b"icns", "icns", (".icns",)),
    (b"II*\0", "tiff", (".tif", ".tiff", ".dng", ".nef", ".cr2", ".lsm", ".svs")),
    (b"MM\0*", "tiff", (".tif", ".tiff")),
    (b"wOFF", "font", (".woff",)),
    (b"wOF2", "font", (".woff2",)),
    (b"\0\1\0\0\0", "font", (".ttf",)),
    (b"OTTO", "font", (".otf",)),
    (b"%PDF-", "pdf", (".pdf", ".ai")),
    (b"PK\3\4", "zip", (
        ".zip", ".npz", ".whl", ".egg", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".jar", ".apk", ".epub", ".xlsm",
        ".pt", ".pth", ".keras", ".nupkg",
    )),
    (b"PK\5\6", "zip", (".zip",)),
    (b"\x1f\x8b", "gzip", (".gz", ".tgz", ".svgz", ".rds", ".rdata")),
    (b"BZh", "bzip2", (".bz2", ".tbz", ".tbz2")),
    (b"\xfd7zXZ\0", "xz", (".xz", ".txz")),
    (b"7z\xbc\xaf\x27\x1c", "7z", (".7z",)),
    (b"(\xb5/\xfd", "zstd", (".zst", ".zstd")),
    (b"\x93NUMPY", "npy", (".npy",)),
    (b"\x89HDF\r\n\x1a\n", "hdf5", (".h5", ".hdf5", ".hdf", ".nc", ".mat")),
    (b"SQLite format 3\0", "sqlite", (".db", ".sqlite", ".sqlite3", ".gpkg")),
    (b"PAR1", "parquet", (".parquet",)),
    (b"TZif", "tzif", ("",)),
    (b"\xde\x12\x04\x95", "mo", (".mo", ".gmo")),
    (b"\x95\x04\x12\xde", "mo", (".mo", ".gmo")),
    (b"ID3", "mp3", (".mp3",)),
    (b"OggS", "ogg", (".ogg", ".oga", ".ogv", ".opus")),
    (b"fLaC", "flac", (".flac",)),
    (b"\x1aE\xdf\xa3", "matroska", (".mkv", ".webm")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", (".doc", ".xls", ".ppt", ".msg")),
    (b"# Sphinx inventory", "inventory", (".inv",)),
    (b"\x28\xb5\x2f\xfd", "zstd", (".zst",)),
)  # fmt: skip
"""Magic, name, and the suffixes that go with it: only both together make a known format."""
_AT_OFFSET = (
    (4, b"ftyp", "mp4", (".mp4", ".m4a", ".m4v", ".mov", ".heic", ".avif")),
    (257, b"ustar", "tar", (".tar",)),
)


def native_format(head: bytes) -> str:
    """`elf`, `pe`, `macho`, `wasm`, or `ar` (a library of object files) for code that a processor runs; else ''."""
    if head[:1] not in _NATIVE_BEGINNINGS:
        return ""
    if head.startswith(b"\x7fELF"):
        return "elf"
    if head.startswith(b"MZ") and len(head) >= 64:  # noqa: PLR2004 - a DOS header
        return "pe"
    if head.startswith(_MACHO) or (head.startswith(_FAT) and 0 < _number(head[4:8]) < _MOST_FAT_PARTS):
        return "macho"
    if head.startswith(b"!<arch>\n"):
        return "ar"
    return "wasm" if head.startswith(b"\0asm") else ""


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def is_bytecode(path: str, head: bytes) -> bool:
    """Compiled Python, by its suffix or by the magic of any CPython since 3.0 with the header of PEP 552."""
    if path.lower().endswith((".pyc", ".pyo")):
        return True
    is_magic = head[2:4] == _BYTECODE_MAGIC and len(head) > 16  # noqa: PLR2004 - the header
    return is_magic and 3000 <= int.from_bytes(head[:2], "little") < 4000 and head[4:8] in _PYC_FLAGS  # noqa: PLR2004


_PYC_FLAGS = (b"\0\0\0\0", b"\1\0\0\0", b"\3\0\0\0")


def binary_format(path: str, content: bytes, size: int) -> str:
    """'' for text; else the format's name, `unknown` where magic and suffix agree on none.

    `content` may be only the beginning of a file of `size` bytes. A container whose stated length is not the file's is
    `unknown`: something stands behind the picture.
    """
    native = native_format(content[:512])
    if native:
        return native
    if is_bytecode(path, content[:32]):
        return "bytecode"
    known = _known_format(path, content, size)
    if known:
        return known
    return "" if is_text(content) else "unknown"


def _known_format(path: str, content: bytes, size: int) -> str:
    name = path.rpartition("/")[2].lower()
    suffix = name[name.rfind(".") :] if "." in name else ""
    for magic, kind, suffixes in _MAGICS:
        if content.startswith(magic) and suffix in suffixes:
            return kind if _is_whole(kind, content, size) else "unknown"
    for offset, magic, kind, suffixes in _AT_OFFSET:
        if content[offset : offset + len(magic)] == magic and suffix in suffixes:
            return kind
    return ""


def _is_whole(kind: str, content: bytes, size: int) -> bool:
    """False where a container's own length ends before the file does, or never."""
    if len(content) != size:
        return True  # only its beginning is known
    if kind == "riff":
        return size >= 12 and struct.unpack_from("<L", content, 4)[0] + 8 in (size, size - 1)  # noqa: PLR2004
    if kind == "png":
        return content[-12:-8] == b"\0\0\0\0" and content[-8:-4] == b"IEND"
    if kind == "gif":
        return content.endswith(b";")
    if kind == "jpeg":
        return content.rstrip(b"\0\r\n").endswith(b"\xff\xd9")
    if kind == "bmp":
        return size >= 6 and struct.unpack_from("<L", content, 2)[0] in (size, 0)  # noqa: PLR2004
    return True


def is_text(content: bytes) -> bool:
    """Whether people would call it text: UTF-8, UTF-16 with its mark, or an 8-bit encoding without control bytes."""
    sample = content[: 1 << 20]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _is_wide_text(sample)
    if b"\0" in sample:
        return False
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4 or len(content) <= len(sample):
            controls = len(sample) - len(sample.translate(None, _TEXT_CONTROLS))
            high = len(re.findall(rb"[\x80-\xff]", sample))
            return controls == 0 and high * 3 < len(sample)
    controls = len(sample) - len(sample.translate(None, _TEXT_CONTROLS))
    return controls * 20 < max(len(sample), 200)


def _is_wide_text(sample: bytes) -> bool:
    """UTF-16 behind its mark: two bytes in front make no text of what is none."""
    try:
        text = sample[: len(sample) & ~1].decode("utf-16")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:
            return False
        text = sample[: error.start].decode("utf-16")
    odd = sum(unicodedata.category(one) in ("Cc", "Cn", "Co", "Cs") and one not in "\t\n\r\f" for one in text[:4096])
    return odd * 20 < max(len(text[:4096]), 20)


def text_of(content: bytes) -> str:
    """Decode text as it would be read: UTF-16 with its mark, UTF-8, else Latin-1, without raising."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
