"""ZIP extra fields that change what a header says: sizes, names, modes, links, encryption.

Source: PKWARE APPNOTE 6.3.10, sections 4.5.1 (layout), 4.5.3 (ZIP64), 4.5.7 (UNIX), 4.6.9 (Unicode path); Info-ZIP's
`proginfo/extrafld.txt` (times, ASi); libarchive's reader, which takes a mode from its own field. THREATS Z9, Z21.
"""

from __future__ import annotations

import struct
import zlib

_ZIP64 = 0x0001
_UNICODE_PATH = 0x7075
_UNIX = 0x000D
_TIMES = 0x5455
_TIMES_SIZES = (1, 5, 9, 13)
"""Bytes: which of three times are there, and these, four bytes each; the central directory has the first alone."""
_REFUSED = {
    0x0017: "is for encrypted content",
    0x9901: "is for encrypted content",
    0x6C78: "gives it a second mode",
    0x756E: "gives it a second mode, or the target of a link",
}
"""What readers take such fields for, where they know them; others pass over them."""
_UNIX_SIZE = 12
"""Bytes of owner and times; what follows them is the target of a link or the number of a device."""
_ALL32 = 0xFFFFFFFF
_UNICODE_PATH_HEAD = 5

Sizes = tuple[int, int, int]


def extra_fields(extra: bytes) -> list[tuple[int, bytes]]:
    """Split an extra area into `(identifier, content)` pairs. Raises `ValueError` where they do not fill it exactly."""
    fields = []
    position = 0
    while position < len(extra):
        if len(extra) - position < 4:  # noqa: PLR2004 - identifier and length, two bytes each
            raise ValueError("has an extra field that is cut off")
        identifier, size = struct.unpack_from("<HH", extra, position)
        content = extra[position + 4 : position + 4 + size]
        if len(content) != size:
            raise ValueError(f"has an extra field {identifier:#06x} that is cut off")
        fields.append((identifier, content))
        position += 4 + size
    return fields


def zip64_values(extra: bytes, stated: Sizes, *, is_central: bool) -> tuple[Sizes, str | None, str | None]:
    """Replace the 32-bit values that are all ones by those of the ZIP64 field.

    `stated`: size, compressed size and header offset as the header has them (a local header has no offset: 0).
    Returns the values, what is wrong with the area, and what is merely a lie about the content (a superfluous ZIP64
    field that contradicts the header: some readers believe the one, some the other).
    """
    try:
        fields = extra_fields(extra)
    except ValueError as error:
        return stated, str(error), None
    contents = [content for identifier, content in fields if identifier == _ZIP64]
    identifiers = [identifier for identifier, _ in fields]
    if len(set(identifiers)) != len(identifiers):
        return stated, "has the same extra field twice", None
    for identifier, content in fields:
        if reason := _field_problem(identifier, content):
            return stated, reason, None
    if not contents:
        return stated, "lacks the ZIP64 field that its sizes refer to" if _ALL32 in stated else None, None
    return _apply_zip64(contents[0], stated, is_central=is_central)


def _field_problem(identifier: int, content: bytes) -> str | None:
    """What is wrong with a field that some readers go by, and others do not know."""
    if identifier in _REFUSED:
        return f"has an extra field {identifier:#06x} that {_REFUSED[identifier]}"
    if identifier == _UNIX and len(content) > _UNIX_SIZE:
        return f"has an extra field {identifier:#06x} that names the target of a link, or a device"
    if identifier == _TIMES and len(content) not in _TIMES_SIZES:
        return f"has an extra field of times of {len(content)} bytes, which no rule allows"
    return None


def _apply_zip64(content: bytes, stated: Sizes, *, is_central: bool) -> tuple[Sizes, str | None, str | None]:
    if len(content) % 8 or len(content) > 24:  # noqa: PLR2004 - three values of eight bytes
        return stated, f"has a ZIP64 field of {len(content)} bytes, which no rule allows", None
    values = struct.unpack(f"<{len(content) // 8}Q", content)
    wanted = [index for index, value in enumerate(stated) if value == _ALL32]
    if not wanted:
        lie = None if values == stated[: len(values)] else "has a ZIP64 field that contradicts its header"
        return stated, None, lie
    if len(values) != len(wanted):
        return stated, f"has a ZIP64 field with {len(values)} values where its header asks for {len(wanted)}", None
    if not is_central and len(wanted) != 2:  # noqa: PLR2004 - 4.5.3: a local header must hold both sizes
        return stated, "has a ZIP64 field in its local header with one size only", None
    exact = list(stated)
    for index, value in zip(wanted, values, strict=True):
        exact[index] = value
    return (exact[0], exact[1], exact[2]), None, None


def has_zip64_field(extra: bytes) -> bool:
    """Whether an extra area holds a ZIP64 field; False for one that is cut off, of which others complain."""
    try:
        return any(identifier == _ZIP64 for identifier, _ in extra_fields(extra))
    except ValueError:
        return False


def unicode_path_problem(extra: bytes, raw_name: bytes) -> str | None:
    """The Unicode path field may only repeat the header's own name: another is a second one (GHSA-pqhf-p39g-3x64)."""
    try:
        contents = [content for identifier, content in extra_fields(extra) if identifier == _UNICODE_PATH]
    except ValueError as error:
        return str(error)
    for content in contents:
        if len(content) < _UNICODE_PATH_HEAD or content[0] != 1:
            return "has a malformed Unicode path field"
        if struct.unpack_from("<L", content, 1)[0] != zlib.crc32(raw_name) or content[_UNICODE_PATH_HEAD:] != raw_name:
            return "has a Unicode path field that gives it a second name"
    return None
