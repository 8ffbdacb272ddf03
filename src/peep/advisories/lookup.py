"""Advisories about given projects, digests or ids, from snapshots: by an index, or by streaming."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from functools import partial
from typing import Protocol

from peep.advisories.index_database import AdvisoryIndex, IndexStamp, IndexUnusable, open_index
from peep.advisories.record import CLOCK_TOLERANCE, Advisory, UnreadableRecord
from peep.advisories.snapshot import (
    Entry,
    FetchRecord,
    SnapshotError,
    SnapshotFacts,
    Tally,
    entries_of_folder,
    entries_of_zip,
    entry_of_file,
    fetch_record,
    file_sha256,
    is_zip,
    newer,
)
from peep.dataclass import dataclass, field
from peep.formats.ages import utc_time
from peep.formats.documents import parse_json
from peep.reporting import Reporter, SilentReporter
from peep.system.bounded import SETTINGS, read_file

_INDEX_PAYS_ABOVE = 1 << 20
"""Bytes of a zip below which streaming it takes no longer than to make an index."""
_MOST_INDEXES = 4
_NAMED_BY_DIGEST = re.compile(r"[0-9a-f]{64}\.sqlite")


@dataclass(frozen=True, slots=True)
class WantedAdvisories:
    """What a run asks a snapshot for; projects are normalised names, digests sha256 in lower-case hex."""

    names: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    """Ids or aliases."""

    def holds(self, advisory: Advisory) -> bool:
        return (
            any(entry.name in self.names for entry in advisory.affected)
            or any(file.sha256 in self.digests for file in advisory.malware_files)
            or (bool(self.ids) and not self.ids.isdisjoint((advisory.id, *advisory.aliases)))
        )


@dataclass(slots=True)
class Known:
    """The advisories that were found, none of them withdrawn, and what is known of their sources."""

    advisories: dict[str, Advisory] = field(default_factory=dict)
    """By id."""
    facts: list[SnapshotFacts] = field(default_factory=list)
    missing: list[SnapshotError] = field(default_factory=list)

    def by_project(self) -> dict[str, list[Advisory]]:
        found: dict[str, list[Advisory]] = {}
        for advisory in self.advisories.values():
            for name in {entry.name for entry in advisory.affected}:
                found.setdefault(name, []).append(advisory)
        return found

    def by_digest(self) -> dict[str, list[Advisory]]:
        found: dict[str, list[Advisory]] = {}
        for advisory in self.advisories.values():
            for digest in {file.sha256 for file in advisory.malware_files}:
                found.setdefault(digest, []).append(advisory)
        return found


@dataclass(frozen=True, slots=True)
class LookupOptions:
    """How to look things up. `index_folder` None: no index is made."""

    now: datetime
    version: str
    """peep's, part of an index's stamp."""
    index_folder: str | None = None
    reporter: Reporter = SilentReporter()
    """Told of each record that is read, as all are for the first index of a snapshot."""


class SnapshotSource(Protocol):
    """One snapshot, opened: give its facts, the wanted records, and which of some ids are withdrawn in it."""

    def found(self, wanted: WantedAdvisories) -> tuple[list[Advisory], SnapshotFacts]:
        """Raises `SnapshotError`."""

    def withdrawn(self, ids: Collection[str]) -> list[Advisory]: ...


def look_up(paths: Sequence[str], wanted: WantedAdvisories, options: LookupOptions) -> Known:
    """Everything that the snapshots at `paths` hold of what is wanted; what is no snapshot stands in `missing`.

    Of an id that several have, the record that was modified last counts: also when that one is withdrawn.
    """
    known = Known()
    sources: list[SnapshotSource] = []
    for path in paths:
        source = _source(path, options)
        try:
            found, facts = source.found(wanted)
        except SnapshotError as error:
            known.missing.append(error)
            continue
        sources.append(source)
        known.facts.append(facts)
        for advisory in found:
            other = known.advisories.get(advisory.id)
            known.advisories[advisory.id] = advisory if other is None else newer(advisory, other)
    if len(sources) > 1:
        _leave_out_withdrawn(known, sources)
    return known


def _leave_out_withdrawn(known: Known, sources: Iterable[SnapshotSource]) -> None:
    for source in sources:
        for withdrawn in source.withdrawn(list(known.advisories)):
            if newer(known.advisories[withdrawn.id], withdrawn).is_withdrawn:
                del known.advisories[withdrawn.id]


def _source(path: str, options: LookupOptions) -> SnapshotSource:
    return _Zip(path, options) if is_zip(path) else _Stream(path, None, options, None)


def sidecar_path(path: str) -> str:
    """Where it is remembered when and from where a zip was fetched."""
    return f"{path}.json"


def read_sidecar(path: str, digest: str) -> FetchRecord | None:
    """What is remembered of fetching the zip at `path`, whose sha256 is `digest`; None: nothing that can be used."""
    try:
        values = parse_json(read_file(sidecar_path(path), SETTINGS))
    except (OSError, ValueError):
        return None
    return fetch_record(values, digest)


def stated_age(path: str) -> datetime | None:
    """As of when the zip at `path` is by what is remembered of its fetching, unverified: for people, who look often.

    None where nothing is remembered, or there is no zip.
    """
    try:
        values = parse_json(read_file(sidecar_path(path), SETTINGS))
    except (OSError, ValueError):
        return None
    record = fetch_record(values, str(values.get("sha256"))) if isinstance(values, dict) and is_zip(path) else None
    newest = utc_time(record.newest) if record is not None else None
    return min(newest, record.fetched) if record is not None and newest is not None else None


class _Zip:
    """A zip by its index where one pays and can be had, else streamed; the answers are the same."""

    def __init__(self, path: str, options: LookupOptions) -> None:
        self._path = path
        self._options = options
        self._stream: _Stream | None = None
        self._digest = ""

    def found(self, wanted: WantedAdvisories) -> tuple[list[Advisory], SnapshotFacts]:
        self._digest = file_sha256(self._path)
        remembered = read_sidecar(self._path, self._digest)
        fetched = remembered.fetched if remembered else None
        self._stream = _Stream(self._path, self._digest, self._options, fetched)
        if not self._has_index():
            return self._stream.found(wanted)
        try:
            with closing(self._index()) as index:
                latest = (fetched or self._options.now) + CLOCK_TOLERANCE
                facts = index.facts(self._path, self._digest, fetched, latest)
                if not facts.records:
                    raise SnapshotError(f"{self._path}: holds no record that can be read")
                return _of_index(index, wanted), facts
        except IndexUnusable:
            return self._stream.found(wanted)

    def withdrawn(self, ids: Collection[str]) -> list[Advisory]:
        if not self._has_index():
            return self._stream.withdrawn(ids) if self._stream else []
        try:
            with closing(self._index()) as index:
                return list(index.withdrawn(ids))
        except IndexUnusable:
            stream = _Stream(self._path, self._digest, self._options, None)
            stream.found(WantedAdvisories())
            return stream.withdrawn(ids)

    def _has_index(self) -> bool:
        return self._options.index_folder is not None and os.path.getsize(self._path) >= _INDEX_PAYS_ABOVE

    def _index(self) -> AdvisoryIndex:
        """The index lies in the user's own cache, not beside a zip that others may have put somewhere (0102)."""
        folder = self._options.index_folder or ""
        beside = os.path.realpath(os.path.dirname(self._path) or ".") == os.path.realpath(folder)
        name = f"{os.path.basename(self._path)}.sqlite" if beside else f"{self._digest}.sqlite"
        path = os.path.join(folder, name)
        is_new = not os.path.exists(path)
        entries = partial(_told, entries_of_zip, self._path, self._options.reporter)
        index = open_index(path, IndexStamp(self._digest, self._options.version), entries)
        if is_new:
            _remove_old_indexes(folder)
        return index


def _remove_old_indexes(folder: str) -> None:
    """Keep the latest of the indexes that are named after zips elsewhere: those come and go, with every fetch."""
    with suppress(OSError):
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if _NAMED_BY_DIGEST.fullmatch(entry.name)]
        found.sort(key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
        for entry in found[_MOST_INDEXES:]:
            os.unlink(entry.path)


def _of_index(index: AdvisoryIndex, wanted: WantedAdvisories) -> list[Advisory]:
    found: dict[str, Advisory] = {}
    for advisory in index.of_projects(wanted.names):
        found[advisory.id] = advisory
    for advisory in index.of_digests(wanted.digests):
        found[advisory.id] = advisory
    for advisory in index.of_ids(wanted.ids):
        found[advisory.id] = advisory
    return list(found.values())


class _Stream:
    """A zip (`digest` given), a folder or one record, read from its first byte to its last."""

    def __init__(self, path: str, digest: str | None, options: LookupOptions, fetched: datetime | None) -> None:
        self._path = path
        self._digest = digest
        self._is_zip = digest is not None
        self._now = options.now
        self._reporter = options.reporter
        self._fetched = fetched
        self._heads: dict[str, Advisory] = {}

    def found(self, wanted: WantedAdvisories) -> tuple[list[Advisory], SnapshotFacts]:
        kept: dict[str, Advisory] = {}
        heads = self._heads
        tally = Tally((self._fetched or self._now) + CLOCK_TOLERANCE)
        for entry in self._entries():
            if isinstance(entry, UnreadableRecord):
                tally.add(entry)
                continue
            head, other = _head_of(entry), heads.get(entry.id)
            if other is not None and newer(other, head) is other:
                continue
            heads[entry.id] = head
            kept.pop(entry.id, None)
            if not entry.is_withdrawn and wanted.holds(entry):
                kept[entry.id] = entry
        for head in heads.values():
            tally.add(head)
        if not tally.records:
            told = "".join(f"; {one.name}: {one.reason}" for one in tally.unreadable[:3])
            raise SnapshotError(f"{self._path}: holds no record that can be read{told}")
        facts = tally.facts(self._path, self._digest, is_zip=self._is_zip, fetched=self._fetched)
        return list(kept.values()), facts

    def withdrawn(self, ids: Collection[str]) -> list[Advisory]:
        return [self._heads[one] for one in ids if one in self._heads and self._heads[one].is_withdrawn]

    def _entries(self) -> Iterator[Entry]:
        if self._is_zip:
            return _told(entries_of_zip, self._path, self._reporter)
        if os.path.isdir(self._path):
            return _told(entries_of_folder, self._path, self._reporter)
        self._digest = file_sha256(self._path)
        return iter([entry_of_file(self._path, os.path.basename(self._path))[0]])


def _told(entries: Callable[[str], Iterator[Entry]], path: str, reporter: Reporter) -> Iterator[Entry]:
    for entry in entries(path):
        reporter.worked("advisories read")
        yield entry


def _head_of(advisory: Advisory) -> Advisory:
    """What must be remembered of a record that nobody asked for: little, for there are many."""
    return Advisory(
        advisory.id,
        advisory.modified,
        is_withdrawn=advisory.is_withdrawn,
        is_malformed=advisory.is_malformed,
        material=advisory.material,
    )
