"""Git LFS pointer files: the short text in a checkout where `git lfs pull` has not run.

Source: Git LFS specification, "The Pointer": UTF-8 lines `KEY VALUE`, `version` first, then `oid` and `size`, at most
1,024 bytes.
"""

from __future__ import annotations

import re

from peep.dataclass import dataclass

LARGEST_POINTER = 1024
"""Bytes; the specification's own limit."""

_VERSION = b"version https://git-lfs"
_OID = r"(?m)^oid sha256:([0-9a-f]{64})$"
_SIZE = r"(?m)^size ([0-9]{1,18})$"


@dataclass(frozen=True, slots=True)
class LfsPointer:
    """What a pointer stands for: `sha256` (lower-case hex) and `size` (bytes) of the file that was not pulled."""

    sha256: str
    size: int


def lfs_pointer(content: bytes) -> LfsPointer | None:
    """Read `content`, the whole of a file (or its first kilobyte and more), as a pointer; None when it is none."""
    if len(content) > LARGEST_POINTER or not content.startswith(_VERSION):
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    oid, size = re.search(_OID, text), re.search(_SIZE, text)
    return LfsPointer(oid[1], int(size[1])) if oid and size else None
