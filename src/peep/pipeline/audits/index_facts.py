"""Index facts of audited projects, asked of the configured indexes: pages, releases, origins.

They see these names at every install. An index that does not answer costs facts, never a finding of the snapshot.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from peep.advisories.findings import AuditedPin
from peep.advisories.fixes import FixRelease
from peep.advisories.ordering import version_key
from peep.advisories.publishers import LARGEST_PROVENANCE, UnreadableProvenance, publishers_in, releases_to_compare
from peep.advisories.report import IndexFacts
from peep.advisories.roster import Roster
from peep.advisories.watch import ProjectPages, filenames_of
from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError, TransportError
from peep.formats.archive_names import ArchiveName, NameReader
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.index.client import PackageIndex
from peep.index.links import followed
from peep.model import Digest, IndexFile, IndexOptions, ProjectDetail

_AT_ONCE = 8
_GIVE_UP_AFTER = 3
"""Projects in a row for which no connection came about: the others will not fare better, and each takes its time."""


@dataclass(slots=True)
class AskedIndexes:
    """What the indexes said of each project, and of which they said nothing."""

    pages: dict[str, ProjectPages] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    publishers: dict[str, frozenset[str]] = field(default_factory=dict)
    """By the URL of their provenance object, where somebody watches."""
    extra: tuple[str, ...] = ()
    """The configured indexes but the main one, without credentials."""

    def facts(self) -> IndexFacts:
        return IndexFacts(asked=True, failed=tuple(sorted(self.failed.items())))

    def releases(self, python: tuple[int, int, int] | None) -> dict[str, Sequence[FixRelease]]:
        """The releases that could be gone to: not yanked, for the target's Python, of the first index that has any."""
        return {name: _releases(one, python) for name, one in self.pages.items() if one.details}

    def completed(self, pin: AuditedPin) -> AuditedPin:
        """A pin with what indexes tell of it: whether it is of an extra one, the names of its files."""
        pages = None if pin.is_direct else self.pages.get(pin.name)
        is_private = pin.is_private or is_of_extra_index(pin.hashes, pin.index, pages, self.extra)
        names = filenames_of(pin, pages.details) if pages is not None else ()
        return replace(pin, is_private=is_private, filenames=tuple(dict.fromkeys((*pin.filenames, *names))))


def ask_indexes(asked: AskedIndexes, names: Iterable[str], open_index: Callable[[], PackageIndex]) -> None:
    """Ask for the pages of all projects, several at once. Nothing is raised but what `open_index` raises."""
    ordered = sorted(set(names))
    if not ordered:
        return
    index = open_index()
    failures = _Failures()

    def one(name: str) -> None:
        if reason := failures.reason_to_stop:
            asked.failed[name] = f"not asked: {reason}"
            return
        try:
            details = index.project(name)
        except PeepError as error:
            asked.failed[name] = str(error)
            failures.note(str(error) if isinstance(error, TransportError) and error.status is None else "")
        else:
            asked.pages[name] = _joined(asked.pages.get(name), ProjectPages(details, _versions(name, details)))
            failures.note("")

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(one, ordered))


def _joined(former: ProjectPages | None, new: ProjectPages) -> ProjectPages:
    """What several files' indexes say of one project."""
    if former is None:
        return new
    known = {detail.index for detail in former.details}
    details = (*former.details, *(detail for detail in new.details if detail.index not in known))
    return ProjectPages(details, {**new.versions, **former.versions})


def names_by_indexes(roster: Roster) -> dict[IndexOptions, set[str]]:
    """The projects to ask for, by what the files that list them state of indexes: no name reaches any other."""
    found: dict[IndexOptions, set[str]] = {}
    for subject in roster.subjects:
        names = (roster.pins[number].name for number in subject.pins if not roster.pins[number].is_direct)
        found.setdefault(subject.indexes, set()).update(names)
    return found


def ask_publishers(asked: AskedIndexes, pins: Iterable[AuditedPin], transport: Transport) -> None:
    """Read who published the pinned and the newest release of each project; what does not come is a failed fact."""
    wanted: dict[str, str] = {}
    for pin in pins:
        pages = None if pin.is_direct else asked.pages.get(pin.name)
        releases = releases_to_compare(pin, pages) if pages is not None else None
        if releases is not None:
            wanted.update(dict.fromkeys(filter(None, (releases.pinned, releases.newest)), pin.name))

    def one(url: str) -> None:
        try:
            asked.publishers[url] = _publishers(url, transport)
        except PeepError as error:
            asked.failed[wanted[url]] = str(error)
        except UnreadableProvenance as error:
            asked.failed[wanted[url]] = f"{redacted(url)}: {error}"

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(one, sorted(wanted)))


def _publishers(url: str, transport: Transport) -> frozenset[str]:
    accept = {"Accept": "application/vnd.pypi.integrity.v1+json, application/json"}
    with transport.get(followed(url), accept) as response:
        if response.status != HTTPStatus.OK:
            raise TransportError(redacted(url), f"HTTP status {response.status}", status=response.status)
        return publishers_in(response.read(LARGEST_PROVENANCE))


class _Failures:
    """Counts connections in a row that did not come about."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()
        self.reason_to_stop = ""

    def note(self, reason: str) -> None:
        """`reason`: why there was no connection, '' when there was one."""
        with self._lock:
            self._count = self._count + 1 if reason else 0
            if self._count >= _GIVE_UP_AFTER:
                self.reason_to_stop = reason


def _versions(name: str, details: Iterable[ProjectDetail]) -> dict[str, str]:
    reader = NameReader(name)
    read = {file.filename: reader.read(file.filename) for detail in details for file in detail.files}
    return {filename: one.version.replace("_", "-") for filename, one in read.items() if isinstance(one, ArchiveName)}


def _releases(pages: ProjectPages, python: tuple[int, int, int] | None) -> list[FixRelease]:
    found: dict[str, list[IndexFile]] = {}
    for file in pages.details[0].files:
        version = pages.versions.get(file.filename)
        if version and file.yanked is None and _fits(file, python):
            found.setdefault(version_key(version), []).append(file)
    return [
        FixRelease(_spelled(pages.versions[files[0].filename], files, pages), _hashes(files))
        for files in found.values()
    ]


def _fits(file: IndexFile, python: tuple[int, int, int] | None) -> bool:
    if python is None or not file.requires_python:
        return True
    from peep.index.compatibility import python_objection  # noqa: PLC0415 - specifiers: 14 ms, for runs with a target

    return not python_objection(file.requires_python, python)


def _spelled(first: str, files: Sequence[IndexFile], pages: ProjectPages) -> str:
    """The version as most file names spell it; of equally common ones the longest, which has its zeros."""
    spelled = [pages.versions[file.filename] for file in files]
    return max(spelled, key=lambda one: (spelled.count(one), len(one), one), default=first)


def _hashes(files: Iterable[IndexFile]) -> tuple[Digest, ...]:
    stated = {digest for file in files for digest in file.hashes if digest.algorithm == "sha256"}
    return tuple(sorted(stated))


def is_of_extra_index(
    hashes: Sequence[Digest], index: str | None, pages: ProjectPages | None, extra: Collection[str]
) -> bool:
    """Whether a pin comes from one of the `extra` indexes, of which the first, the main one, is none (decision 0101).

    `index` is the one that a lock file names; without one it is that whose page states a pinned digest. Indexes are
    compared without credentials and without the slash at their end.
    """
    known = {one.rstrip("/") for one in extra}
    if index is not None:
        return redacted(index).rstrip("/") in known
    listed = set(hashes)
    if pages is None or not listed:
        return False
    having = {detail.index for detail in pages.details for file in detail.files if not listed.isdisjoint(file.hashes)}
    return bool(having) and all(one.rstrip("/") in known for one in having)
