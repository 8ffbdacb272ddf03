"""ZIP files that are nearly right, made at random: `zip_mutant(random)` makes one with none to three lies in it.

Built of `zip_building`'s options, so that headers, descriptors, extra fields and end records can each say something
else than the others; and a few bytes are changed without regard to any of them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from random import Random

from support.zip_building import build_zip

_NAMES = (
    b"demo-1.0/a.txt",
    b"demo-1.0/b.py",
    b"demo-1.0/sub/c",
    b"demo-1.0/sub/",
    b"demo-1.0/caf\xc3\xa9",
    b"demo-1.0/.f",
    b"demo-1.0/d.tar",
)
_ODD_NAMES = (
    *(b"", b"/", b"..", b"../evil", b"/etc/evil", b"demo-1.0/a.txt\0.py", b"demo-1.0\\x", b"demo-1.0//x", b"C:x"),
    *(b"demo-1.0/\xff", b"demo-1.0/cafe\xcc\x81", b"demo-1.0/A.TXT", b"demo-1.0/./x", b"demo-1.0", b"demo-1.0/x "),
    *(b"demo-1.0/caf\x82", b"demo-1.0/\n", b"demo-1.0/\xef\xbb\xbfx", b"\x00", b"demo-1.0/a.txt/"),
)
_CONTENTS = (b"", b"x", b"hello" * 40, b"y" * 511, bytes(range(256)))
_MODES = ("644", "755", "100755", "40755", "120777", "10644", "60644", "0", "104755")
_Options = dict[str, str]
_Member = tuple[bytes, bytes, _Options]


def _hex(content: bytes) -> str:
    return f"hex:{content.hex()}"


def _field(identifier: int, content: bytes, size: int | None = None) -> bytes:
    return struct.pack("<HH", identifier, len(content) if size is None else size) + content


def _extras(random: Random, name: bytes, content: bytes) -> bytes:
    """An extra area: times and owners as real writers have them, or a ZIP64 or Unicode path field that may lie."""
    size = len(content)
    path = random.choice((name, *_NAMES, b""))
    crc = random.choice((zlib.crc32(name), 0))
    values = random.choice(([size, size], [size], [size, size, 0], [size + 1, size], [0, 0], [2**63, 0], []))
    found = [
        _field(0x5455, b"\x03" + bytes(8)),
        _field(0x7875, b"\x01\x04" + bytes(4) + b"\x04" + bytes(4)),
        _field(0x0001, struct.pack(f"<{len(values)}Q", *values)),
        _field(0x0001, bytes(random.randrange(32))),
        _field(0x7075, struct.pack("<BL", random.choice((1, 1, 1, 2)), crc) + path),
        _field(0x7075, b"\x01"),
        _field(0xCAFE, b""),
        _field(0x5455, random.choice((b"", b"\x07", b"\x07" + bytes(12), b"\x03" + bytes(4), b"\x01" + bytes(3)))),
        _field(0x6C78, b"\x07\x14\x03\0\0\0\0" + random.choice((b"\xff\xa1", b"\xa4\x81", b"\xed\x41"))),
        _field(0x756E, bytes(4) + b"\xff\xa1" + bytes(8) + b"a.txt"),
        _field(0x000D, bytes(12) + random.choice((b"", b"a.txt"))),
        _field(0x9901, b"\x01\0AE\x01" + random.choice((b"\0\0", b"\x08\0"))),
        _field(random.choice((0x5855, 0x7855, 0x7875, 0x000A, 0x6375, 0x0008)), bytes(random.randrange(14))),
        _field(0x5455, b"x", size=random.choice((0, 2, 500))),
        b"\0",
        b"\0\0\0",
    ]
    return b"".join(random.sample(found, random.choice((1, 1, 2))))


def _odd_number(random: Random, usual: int, most: int) -> str:
    return str(random.choice((0, 1, usual + 1, max(usual - 1, 0), usual * 2, most, most - 1, most // 2, 20)) & most)


def _base(random: Random) -> tuple[list[_Member], _Options]:
    hidden = build_zip([(b"demo-1.0/hidden", b"hidden", {})], {})
    members: list[_Member] = []
    for name in random.sample(_NAMES, random.randint(1, 4)):
        content = b"" if name.endswith(b"/") else random.choice((*_CONTENTS, hidden))
        members.append((name, content, _right_options(random, name)))
    end: _Options = {}
    if random.random() < 0.1:
        end["comment"] = "made by hand"
    if random.random() < 0.1:
        end["zip64"] = "yes"
    return members, end


def _right_options(random: Random, name: bytes) -> _Options:
    options: _Options = {"method": random.choice(("0", "8"))}
    if random.random() < 0.2:
        options["extra"] = random.choice((_field(0x5455, b"\x03" + bytes(8)), _field(0xCAFE, b"ab"))).hex()
    if random.random() < 0.2:
        options["mode"] = "40755" if name.endswith(b"/") else random.choice(("644", "755", "100755"))
    if options["method"] == "8" and random.random() < 0.3:
        options["descriptor"] = random.choice(("good", "wide"))
    if options.get("descriptor") == "wide" and random.random() < 0.7:
        options["local.extra"] = _field(0x0001, bytes(16)).hex()
        options["local.size"] = options["local.csize"] = str(0xFFFFFFFF)
    return options


def _lie_in_header(random: Random, members: list[_Member], _end: _Options) -> None:
    _, content, options = random.choice(members)
    side = random.choice(("local.", "central.", ""))
    key = random.choice(("crc", "csize", "size", "flags", "method", "version"))
    most = 0xFFFFFFFF if key in ("crc", "csize", "size") else 0xFFFF
    if key == "method":
        method = random.choice(("0", "8", "12", "14", "9", "99"))
        options[f"{side}method" if side else "method"] = method if side else random.choice(("0", "8"))
    elif key == "flags":
        options[f"{side}flags"] = str(random.choice((0, 1, 2, 4, 6, 8, 0x20, 0x40, 0x800, 0x808, 0x2000, 0xFFFF)))
    else:
        usual = zlib.crc32(content) if key == "crc" else len(content)
        options[f"{side}{key}"] = _odd_number(random, usual, most)


def _lie_in_name(random: Random, members: list[_Member], _end: _Options) -> None:
    place = random.randrange(len(members))
    name, content, options = members[place]
    other = random.choice((*_NAMES, *_ODD_NAMES))
    side = random.choice(("local", "central", "both", "both"))
    if side == "both":
        members[place] = (other, content, options)
        if not other.isascii() and random.random() < 0.5:
            options["flags"] = "0"
    else:
        options[f"{side}.name"] = _hex(random.choice((other, name + b"/", name[:-1])))


def _lie_in_extra(random: Random, members: list[_Member], _end: _Options) -> None:
    name, content, options = random.choice(members)
    options[random.choice(("extra", "local.extra", "central.extra"))] = _extras(random, name, content).hex()
    if random.random() < 0.5:
        sides = random.choice((("",), ("local.",), ("central.",)))
        for key in random.sample(("size", "csize"), random.randint(1, 2)):
            options.update({f"{side}{key}": str(0xFFFFFFFF) for side in sides})


def _lie_in_content(random: Random, members: list[_Member], _end: _Options) -> None:
    name, content, options = random.choice(members)
    if name.endswith(b"/"):
        options["method"] = random.choice(("0", "8", "8"))
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(content) + packer.flush()
    raw = random.choice((packed, packed[:-1], packed + b"x", packed + packed, content, content + b"x", b""))
    options["raw"] = raw.hex()
    options["csize"] = str(len(raw))
    if random.random() < 0.5:
        options["size"] = str(len(content) + random.choice((-1, 0, 1)) if content else 0)


def _lie_in_kind(random: Random, members: list[_Member], _end: _Options) -> None:
    _, _, options = random.choice(members)
    if random.random() < 0.5:
        options["mode"] = random.choice(_MODES)
    else:
        options["attributes"] = str(random.choice((0x10, 0x20, 0x01, 0x41ED0010, 0xA1FF0000, 0xFFFFFFFF, 0)))


def _lie_in_descriptor(random: Random, members: list[_Member], _end: _Options) -> None:
    _, _, options = random.choice(members)
    options["descriptor"] = random.choice(("good", "bad", "none", "bare", "wide"))


def _lie_in_order(random: Random, members: list[_Member], _end: _Options) -> None:
    name, content, options = random.choice(members)
    what = random.choice(("twice", "only", "gap", "offset", "disk", "comment", "signature"))
    if what == "twice":
        members.append((name, random.choice(_CONTENTS), {}))
    elif what == "only":
        options["only"] = random.choice(("local", "central"))
    elif what == "gap":
        options["gap"] = random.choice((b"\0", b"gap", build_zip([(name, content, {})], {})[:-22])).hex()
    elif what == "offset":
        options["offset"] = _odd_number(random, 30, 0xFFFFFFFF)
    elif what == "disk":
        options["disk"] = "1"
    elif what == "comment":
        options["comment"] = "said"
    else:
        options["local.signature"] = random.choice(("504b0102", "504b0708", "00000000"))


def _lie_in_end(random: Random, members: list[_Member], end: _Options) -> None:
    other = build_zip([(b"demo-1.0/other", b"other", {})], {})
    key = random.choice(
        ("prefix", "suffix", "comment", "count", "directory_size", "directory_offset", "disk", "twice", "gap", "zip64")
    )
    if key in ("prefix", "suffix"):
        end[key] = _hex(random.choice((b"\0", b"junk", b"#!/bin/sh\n", other, bytes(22))))
    elif key == "comment":
        end[key] = _hex(random.choice((b"fine", b"\xff", other, other[-22:], b"PK\5\6" + bytes(18), b"PK\5\6")))
    elif key in ("count", "disk"):
        end[key] = _odd_number(random, len(members), 0xFFFF)
    elif key in ("directory_size", "directory_offset"):
        end[key] = _odd_number(random, 60 * len(members), 0xFFFFFFFF)
    elif key == "gap":
        end[key] = random.choice((b"\0", other, b"PK\5\5")).hex()
    elif key == "twice":
        end[key] = "yes"
    else:
        end["zip64"] = "yes"
        lies = ("zip64.offset", "zip64.extensible", "zip64.count", "zip64.signature", "zip64.disks", "count")
        lie = random.choice(lies)
        values = {"zip64.extensible": "0100", "zip64.signature": "504b0607", "count": "65535"}
        end[lie] = values.get(lie) or str(random.choice((0, 1, 50, 100, len(members) + 1)))


_LIES: tuple[Callable[[Random, list[_Member], _Options], None], ...] = (
    *(_lie_in_header, _lie_in_header, _lie_in_name, _lie_in_name, _lie_in_extra, _lie_in_extra, _lie_in_content),
    *(_lie_in_kind, _lie_in_descriptor, _lie_in_order, _lie_in_end),
)


def zip_mutant(random: Random) -> bytes:
    """The bytes of one ZIP file."""
    members, end = _base(random)
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        random.choice(_LIES)(random, members, end)
    content = bytearray(build_zip(members, end))
    if random.random() < 0.15:
        for _ in range(random.randint(1, 3)):
            near_headers = random.choice((30, 46, 100, len(content)))
            place = len(content) - 1 - random.randrange(min(near_headers + 22, len(content)))
            content[place] = random.choice((0, 1, 8, 0x2F, 0x50, 0xFF, content[place] ^ (1 << random.randrange(8))))
    return bytes(content)
