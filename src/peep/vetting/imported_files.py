"""Audit records of others: a faulty audit counts for nothing, a faulty violation spoils the file.

To drop an audit record can only refuse; to drop a violation could let pass what its writer warned of. Nothing travels
but audits and violations: a file with any other table is unusable, and so is one whose bytes are not the pinned ones.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from hashlib import sha256

from peep.dataclass import dataclass, replace
from peep.errors import RecordsUnreadable
from peep.vetting.criteria import BUILT_IN, all_criteria, in_our_words, with_implied
from peep.vetting.record_files import ENTRY_NAMES, RecordFile
from peep.vetting.records import AUDITS_FORMAT, Audit, AuditsFile, IgnoredRecord, Import, ImportPin, Violation
from peep.vetting.tables import audit_of, violation_of, whole


@dataclass(frozen=True, slots=True)
class SharedFile:
    """An `audits.toml` of somebody else, in its own words."""

    records: AuditsFile
    ignored: tuple[IgnoredRecord, ...]
    """Audit records with anything odd."""
    problems: tuple[RecordsUnreadable, ...]
    """Where there is any, nothing of the file may be used."""


def read_shared(content: bytes, path: str, source: str) -> SharedFile:
    """Read what `source` shares; `path` is what messages call it."""
    file = RecordFile(content, path, AUDITS_FORMAT)
    criteria = file.criteria(BUILT_IN)
    known = all_criteria(criteria)
    audits, ignored = _audits(file, known, source)
    violations = file.entries("violation", violation_of)
    for number, violation in enumerate(violations, 1):
        for name in _undefined(violation.criteria, known):
            file.tell(f"nobody defined the criterion {name}", f"{ENTRY_NAMES['violation']} {number}")
    for criterion in criteria.values():
        for name in _undefined(criterion.implies, known):
            file.tell(f"it implies {name}, which nobody defined", f"criterion {criterion.name!r}")
    file.end()
    return SharedFile(AuditsFile(criteria, audits, violations), ignored, tuple(file.problems))


def _audits(
    file: RecordFile, known: Container[str], source: str
) -> tuple[tuple[Audit, ...], tuple[IgnoredRecord, ...]]:
    audits, ignored = [], []
    for number, entry in enumerate(file.head.tables("audit"), 1):
        audit = whole(audit_of, entry)
        faults = list(entry.faults)
        if audit is not None:
            faults += [f"nobody defined the criterion {name}" for name in _undefined(audit.criteria, known)]
        if audit is None or faults:
            ignored.append(IgnoredRecord(source, f"{ENTRY_NAMES['audit']} {number}", "; ".join(faults)))
        else:
            audits.append(audit)
    return tuple(audits), tuple(ignored)


def _undefined(names: Iterable[str], known: Container[str]) -> list[str]:
    return [name for name in names if name not in known]


def read_import(content: bytes, pin: ImportPin, path: str) -> tuple[Import, tuple[RecordsUnreadable, ...]]:
    """The copy of an import, in our words; its bytes must be those that `pin` names; with a problem nothing counts."""
    found = sha256(content).hexdigest()
    if found != pin.sha256:
        reason = f"its sha256 is {found}, but imports.toml has accepted {pin.sha256}"
        return Import(pin), (RecordsUnreadable(path, reason),)
    shared = read_shared(content, path, pin.name)
    return (Import(pin) if shared.problems else in_words_here(shared, pin)), shared.problems


def in_words_here(shared: SharedFile, pin: ImportPin) -> Import:
    """The records of `shared` as they count here: criteria mapped, audits of excluded projects left out.

    An audit brings what its criteria mean here and what they imply there; a violation only what its own criteria mean,
    for who says that the stronger is not met does not say so of the weaker.
    """
    known = all_criteria(shared.records.criteria)
    audits = [
        replace(audit, criteria=ours)
        for audit in shared.records.audits
        if audit.project not in pin.exclude
        and (ours := in_our_words(with_implied(audit.criteria, known), pin.criteria))
    ]
    violations = [
        replace(violation, criteria=in_our_words(violation.criteria, pin.criteria))
        for violation in shared.records.violations
    ]
    return Import(
        pin,
        tuple(audits),
        tuple(violation for violation in violations if violation.criteria),
        (*shared.ignored, *_without_meaning(shared.records, pin)),
    )


def _without_meaning(records: AuditsFile, pin: ImportPin) -> Iterator[IgnoredRecord]:
    """Tell of criteria of the import that have no meaning here: once for each, with the number of its records."""
    mapped = {*BUILT_IN, *pin.criteria}
    for word, entries in (("audit", records.audits), ("violation", records.violations)):
        yield from _unmapped(word, entries, pin.name, mapped)


def _unmapped(
    kind: str, entries: Iterable[Audit] | Iterable[Violation], source: str, mapped: Container[str]
) -> Iterator[IgnoredRecord]:
    counts: dict[str, int] = {}
    for entry in entries:
        for name in entry.criteria:
            if name not in mapped:
                counts[name] = counts.get(name, 0) + 1
    for name, count in sorted(counts.items()):
        noun = ENTRY_NAMES[kind] + ("" if count == 1 else "s")
        yield IgnoredRecord(source, f"{count} {noun}", f"imports.toml does not map the criterion {name}")
