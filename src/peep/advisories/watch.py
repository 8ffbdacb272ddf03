"""Index facts about pinned files: yanked, removed, added later, quarantined; Pythons past their end.

Sources: PEP 592 (yanked), PEP 691, PEP 700 (upload time), PEP 792 (project status).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from peep.advisories.findings import AuditedPin, Finding, Kind, Level, Place
from peep.advisories.foreign_text import cleaned
from peep.advisories.ordering import version_key
from peep.dataclass import dataclass
from peep.formats.ages import utc_time
from peep.model import Digest, IndexFile, ProjectDetail

_LATE = timedelta(days=14)
_STATUSES = {
    "quarantined": (Kind.QUARANTINED, Level.ERROR),
    "archived": (Kind.ARCHIVED, Level.NOTE),
    "deprecated": (Kind.DEPRECATED, Level.NOTE),
}
END_OF_LIFE = {
    (3, 8): date(2024, 10, 7),
    (3, 9): date(2025, 10, 31),
    (3, 10): date(2026, 10, 31),
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
}
"""Last days of support of CPython, by the Python Developer's Guide, "Status of Python versions" (state of 2026-11)."""


@dataclass(frozen=True, slots=True)
class ProjectPages:
    """What the configured indexes say of one project, first index first; none of them has it: ()."""

    details: tuple[ProjectDetail, ...]
    versions: Mapping[str, str]
    """The version that a file name states, by file name."""


def watched(pin: AuditedPin, pages: ProjectPages) -> Iterator[Finding]:
    """Findings about one pin that came from an index."""
    if not pages.details:
        message = "none of the configured indexes has this project any more"
        yield _finding(Kind.PROJECT_REMOVED, Level.ERROR, pin, message)
        return
    yield from _status_findings(pin, pages)
    if pin.hashes:
        yield from _listed_file_findings(pin, pages)
    elif reasons := [file.yanked for file in release_of(pin, pages) if file.yanked is not None]:
        yield _yanked(pin, reasons[0])


def _status_findings(pin: AuditedPin, pages: ProjectPages) -> Iterator[Finding]:
    told: set[Kind] = set()
    for detail in pages.details:
        known = _STATUSES.get(detail.status)
        if known is None or known[0] in told:
            continue
        kind, level = known
        told.add(kind)
        reason = cleaned(detail.status_reason)
        yield _finding(kind, level, pin, f"the project is {detail.status}" + (f": {reason}" if reason else ""))


def _listed_file_findings(pin: AuditedPin, pages: ProjectPages) -> Iterator[Finding]:
    listed = set(pin.hashes)
    files = [file for detail in pages.details for file in detail.files]
    ours = files_of_pin(pin, pages)
    reasons = [file.yanked for file in ours if file.yanked is not None]
    if reasons:
        yield _yanked(pin, next((reason for reason in reasons if reason), ""))
    algorithms = {digest.algorithm for file in files for digest in file.hashes}
    # A file without a stated digest, such as one in a folder of --find-links, may be the listed one.
    is_known = all(file.hashes for file in release_of(pin, pages))
    if not ours and is_known and not algorithms.isdisjoint(digest.algorithm for digest in pin.hashes):
        yield _finding(Kind.FILE_REMOVED, Level.WARNING, pin, "no configured index has a file with a listed digest")
    if ours:
        yield from _late_files(pin, pages, listed)


def files_of_pin(pin: AuditedPin, pages: ProjectPages) -> list[IndexFile]:
    """The files on all pages that have a pinned digest."""
    listed = set(pin.hashes)
    return [file for detail in pages.details for file in detail.files if not listed.isdisjoint(file.hashes)]


def _late_files(pin: AuditedPin, pages: ProjectPages, listed: set[Digest]) -> Iterator[Finding]:
    dated = [(time, file) for file in release_of(pin, pages) if (time := utc_time(file.upload_time)) is not None]
    first = min((time for time, _ in dated), default=None)
    late = [
        f"{cleaned(file.filename, 200)} ({time:%Y-%m-%d})"
        for time, file in dated
        if first is not None and time > first + _LATE and file.hashes and listed.isdisjoint(file.hashes)
    ]
    if late and first is not None:
        message = f"files that are not listed came after {first:%Y-%m-%d}: {', '.join(sorted(set(late))[:5])}"
        yield _finding(Kind.FILE_ADDED, Level.NOTE, pin, message)


def release_of(pin: AuditedPin, pages: ProjectPages) -> Iterator[IndexFile]:
    """The files of the pinned version on all pages."""
    wanted = version_key(pin.version)
    for detail in pages.details:
        for file in detail.files:
            if version_key(pages.versions.get(file.filename, "")) == wanted:
                yield file


def _yanked(pin: AuditedPin, reason: str) -> Finding:
    told = cleaned(reason)
    return _finding(Kind.YANKED, Level.WARNING, pin, f"yanked: {told}" if told else "yanked, without a reason")


def _finding(kind: Kind, level: Level, pin: AuditedPin, message: str) -> Finding:
    return Finding(kind, level, pin.name, pin.version, message, hashes=pin.hashes, places=pin.places, id=kind.value)


def filenames_of(pin: AuditedPin, details: Iterable[ProjectDetail]) -> tuple[str, ...]:
    """Names of the files that an index states a pinned digest for."""
    listed = set(pin.hashes)
    names = (file.filename for detail in details for file in detail.files if not listed.isdisjoint(file.hashes))
    return tuple(dict.fromkeys(names))


def interpreter_finding(version: tuple[int, int, int], path: str, now: datetime) -> Finding | None:
    """A finding for an interpreter whose Python is past its end; None for one that is not, or that nobody knows yet."""
    minor = version[:2]
    end = END_OF_LIFE.get(minor, date.min if minor < min(END_OF_LIFE) else date.max)
    if now.date() <= end:
        return None
    told = "before 2024" if end == date.min else f"on {end.isoformat()}"
    kind = Kind.PYTHON_END_OF_LIFE
    message = f"Python {minor[0]}.{minor[1]} got its last security fixes {told}"
    return Finding(
        kind, Level.NOTE, "python", ".".join(map(str, version)), message, places=(Place(path),), id=kind.value
    )
