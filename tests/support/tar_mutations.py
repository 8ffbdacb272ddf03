"""Tar files that are nearly right, made at random: every field, extension and ending in every spelling readers mind.

`mutant(random)` is all of it. About a third of them are right archives in unusual clothes; the others have one to three
things wrong with them. Contents hold blocks that are headers themselves, so that a reader which loses its place finds
members there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

BLOCK = 512
_FIELDS = {
    "name": (0, 100),
    "mode": (100, 108),
    "uid": (108, 116),
    "gid": (116, 124),
    "size": (124, 136),
    "mtime": (136, 148),
    "checksum": (148, 156),
    "kind": (156, 157),
    "link": (157, 257),
    "magic": (257, 265),
    "uname": (265, 297),
    "gname": (297, 329),
    "devmajor": (329, 337),
    "devminor": (337, 345),
    "prefix": (345, 500),
    "rest": (500, 512),
}
_NUMBERS = ("mode", "uid", "gid", "size", "mtime", "checksum", "devmajor", "devminor")
_TEXTS = ("name", "link", "prefix", "uname", "gname")
MAGICS = (b"ustar\x0000", b"ustar  \0", bytes(8))
_ODD_MAGICS = (b"ustar\0\0\0", b"ustar\x00 0", b"ustar 00", b"ustar\x0001", b"USTAR\x0000", b"ustar\0  ", b"ustar00\0")
_KINDS = b"0\x0012345678ADEFGIKLMNSVXgxyz \xff"
NAMES = (
    b"demo-1.0/a.txt",
    b"demo-1.0/b.py",
    b"demo-1.0/sub/c",
    b"demo-1.0/sub/d.txt",
    b"demo-1.0/" + b"n" * 91,
    b"demo-1.0/" + b"n" * 92,
    b"demo-1.0/caf\xc3\xa9",
    b"./demo-1.0/e",
    b"demo-1.0/.f",
)
_ODD_NAMES = (
    b"",
    b"/",
    b"..",
    b".",
    b"./",
    b"../evil",
    b"/etc/evil",
    b"demo-1.0/../../evil",
    b"demo-1.0//g",
    b"demo-1.0/h/",
    b"demo-1.0/h//",
    b"demo-1.0/./h",
    b"demo-1.0/\xff\xfe",
    b"demo-1.0/cafe\xcc\x81",
    b"demo-1.0/A.TXT",
    b"DEMO-1.0/x",
    b"demo-1.0\\x",
    b"demo-1.0/a\nb",
    b"demo-1.0/h\0junk",
    b"demo-1.0/" + b"n" * 90 + b"/",
    b"demo-1.0/" + b"n" * 88 + b"/..",
    b"C:evil",
    b"BZh91AY&SY",
    b"demo-1.0/a ",
    b" demo-1.0/a",
    b"demo-1.0",
)
_LINKS = (b"a.txt", b"b.py", b"../demo-1.0/a.txt", b"sub", b"sub/c", b"missing", b"demo-1.0/a.txt", b"./b.py")
_ODD_LINKS = (b"", b"/etc/passwd", b"../../x", b"a.txt/", b"sub/../a.txt", b"link/../a.txt", b"a\0b", b"demo-1.0/link")
_KEYS = (
    *("path", "linkpath", "size", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment", "charset"),
    *("hdrcharset", "GNU.sparse.major", "GNU.sparse.minor", "GNU.sparse.name", "GNU.sparse.size", "GNU.sparse.map"),
    *("GNU.sparse.realsize", "GNU.sparse.numblocks", "GNU.sparse.offset", "GNU.sparse.numbytes", "GNU.dumpdir"),
    *("GNU.volume.label", "GNU.volume.filename", "GNU.volume.size", "GNU.volume.offset", "SCHILY.realsize"),
    *("SCHILY.filetype", "SCHILY.dev", "SCHILY.ino", "SCHILY.nlink", "SCHILY.xattr.user.x", "SCHILY.acl.access"),
    *("SCHILY.devmajor", "SCHILY.fflags", "LIBARCHIVE.creationtime", "LIBARCHIVE.xattr.user.x", "SUN.holesdata"),
    *("LIBARCHIVE.symlinktype", "RHT.security.selinux", "VENDOR.thing", "Path", "path ", "caf\u00e9", "", "size\0"),
)
_VALUES: tuple[bytes, ...] = (
    *(b"", b"0", b"1", b"5", b"512", b"1024", b"00", b"05", b"-1", b"+5", b" 5", b"5 ", b"5_0", b"0x5", b"1e3", b"5.0"),
    *(b"1700000000", b"1700000000.25", b"-5.5", b".5", b"5.", b"99999999999999999999", b"BINARY", b"UTF-8", b"nan"),
    *(b"ISO-IR 10646 2000 UTF-8", b"a\nb", b"x\n20 hdrcharset=BINARY", b"0,5", b"0,5,5,5", b"a\0b", b"\xff\xfe"),
    *(*NAMES, *_ODD_NAMES, *_LINKS),
)
CONTENTS = (b"", b"x", b"hello", b"y" * 511, b"z" * 512, b"w" * 513)


@dataclass
class Header:
    """The fields of one header block, each as its raw bytes, padded when written."""

    fields: dict[str, bytes]
    content: bytes = b""
    padding: bytes = b""
    checksum: str = "right"

    def block(self) -> bytes:
        raw = b"".join(
            self.fields.get(name, b"").ljust(end - start, b"\0")[: end - start]
            for name, (start, end) in _FIELDS.items()
        )
        if self.checksum == "raw":
            return raw
        right = _octal(_sum(raw, signed=self.checksum == "signed"), 7, b"\0 ")
        forms = {
            "NUL": right[:7],
            "blank first": b" " + right[1:7] + b"\0",
            "leading NUL": b"\0" + right[:7],
            "no end": b"00" + right[:6],
            "wrong": _octal(_sum(raw) + 1, 7, b"\0 "),
            "letter": right[:6] + b"x ",
            "binary": b"\x80" + _sum(raw).to_bytes(7, "big"),
        }
        return raw[:148] + forms.get(self.checksum, right).ljust(8, b"\0")[:8] + raw[156:]

    def bytes(self) -> bytes:
        return self.block() + self.content + (self.padding + bytes(BLOCK))[: -len(self.content) % BLOCK]


@dataclass
class Plan:
    """A tar file to be: its headers in order, or blocks that stand between them, and its end."""

    parts: list[Header | bytes] = field(default_factory=list)
    end: bytes = bytes(2 * BLOCK)

    def headers(self) -> list[Header]:
        return [part for part in self.parts if isinstance(part, Header)]

    def bytes(self) -> bytes:
        return b"".join(part if isinstance(part, bytes) else part.bytes() for part in self.parts) + self.end


def _sum(raw: bytes, *, signed: bool = False) -> int:
    others = raw[:148] + raw[156:]
    return 256 + (sum(struct.unpack(f"{len(others)}b", others)) if signed else sum(others))


def _octal(number: int, width: int, end: bytes = b"\0") -> bytes:
    return f"{number:0{width - 1}o}".encode() + end


def header(name: bytes, kind: bytes = b"0", content: bytes = b"", **fields: bytes) -> Header:
    """A right header, of POSIX's format unless `fields` say otherwise."""
    right = {
        "name": name,
        "mode": b"0000644\0",
        "uid": b"0001750\0",
        "gid": b"0001750\0",
        "size": _octal(len(content), 12),
        "mtime": b"14524770000\0",
        "kind": kind,
        "magic": MAGICS[0],
        "devmajor": b"0000000\0",
        "devminor": b"0000000\0",
    }
    return Header({**right, **fields}, content)


def pax_record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length += 1
    return str(length).encode() + rest


def pax(records: Sequence[tuple[bytes, bytes]], kind: bytes = b"x") -> Header:
    return header(b"PaxHeaders/x", kind, b"".join(pax_record(*record) for record in records))


def long_name(name: bytes, kind: bytes = b"L") -> Header:
    return header(b"././@LongLink", kind, name + b"\0", magic=MAGICS[1])


# -- right archives in all their clothes --------------------------------------------------------------


def _base(random: Random) -> Plan:
    magic = random.choice(MAGICS)
    names = random.sample(NAMES, random.randint(1, 4))
    plan = Plan()
    if random.random() < 0.5:
        plan.parts.append(header(b"demo-1.0/", b"5", magic=magic))
    hidden = header(b"demo-1.0/hidden", b"0", b"hidden").bytes()
    for name in names:
        content = random.choice((*CONTENTS, hidden, hidden + hidden))
        plan.parts += _dressed(random, name, header(name, b"0", content, magic=magic))
    if random.random() < 0.3:
        kind = random.choice((b"1", b"2"))
        target = random.choice((*names, *names, b"demo-1.0/missing") if kind == b"1" else _LINKS)
        plan.parts += _dressed(random, b"demo-1.0/link", header(b"demo-1.0/link", kind, link=target[:100]))
    if random.random() < 0.2:
        plan.end = bytes(BLOCK * random.choice((2, 3, 18)))
    return plan


def _dressed(random: Random, name: bytes, member: Header) -> list[Header]:
    """One member with its name in the header, in a prefix, a pax record or a GNU long name."""
    fields = member.fields
    if fields["kind"] == b"0" and random.random() < 0.2:
        fields["kind"] = b"\0"
    for number in ("uid", "gid", "mtime", "mode", "devmajor", "devminor", "size"):
        if random.random() < 0.1:
            fields[number] = _unusual_number(random, number, fields[number])
    member.checksum = random.choice(("right", "right", "right", "NUL", "blank first"))
    form = random.choice(("header", "header", "prefix", "pax", "gnu"))
    if form == "prefix" and fields["magic"] == MAGICS[0] and name.startswith(b"demo-1.0/"):
        fields.update(prefix=b"demo-1.0", name=name[9:])
    elif form == "pax":
        fields["name"] = random.choice((name[:100], b"demo-1.0/other", name.replace(b"\xc3\xa9", b"?")[:100]))
        records = [(b"path", name), (b"mtime", b"1700000000.5")]
        if random.random() < 0.3:
            records.append((b"size", str(len(member.content)).encode()))
        return [pax(random.sample(records, len(records))), member]
    elif form == "gnu":
        fields["name"] = name[:100]
        return [long_name(name), member]
    return [member]


def _unusual_number(random: Random, number: str, usual: bytes) -> bytes:
    digits = usual.rstrip(b"\0").lstrip(b"0") or b"0"
    width = len(usual)
    forms = [
        digits.rjust(width - 1, b" ") + b"\0",
        digits.rjust(width - 1, b"0") + b" ",
        digits.rjust(width, b"0"),
        digits.rjust(width - 2, b" ") + b" \0",
        digits + b"\0",
        digits + b" ",
    ]
    if number in ("uid", "gid", "mtime", "size"):
        forms.append(b"\x80" + int(digits, 8).to_bytes(width - 1, "big"))
    return random.choice(forms + ([bytes(width)] if number != "size" else []))


# -- what is wrong with them ---------------------------------------------------------------------------


def _odd_number(random: Random, usual: bytes, width: int) -> bytes:
    digits = usual.strip(b" \0").lstrip(b"0") or b"0"
    if not digits.isdigit():
        digits = b"5"
    value = int(digits.translate(None, b"89") or b"0", 8)
    other = random.choice((0, 1, 5, 512, 1024, value + 512, max(value - 512, 0), value + 1, 2**31, 2**33 - 1))
    padded = digits.rjust(width - 1, b"0")[: width - 1]
    return random.choice(
        (
            b"\0" + padded,
            b"\0\0" + padded[1:],
            b" \0" + padded[2:],
            b"\0 " + padded[2:],
            padded[:3] + b"\0" + padded[4:] + b"\0",
            padded[:3] + b" " + padded[4:] + b"\0",
            b"\t" + padded,
            b"\n" + padded,
            b"\x0b" + padded,
            b"\x1c" + padded,
            b"\xa0" + padded,
            b"+" + padded,
            b"-" + padded,
            b"0o" + padded[2:] + b"\0",
            b"0O" + padded[2:] + b"\0",
            b"0x" + padded[2:] + b"\0",
            padded[:3] + b"_" + padded[4:] + b"\0",
            padded[:-1] + b"8\0",
            padded[:-1] + b"9\0",
            padded[:-1] + b"a\0",
            padded[:-1] + b"\0z",
            padded[:-1] + b" z",
            padded[:-2] + b" \t\0",
            b"zzzzzzzzzzzz",
            b" " * width,
            b" " * (width - 1) + b"\0",
            bytes(width),
            b"7" * width,
            b"\x80" + other.to_bytes(width - 1, "big"),
            b"\x80" + b"\xff" * (width - 1),
            b"\x81" + other.to_bytes(width - 1, "big"),
            b"\xbf" + b"\xff" * (width - 1),
            b"\xc0" + other.to_bytes(width - 1, "big"),
            b"\xff" * width,
            b"\xff" + (256 ** (width - 1) - 512).to_bytes(width - 1, "big"),
            b"\xff" + other.to_bytes(width - 1, "big"),
            b"+AB" + padded[3:],
            b"-AB" + padded[3:],
            f"{other:0{width - 1}o}".encode()[-width:] + b"\0",
            f"{other:o}".encode() + b"\0",
            b" " + f"{other:o}".encode() + b" ",
            b"\xd9\xa1" + padded[2:],
            random.randbytes(width),
        )
    )


def _mutate_number(random: Random, plan: Plan) -> None:
    chosen = random.choice(plan.headers())
    name = random.choice((*_NUMBERS, "size", "size"))
    start, end = _FIELDS[name]
    usual = chosen.fields.get(name, b"")
    chosen.fields[name] = _odd_number(random, usual, end - start)
    if name == "checksum":
        chosen.checksum = "raw"
        right = _octal(_sum(chosen.block()), 7, b"\0 ")
        chosen.fields[name] = random.choice((chosen.fields[name], _odd_number(random, right[:6], 8)))


def _mutate_text(random: Random, plan: Plan) -> None:
    chosen = random.choice(plan.headers())
    name = random.choice((*_TEXTS, "name", "name"))
    text = random.choice((*NAMES, *_ODD_NAMES, *_LINKS, *_ODD_LINKS))
    if random.random() < 0.2:
        text += b"\0" + random.choice((b"junk", b"/junk", b"\0\0x"))
    if name == "prefix" and random.random() < 0.4:  # where star and old GNU tar keep times
        text = random.choice((bytes(131) + b"14524770000 14524770000 ", b"14524770000\x0014524770000\0", b"d" * 155))
    chosen.fields[name] = text


def _mutate_kind(random: Random, plan: Plan) -> None:
    chosen = random.choice(plan.headers())
    chosen.fields["kind"] = bytes([random.choice(_KINDS)])
    if random.random() < 0.3:
        chosen.fields["link"] = random.choice((*_LINKS, *_ODD_LINKS))
    if random.random() < 0.3:
        chosen.fields["name"] = random.choice((*NAMES, *_ODD_NAMES))


def _mutate_magic(random: Random, plan: Plan) -> None:
    chosen = random.choice(plan.headers())
    chosen.fields["magic"] = random.choice((*MAGICS, *_ODD_MAGICS, random.randbytes(8)))
    if random.random() < 0.3:
        chosen.fields["rest"] = random.choice((b"\0" * 8 + b"tar\0", b"junk", b"\0" * 11 + b"x"))


def _mutate_checksum(random: Random, plan: Plan) -> None:
    random.choice(plan.headers()).checksum = random.choice(
        ("NUL", "blank first", "leading NUL", "no end", "wrong", "letter", "binary", "signed")
    )


def _mutate_extension(random: Random, plan: Plan) -> None:
    """An extended header before some member: pax, global or GNU, with one to three records, some of them broken."""
    place = random.randrange(len(plan.parts) + 1)
    kind = random.choice((b"x", b"x", b"x", b"g", b"X", b"L", b"K"))
    if kind in (b"L", b"K"):
        text = random.choice((*NAMES, *_ODD_NAMES, *_LINKS, *_ODD_LINKS, b"m" * 600))
        added = long_name(text, kind)
        added.content = random.choice((text + b"\0", text, text + b"\0junk", text + bytes(9), b"", b"\0"))
    else:
        records = [(random.choice(_KEYS).encode(), random.choice(_VALUES)) for _ in range(random.randint(1, 3))]
        added = pax(records, kind)
        if random.random() < 0.3:
            added.content = _broken_records(random, added.content)
    added.fields["size"] = _octal(len(added.content), 12)
    added.padding = random.choice((*[b""] * 9, b"junk", b"\0junk", pax_record(b"path", b"demo-1.0/padding")))
    plan.parts.insert(place, added)


def _broken_records(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return random.choice(
        (
            b"0" + content,
            b" " + content,
            b"\0" + content,
            b"+" + content,
            content[:-1],
            content + b"\0",
            content + b"\n",
            content + content,
            content + b"9" * 30 + b" path=x\n",
            content.replace(b"=", b" ", 1),
            content.replace(b" ", b"\t", 1),
            content.replace(b" ", b"  ", 1),
            content[:place] + random.randbytes(1) + content[place + 1 :],
            content[:place] + content[place + 1 :],
        )
    )


def _mutate_existing_extension(random: Random, plan: Plan) -> None:
    found = [part for part in plan.headers() if part.fields["kind"] in (b"x", b"g", b"L", b"K")]
    if not found:
        return _mutate_extension(random, plan)
    chosen = random.choice(found)
    if random.random() < 0.5:
        chosen.content = _broken_records(random, chosen.content)
        if random.random() < 0.7:
            chosen.fields["size"] = _octal(len(chosen.content), 12)
    else:
        key, value = random.choice(_KEYS).encode(), random.choice(_VALUES)
        chosen.content += pax_record(key, value)
        chosen.fields["size"] = _octal(len(chosen.content), 12)
    return None


def _mutate_order(random: Random, plan: Plan) -> None:
    if random.random() < 0.5:
        random.shuffle(plan.parts)
    else:
        plan.parts.insert(random.randrange(len(plan.parts) + 1), random.choice(plan.parts))


def _mutate_middle(random: Random, plan: Plan) -> None:
    place = random.randrange(len(plan.parts) + 1)
    plan.parts.insert(
        place, random.choice((bytes(BLOCK), bytes(2 * BLOCK), b"\0" * 511 + b"x", random.randbytes(BLOCK)))
    )


def _mutate_end(random: Random, plan: Plan) -> None:
    tail = header(b"demo-1.0/after", b"0", b"after").bytes()
    plan.end = random.choice(
        (
            b"",
            bytes(BLOCK),
            bytes(BLOCK) + tail + bytes(2 * BLOCK),
            bytes(2 * BLOCK) + tail + bytes(2 * BLOCK),
            bytes(2 * BLOCK) + b"junk",
            bytes(2 * BLOCK - 1),
            bytes(2 * BLOCK + 1),
            bytes(100),
            bytes(2 * BLOCK) + b"\0" * 5000 + b"x",
        )
    )


_MUTATIONS: tuple[Callable[[Random, Plan], None], ...] = (
    *(_mutate_number, _mutate_number, _mutate_number, _mutate_text, _mutate_text, _mutate_kind, _mutate_magic),
    *(_mutate_checksum, _mutate_extension, _mutate_extension, _mutate_extension, _mutate_existing_extension),
    *(_mutate_order, _mutate_middle, _mutate_end),
)


def mutant(random: Random) -> bytes:
    """The bytes of one uncompressed tar file."""
    plan = _base(random)
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        random.choice(_MUTATIONS)(random, plan)
    content = plan.bytes()
    if random.random() < 0.08:
        content = _damaged(random, content)
    return content


def _damaged(random: Random, content: bytes) -> bytes:
    """Some bytes changed or cut without regard to checksums, or in a header whose checksum is set right again."""
    if random.random() < 0.3 or len(content) < BLOCK:
        return content[: random.randrange(len(content) + 1)]
    place = random.randrange(0, len(content) // BLOCK) * BLOCK
    block = bytearray(content[place : place + BLOCK])
    for _ in range(random.randint(1, 3)):
        block[random.randrange(BLOCK)] = random.choice((0, 0x20, 0x2F, 0x30, 0x80, 0xFF, random.randrange(256)))
    if random.random() < 0.8:
        block[148:156] = _octal(_sum(bytes(block)), 7, b"\0 ")[:8].ljust(8, b" ")
    return content[:place] + bytes(block) + content[place + BLOCK :]
