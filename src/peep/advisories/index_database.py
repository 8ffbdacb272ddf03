"""SQLite index of a snapshot, made once: slim records by project, alias and archive digest.

It is stamped with the zip's sha256, the schema and peep's version; one with another stamp, or one that is damaged, is
made anew, aside, and renamed: two runs at once, or one that is killed, leave a whole index or none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from peep.advisories.record import Advisory, UnreadableRecord
from peep.advisories.slim_record import SCHEMA, from_slim, slim
from peep.advisories.snapshot import Entry, SnapshotFacts, newer
from peep.dataclass import dataclass
from peep.formats.ages import sortable_time, utc_time
from peep.system.files import beside, replace_file

if TYPE_CHECKING:
    import sqlite3

_BATCH = 500
"""Parameters of one statement; SQLite allows 999."""
_TABLES = """
CREATE TABLE stamp (text TEXT);
CREATE TABLE records (
    number INTEGER PRIMARY KEY, id TEXT, modified TEXT, is_withdrawn INTEGER, is_malformed INTEGER, slim TEXT);
CREATE TABLE projects (name TEXT, number INTEGER);
CREATE TABLE aliases (alias TEXT, number INTEGER);
CREATE TABLE digests (sha256 TEXT, number INTEGER);
CREATE TABLE unreadable (name TEXT, reason TEXT);
"""
_INDEXES = """
CREATE INDEX by_id ON records (id);
CREATE INDEX by_name ON projects (name);
CREATE INDEX by_alias ON aliases (alias);
CREATE INDEX by_digest ON digests (sha256);
"""


@dataclass(frozen=True, slots=True)
class IndexStamp:
    """What an index was made of and by."""

    zip_sha256: str
    version: str
    """peep's."""

    def __str__(self) -> str:
        return f"{self.zip_sha256} schema {SCHEMA} peep {self.version}"


class IndexUnusable(Exception):
    """There is no index that can be read or made: stream the zip."""


class AdvisoryIndex:
    """An open index. Every method raises `IndexUnusable` when the file turns out to be damaged."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        self._connection.close()

    def of_projects(self, names: Collection[str]) -> Iterator[Advisory]:
        return self._records("projects", "name", names)

    def of_digests(self, digests: Collection[str]) -> Iterator[Advisory]:
        return self._records("digests", "sha256", digests)

    def of_ids(self, ids: Collection[str]) -> Iterator[Advisory]:
        """Records with one of these ids, or with one of them for an alias."""
        return self._records("aliases", "alias", ids)

    def withdrawn(self, ids: Collection[str]) -> Iterator[Advisory]:
        """Those of the ids that are withdrawn here."""
        for id_, modified in self._rows("SELECT id, modified FROM records WHERE is_withdrawn AND id IN ", ids):
            moment = utc_time(modified)
            if moment is not None:
                yield Advisory(id_, moment, is_withdrawn=True)

    def facts(self, path: str, digest: str, fetched: datetime | None, latest: datetime) -> SnapshotFacts:
        """What is known of the snapshot; no `modified` after `latest` counts."""
        one = self._connection.execute
        try:
            records, withdrawn = one("SELECT count(*), sum(is_withdrawn) FROM records").fetchone()
            (newest,) = one("SELECT max(modified) FROM records WHERE modified <= ?", [sortable_time(latest)]).fetchone()
            malformed = one("SELECT id FROM records WHERE is_malformed ORDER BY id").fetchall()
            unreadable = one("SELECT name, reason FROM unreadable ORDER BY name, reason").fetchall()
        except self._errors() as error:
            raise IndexUnusable(str(error)) from error
        return SnapshotFacts(
            path,
            digest,
            is_zip=True,
            fetched=fetched,
            newest=utc_time(newest),
            records=records,
            withdrawn=withdrawn or 0,
            malformed=tuple(row[0] for row in malformed),
            unreadable=tuple(UnreadableRecord(*row) for row in unreadable),
        )

    def _records(self, table: str, column: str, values: Collection[str]) -> Iterator[Advisory]:
        query = f"SELECT DISTINCT r.number, r.slim FROM records r JOIN {table} t USING (number) WHERE t.{column} IN "  # noqa: S608 - our own words
        for _, text in self._rows(query, values):
            try:
                yield from_slim(text)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise IndexUnusable(str(error)) from error

    def _rows(self, query: str, values: Collection[str]) -> Iterator[Sequence[str]]:
        ordered = sorted(values)
        for start in range(0, len(ordered), _BATCH):
            batch = ordered[start : start + _BATCH]
            try:
                yield from self._connection.execute(f"{query} ({','.join('?' * len(batch))})", batch).fetchall()
            except self._errors() as error:
                raise IndexUnusable(str(error)) from error

    def _errors(self) -> type[Exception]:
        import sqlite3  # noqa: PLC0415 - absent from some builds of Python; open_index found it

        return sqlite3.Error


def open_index(path: str, stamp: IndexStamp, entries: Callable[[], Iterable[Entry]]) -> AdvisoryIndex:
    """Open the index at `path`, or make it of `entries` where it is missing, stamped otherwise or damaged.

    Raises `IndexUnusable` where there is no `sqlite3` or the folder can't be written, and what `entries` raises.
    """
    try:
        import sqlite3  # noqa: PLC0415, F401 - absent from some builds of Python
    except ImportError as error:
        raise IndexUnusable("this Python has no sqlite3") from error
    opened = _opened(path, stamp)
    if opened is None:
        _make(path, stamp, entries)
        opened = _opened(path, stamp)
    if opened is None:
        raise IndexUnusable("the index that was just made can't be read")
    return opened


def _opened(path: str, stamp: IndexStamp) -> AdvisoryIndex | None:
    import sqlite3  # noqa: PLC0415
    from urllib.parse import quote  # noqa: PLC0415

    try:
        connection = sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error:
        return None
    with suppress(sqlite3.Error):
        if connection.execute("SELECT text FROM stamp").fetchall() == [(str(stamp),)]:
            return AdvisoryIndex(connection)
    connection.close()
    return None


def _make(path: str, stamp: IndexStamp, entries: Callable[[], Iterable[Entry]]) -> None:
    import sqlite3  # noqa: PLC0415

    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with beside(path) as aside:
            os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with closing(sqlite3.connect(aside)) as connection:
                # No journal and no flushing: what is not whole at the end is thrown away.
                connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
                _fill(connection, _latest_of_each(entries(), connection))
                connection.executescript(_INDEXES)
                connection.execute("INSERT INTO stamp VALUES (?)", [str(stamp)])
                connection.commit()
            replace_file(aside, path)
    except (OSError, sqlite3.Error) as error:
        raise IndexUnusable(str(error)) from error


def _latest_of_each(entries: Iterable[Entry], connection: sqlite3.Connection) -> Iterable[Advisory]:
    """Of records with one id the latest; what is unreadable goes into its table."""
    latest: dict[str, Advisory] = {}
    for entry in entries:
        if isinstance(entry, UnreadableRecord):
            connection.execute("INSERT INTO unreadable VALUES (?, ?)", [entry.name, entry.reason])
        else:
            other = latest.get(entry.id)
            latest[entry.id] = entry if other is None else newer(entry, other)
    return latest.values()


def _fill(connection: sqlite3.Connection, advisories: Iterable[Advisory]) -> None:
    insert = connection.executemany
    for number, one in enumerate(advisories):
        # A withdrawn record is kept for its id and its time alone: no name, alias or digest leads to it.
        row = (number, one.id, sortable_time(one.modified), one.is_withdrawn, one.is_malformed, slim(one))
        connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", row)
        if not one.is_withdrawn:
            insert("INSERT INTO projects VALUES (?, ?)", [(name, number) for name in {a.name for a in one.affected}])
            insert("INSERT INTO aliases VALUES (?, ?)", [(alias, number) for alias in {one.id, *one.aliases}])
            insert("INSERT INTO digests VALUES (?, ?)", [(d, number) for d in {f.sha256 for f in one.malware_files}])
