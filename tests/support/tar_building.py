"""Tar files block by block, with every field open to lies.

Options of a member: `type` (one character, default 0, or 5 for a name that ends in `/`), `link`, `mode` (octal), `size`
(octal field as it stands), `sizehex` (the same field as 12 bytes of hex), `magic` (posix, gnu, old), `prefix`,
`checksum` (octal field), `pax` (`key=value|key=value`, a header before the member), `paxname` (the name in that
header), `global` (the same, as a global header), `rawpax` (content of that header as it stands), `longname`, `longlink`
(GNU), `padding` (text behind the content of these headers). `zeros=2`: zero blocks instead. `raw.FIELD`: a field as it
stands (`hex:` before hex digits), one of name, mode, uid, gid, size, mtime, checksum, kind, link, magic, names, prefix,
devmajor, devminor and rest (the last twelve bytes).

Options of the end: `zeros` (number of zero blocks, default 2), `tail` (text after them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_Member = tuple[bytes, bytes, Mapping[str, str]]
_BLOCK = 512
_MAGICS = {"posix": b"ustar\x0000", "gnu": b"ustar  \0", "old": bytes(8)}


def build_tar(members: Sequence[_Member], end: Mapping[str, str]) -> bytes:
    """The bytes of an uncompressed tar file with these members and this end."""
    body = b"".join(_member(*member) for member in members)
    return body + bytes(_BLOCK * int(end.get("zeros", "2"))) + end.get("tail", "").encode()


def _member(name: bytes, content: bytes, options: Mapping[str, str]) -> bytes:
    if options.get("zeros"):
        return bytes(_BLOCK * int(options["zeros"]))
    parts = []
    behind = {"padding": options.get("padding", "")}
    if "global" in options:
        parts.append(_block(b"pax_global_header", _pax(options["global"]), {"type": "g", **behind}))
    for key, kind in (("longname", "L"), ("longlink", "K")):
        if key in options:
            text = _text(options[key]) + b"\0"
            parts.append(_block(b"././@LongLink", text, {"type": kind, "magic": "gnu", **behind}))
    if "pax" in options or "rawpax" in options:
        records = _pax(options["pax"]) if "pax" in options else _text(options["rawpax"])
        parts.append(_block(options.get("paxname", "PaxHeader/x").encode(), records, {"type": "x", **behind}))
    return b"".join(parts) + _block(name, content, {key: options[key] for key in options if key != "padding"})


def _text(value: str) -> bytes:
    return value.replace("\\n", "\n").replace("\\r", "\r").replace("\\0", "\0").replace("\\x20", " ").encode("latin-1")


def _pax(text: str) -> bytes:
    records = b""
    for item in text.split("|"):
        rest = b" " + _text(item) + b"\n"
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length += 1
        records += str(length).encode() + rest
    return records


def _block(name: bytes, content: bytes, options: Mapping[str, str]) -> bytes:
    kind = options.get("type", "5" if name.endswith(b"/") else "0").encode().replace(b"\\0", b"\0")
    size = options.get("size", f"{len(content):011o}").encode() + b"\0"
    if "sizehex" in options:
        size = bytes.fromhex(options["sizehex"])
    fields = {
        "name": (name, 100),
        "mode": (f"{int(options.get('mode', '644'), 8):07o}".encode() + b"\0", 8),
        "uid": (b"0001750\0", 8),
        "gid": (b"0001750\0", 8),
        "size": (size, 12),
        "mtime": (b"00000000000\0", 12),
        "checksum": (b" " * 8, 8),
        "kind": (kind, 1),
        "link": (_text(options.get("link", "")), 100),
        "magic": (_MAGICS[options.get("magic", "posix")], 8),
        "names": (b"", 64),
        "devmajor": (b"", 8),
        "devminor": (b"", 8),
        "prefix": (_text(options.get("prefix", "")), 155),
        "rest": (b"", 12),
    }
    header = b"".join(_raw(options, key, value).ljust(width, b"\0")[:width] for key, (value, width) in fields.items())
    checksum = options.get("checksum", f"{sum(header[:148] + header[156:]) + 256:06o}").encode() + b"\0 "
    header = header[:148] + _raw(options, "checksum", checksum).ljust(8, b"\0")[:8] + header[156:]
    padding = _text(options.get("padding", ""))
    return header + content + (padding + bytes(_BLOCK))[: -len(content) % _BLOCK]


def _raw(options: Mapping[str, str], field: str, usual: bytes) -> bytes:
    stated = options.get(f"raw.{field}")
    if stated is None:
        return usual
    return bytes.fromhex(stated[4:]) if stated.startswith("hex:") else _text(stated)
