"""Whole vetting files, bytes to records: odd entries are refused, each fault by file and entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from peep.errors import RecordsUnreadable
from peep.formats.digest_lines import NotADigestLine, digest_line
from peep.formats.documents import parse_toml
from peep.vetting.entries import Entry, is_plain_name
from peep.vetting.policy import POLICY_FORMAT, Policy
from peep.vetting.records import (
    AUDITS_FORMAT,
    EXCUSED_FORMAT,
    IMPORTS_FORMAT,
    PUBLISHED_FORMAT,
    AuditsFile,
    Criterion,
    Excuse,
    ImportPin,
    PublishedArchive,
)
from peep.vetting.tables import (
    Read,
    audit_of,
    criterion_of,
    excuse_of,
    import_of,
    override_of,
    published_of,
    trusted_of,
    violation_of,
    whole,
)

ENTRY_NAMES = {
    "audit": "audit record",
    "violation": "violation",
    "excused": "excuse",
    "published": "published archive",
    "import": "import",
    "trusted": "trusted publisher",
    "override": "override",
}
"""What messages call the entries of each kind of table."""

File = TypeVar("File")


class RecordFile:
    """One file while it is read; `problems` grows with every fault."""

    def __init__(self, content: bytes, path: str, format_line: str) -> None:
        """Parse `content`; what is no TOML of the format `format_line` is a problem and holds nothing."""
        self.path = path
        self.problems: list[RecordsUnreadable] = []
        self.head = Entry(self._parsed(content, format_line))

    def _parsed(self, content: bytes, format_line: str) -> Mapping[str, object]:
        try:
            values = parse_toml(content.decode("utf-8"))
        except UnicodeDecodeError as error:
            self.tell(f"is not UTF-8 (byte {error.start})")
            return {}
        except ValueError as error:
            self.tell(f"is not TOML: {error}")
            return {}
        stated = values.pop("format", None)
        if stated != format_line:
            self.tell(f"its format is {stated!r}, not {format_line!r}" if stated else "it does not state its format")
            return {}
        return values

    def tell(self, reason: str, entry: str = "") -> None:
        self.problems.append(RecordsUnreadable(self.path, reason, entry))

    def entries(self, kind: str, read: Callable[[Entry], Read]) -> tuple[Read, ...]:
        """All `[[kind]]`; a faulty one is a problem, and is not among them."""
        found: list[Read] = []
        for number, entry in enumerate(self.head.tables(kind), 1):
            one = whole(read, entry)
            if one is None:
                self.tell("; ".join(entry.faults), f"{ENTRY_NAMES[kind]} {number}")
            else:
                found.append(one)
        return tuple(found)

    def criteria(self, reserved: Iterable[str]) -> dict[str, Criterion]:
        """All `[criteria.NAME]`; `reserved` are names that the file may not define."""
        table = self.head.table("criteria")
        found: dict[str, Criterion] = {}
        for name in sorted(table.keys()):
            one = table.table(name)
            criterion = whole(criterion_of(name), one)
            if name in reserved:
                one.faults.append("is built in, and means the same everywhere")
            if not is_plain_name(name):
                one.faults.append("is not made of letters, digits, - and _")
            if one.faults or criterion is None:
                self.tell("; ".join(one.faults), f"criterion {name!r}")
            else:
                found[name] = criterion
        for fault in table.faults:
            self.tell(fault)
        return found

    def end(self) -> None:
        """Tell what is left over: tables and keys that this format does not have."""
        self.head.end()
        for fault in self.head.faults:
            self.tell(fault)


Result = tuple[File, list[RecordsUnreadable]]
"""What a file holds, and all that is wrong with it: where that is anything, nothing of it may be used."""


def read_audits(content: bytes, path: str, reserved: Iterable[str]) -> Result[AuditsFile]:
    """One's own `audits.toml`; `reserved`: the built-in criteria."""
    file = RecordFile(content, path, AUDITS_FORMAT)
    audits = AuditsFile(
        file.criteria(reserved), file.entries("audit", audit_of), file.entries("violation", violation_of)
    )
    file.end()
    return audits, file.problems


def read_excused(content: bytes, path: str) -> Result[tuple[Excuse, ...]]:
    file = RecordFile(content, path, EXCUSED_FORMAT)
    excuses = file.entries("excused", excuse_of)
    file.end()
    return excuses, file.problems


def read_published(content: bytes, path: str) -> Result[tuple[PublishedArchive, ...]]:
    file = RecordFile(content, path, PUBLISHED_FORMAT)
    published = file.entries("published", published_of)
    file.end()
    return published, file.problems


def read_imports(content: bytes, path: str) -> Result[tuple[ImportPin, ...]]:
    """`imports.toml`; two entries of one name are odd, for both would own one copy."""
    file = RecordFile(content, path, IMPORTS_FORMAT)
    pins = file.entries("import", import_of)
    seen: set[str] = set()
    for pin in pins:
        if pin.name.lower() in seen:
            file.tell("two entries have this name", f"import {pin.name}")
        seen.add(pin.name.lower())
    file.end()
    return pins, file.problems


def read_policy(content: bytes, path: str) -> Result[Policy]:
    """`policy.toml`; absent keys mean the defaults."""
    file = RecordFile(content, path, POLICY_FORMAT)
    head, default = file.head, Policy()
    skipped = head.texts("accept-skipped") if "accept-skipped" in head.keys() else None  # noqa: SIM118 - no mapping
    policy = Policy(
        demand=_stated(head, "demand") or default.demand,
        demand_build=_stated(head, "demand-build") or default.demand_build,
        accept_compiled=head.flag("accept-compiled", default=default.accept_compiled),
        accept_skipped=default.accept_skipped if skipped is None else frozenset(skipped),
        accept_machine=head.flag("accept-machine", default=default.accept_machine),
        trust_root=head.text("trust-root"),
        trusted=file.entries("trusted", trusted_of),
        overrides=file.entries("override", override_of),
    )
    if policy.trust_root:
        _check_trust_root(policy.trust_root, file)
    file.end()
    return policy, file.problems


def _stated(head: Entry, key: str) -> str:
    """A text that may be absent, but not empty."""
    return head.text(key, is_required=key in head.keys())  # noqa: SIM118 - no mapping


def _check_trust_root(text: str, file: RecordFile) -> None:
    try:
        digest_line(text)
    except NotADigestLine as error:
        file.tell(f"trust-root: {text!r} {error}")
