r"""Hostile archives as readable text: the files below tests/archives/cases, and the bytes they describe.

A file holds cases, each begun by `case:`. What a line says:

    case: NAME                    begins a case
    row: Z3 Z5                    the rows of the threat list that it covers
    archive: FILENAME             what the archive is called (default: demo-1.0-py3-none-any.whl)
    base: wheel | nothing         begin with a right wheel called demo 1.0 (the default for .whl), or with nothing
    file NAME [OPTIONS]: CONTENT  add a member; one of the same name as a member of the base takes its place
    drop NAME                     leave a member of the base out
    record ROW                    add a row to RECORD (which otherwise lists every member, rightly)
    unrecorded NAME               leave the row of a member out of RECORD
    end OPTIONS                   change the end of the archive
    expect: TEXT                  one problem, in order, that holds this text; none: the archive is accepted
    warn: TEXT                    one warning that holds this text
    fact: EXPRESSION = VALUE      what the test reads off an accepted archive

NAME, CONTENT and option values know the escapes \n \r \t \\ \xHH; a blank in a name or option is \x20. Options are
`key=value` words; those of ZIP members are in `zip_building`, those of tar members in `tar_building`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.tar_building import build_tar
from support.wheels import compressed, record_row
from support.zip_building import build_zip

_MEMBER = re.compile(r"file (?P<name>\S+?)(?: \[(?P<options>[^\]]*)\])?:(?: (?P<content>.*))?")
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))")
_NAMED_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}
_DIST_INFO = "demo-1.0.dist-info"
_BASE = {
    "demo/__init__.py": b"VERSION = '1.0'\n",
    f"{_DIST_INFO}/METADATA": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
    f"{_DIST_INFO}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
_RECORD = f"{_DIST_INFO}/RECORD"


@dataclass(frozen=True)
class CaseMember:
    """One member as the case describes it; `name` with its escapes undone."""

    name: bytes
    content: bytes
    options: Mapping[str, str]


@dataclass
class ArchiveCase:
    """One hostile archive and what is to be said of it."""

    name: str
    source: str
    rows: tuple[str, ...] = ()
    filename: str = "demo-1.0-py3-none-any.whl"
    base: str = ""
    members: list[CaseMember] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    unrecorded: set[str] = field(default_factory=set)
    record_rows: list[str] = field(default_factory=list)
    end: dict[str, str] = field(default_factory=dict)
    expected: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_wheel(self) -> bool:
        return self.filename.endswith(".whl")

    def archive(self) -> bytes:
        """The bytes of the archive."""
        if self.filename.endswith((".whl", ".zip")):
            return build_zip([(m.name, m.content, m.options) for m in self._all_members()], self.end)
        plain = build_tar([(m.name, m.content, m.options) for m in self._all_members()], self.end)
        for suffix, kind in ((".gz", "gz"), (".tgz", "gz"), (".bz2", "bz2"), (".xz", "xz")):
            if self.filename.endswith(suffix):
                plain = compressed(plain, self.end.get("compression", kind))
        return plain + unescaped(self.end.get("after", ""))

    def _all_members(self) -> list[CaseMember]:
        if not self.is_wheel or self.base == "nothing":
            return self.members
        own = {member.name.decode("utf-8", "replace") for member in self.members}
        members = [
            CaseMember(name.encode(), content, {})
            for name, content in _BASE.items()
            if name not in own and name not in self.dropped
        ]
        members += self.members
        if _RECORD not in own and _RECORD not in self.dropped:
            members.append(CaseMember(_RECORD.encode(), self._record(members).encode(), {}))
        return members

    def _record(self, members: list[CaseMember]) -> str:
        rows = []
        for member in members:
            name = member.name.decode("utf-8", "replace")
            if name not in self.unrecorded and not name.endswith("/"):
                rows.append(record_row(f'"{name}"' if "," in name else name, member.content))
        return "\n".join([*dict.fromkeys(rows), *self.record_rows, f"{_RECORD},,"]) + "\n"


def unescaped(text: str) -> bytes:
    """Undo the escapes of the case format; everything else is UTF-8."""

    def byte(match: re.Match[bytes]) -> bytes:
        return bytes([int(match[1], 16)]) if match[1] else _NAMED_ESCAPES[match[2]]

    return _ESCAPE.sub(byte, text.encode())


def read_cases(folder: Path) -> Iterator[ArchiveCase]:
    """All cases of the `.txt` files of a folder, in order."""
    for path in sorted(folder.glob("*.txt")):
        case: ArchiveCase | None = None
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("case: "):
                if case is not None:
                    yield case
                case = ArchiveCase(line[6:].strip(), path.name)
            elif case is None or not _take_line(case, line):
                raise ValueError(f"{path.name}:{number}: means nothing: {line}")
        if case is not None:
            yield case


def _take_line(case: ArchiveCase, line: str) -> bool:
    member = _MEMBER.fullmatch(line)
    if member:
        content = unescaped(member["content"] or "")
        options = _options(member["options"] or "")
        case.members.append(CaseMember(unescaped(member["name"]), content * int(options.pop("times", "1"), 0), options))
        return True
    key, _, value = line.partition(": ") if re.match(r"[a-z]+: ", line) else line.partition(" ")
    value = value.strip()
    if key in ("row", "archive", "base"):
        _set_field(case, key, value)
    elif key in ("drop", "unrecorded", "record", "end"):
        _change_base(case, key, value)
    elif key in ("expect", "warn"):
        (case.expected if key == "expect" else case.warnings).append(value)
    elif key == "fact":
        expression, _, expected = value.partition(" = ")
        case.facts.append((expression.strip(), expected.strip()))
    else:
        return False
    return True


def _set_field(case: ArchiveCase, key: str, value: str) -> None:
    if key == "row":
        case.rows = tuple(value.split())
    elif key == "archive":
        case.filename = value
    else:
        case.base = value


def _change_base(case: ArchiveCase, key: str, value: str) -> None:
    if key == "drop":
        case.dropped.add(value)
    elif key == "unrecorded":
        case.unrecorded.add(value)
    elif key == "record":
        case.record_rows.append(unescaped(value).decode())
    else:
        case.end.update(_options(value))


def _options(text: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in text.split())
