"""Publishing of a mirror to an object store: any number at once, and no write is lost.

The order is that of writing on disk. Immutable files are created only; facts are merged with what is there and replaced
only in the state that was merged; a page is rendered from facts that were read after the page's own state, so that a
slow publisher never puts an old page over a new one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from functools import partial
from hashlib import sha256

from peep.dataclass import dataclass, field
from peep.errors import FileNameTaken, PeepError
from peep.formats.json_fields import ManifestError
from peep.formats.simple_pages import JSON_PAGE, JSON_TYPE
from peep.http.object_store import (
    LARGEST_OBJECT,
    Absent,
    Condition,
    ConditionFailed,
    FetchedObject,
    ObjectStore,
    ObjectStoreError,
    PutHeaders,
    Unchanged,
    Whatever,
    is_conditional,
)
from peep.mirror.changes import pruned
from peep.mirror.facts import ProjectFacts, parse_facts
from peep.mirror.folder import MirrorError, MirrorFolder
from peep.mirror.layout import (
    FLAT_PAGE,
    ROOT_MANIFEST,
    RootManifest,
    View,
    facts_digest,
    facts_path,
    flat_page,
    parse_root_manifest,
    project_pages,
    root_pages,
    stored_paths,
)
from peep.mirror.merge import merged
from peep.mirror.server_config import IMMUTABLE, PAGES
from peep.reporting import Reporter, SilentReporter
from peep.system.bounded import read_file
from peep.system.files import ToldAs

_MOST_ATTEMPTS = 20
_LONGEST_PAUSE = 0.5
_WORKERS = 8
_DEPTH_OF_PAGES = 3
_CHECK = "peep mirror check names all that differs"
_RANDOM = random.SystemRandom()
_TYPES = {"html": "text/html", "v1_json": JSON_TYPE, "metadata": "text/plain", "json": "application/json"}


class ForgetfulStoreError(ObjectStoreError):
    """A store that ignores conditions, so that two publishers could lose what the other wrote."""


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """What to publish, and with which care."""

    files_only: bool = False
    """Immutable files alone: a shared place for archives, without facts and pages."""
    is_single_publisher: bool = False
    """The user knows that nobody else publishes there: no conditions are needed."""
    sleep: Callable[[float], None] = time.sleep
    reporter: Reporter = SilentReporter()
    keeps_unlinked: timedelta = timedelta(days=30)
    """For how long objects stay that no page leads to any more: longer than any page is cached."""


@dataclass(slots=True)
class Published:
    """What became of it: objects sent, objects that were there, bytes sent, writes that were tried again."""

    serial: int = 0
    sent: int = 0
    there: int = 0
    bytes: int = 0
    retries: int = 0
    problems: list[FileNameTaken] = field(default_factory=list)


def publish(mirror: MirrorFolder, store: ObjectStore, options: PublishOptions) -> Published:
    """Bring all that `mirror` holds to `store`; of what is there, only what was off its page for long is removed.

    Raises `ForgetfulStoreError` for a store that does not keep conditions, `ObjectStoreError`, and `MirrorError`. Files
    that contradict what is published are problems; their projects stay as they are there.
    """
    if not options.is_single_publisher and not is_conditional(store):
        raise ForgetfulStoreError(
            f"{store.label}: ignores conditions: two publishers could each lose what the other wrote",
            "use another store, or --single-publisher if nobody else publishes there",
        )
    return _Publisher(mirror, store, options).run()


class _Publisher:
    def __init__(self, mirror: MirrorFolder, store: ObjectStore, options: PublishOptions) -> None:
        self._mirror, self._store, self._options = mirror, store, options
        self._done = Published()
        self._now = datetime.now(timezone.utc)
        self._expired: dict[str, str] = {}
        """Keys of files that were dropped from published facts, with their project."""
        self._were_there: set[str] = set()
        """Keys that were not sent, and that another publisher may be about to remove."""

    def run(self) -> Published:
        views = self._mirror.manifest().views
        projects = list(self._mirror.all_facts())
        self._send_files(map(self._without_expired, projects))
        if self._options.files_only:
            return self._done
        published = {}
        for facts in projects:
            whole = self._publish_facts(facts)
            if whole is not None:
                self._publish_project(whole.name, views)
                self._options.reporter.worked("projects")
                published[whole.name] = facts_digest(whole)
        self._publish_root(published, views)
        self._remove_expired()
        return self._done

    def _send_files(self, projects: Iterable[ProjectFacts]) -> None:
        digests = {path: digest for facts in projects for path, digest in stored_paths(facts).items()}
        paths = sorted(digests)
        with ThreadPoolExecutor(_WORKERS) as pool:
            sizes = pool.map(self._send_file, paths, map(digests.__getitem__, paths))
            for path, size in zip(paths, sizes, strict=True):
                self._count(path, size)
                self._options.reporter.worked("files")

    def _count(self, path: str, size: int | None) -> None:
        if size is None:
            self._done.there += 1
            self._were_there.add(path)
        else:
            self._done.sent += 1
            self._done.bytes += size

    def _send_file(self, path: str, digest: str) -> int | None:
        """Bytes that were sent; None when the file was there, which its key, a digest, says enough of.

        Raises `MirrorError` for other bytes than those of `digest`: there they could never be mended again.
        """
        if self._store.head(path) is not None:
            return None
        place = self._mirror.place(path)
        with ToldAs(MirrorError, f"{place}", _CHECK):
            content = read_file(place, LARGEST_OBJECT)
        if sha256(content).hexdigest() != digest:
            raise MirrorError(f"{place}: is not what its facts say; it was not sent", _CHECK)
        try:
            self._store.put(path, content, _headers(path), self._condition(Absent()))
        except ConditionFailed:
            return None
        return len(content)

    def _publish_facts(self, facts: ProjectFacts) -> ProjectFacts | None:
        """Merge the facts with those that are there; None when they contradict each other."""
        key = facts_path(facts.name)
        for _ in self._attempts(key):
            found = self._store.get(key)
            all_files = facts if found is None else merged(_parsed(found), facts)
            if not isinstance(all_files, ProjectFacts):
                self._done.problems += all_files
                return None
            whole = self._without_expired(all_files)
            if found is not None and whole.content == found.content:
                self._done.there += 1
                return whole
            if self._replaced(key, whole.content, found):
                gone = stored_paths(all_files).keys() - stored_paths(whole).keys()
                self._expired.update(dict.fromkeys(gone, whole.name))
                self._send_removed(whole, found)
                return whole
        raise self._given_up(key)

    def _without_expired(self, facts: ProjectFacts) -> ProjectFacts:
        """Facts without files that were off their page longer than any page is cached: the second step of pruning."""
        linked = {file.sha256: file for file in facts.files if file.is_linked}
        return pruned(facts, linked, self._options.keeps_unlinked, self._now)

    def _send_removed(self, facts: ProjectFacts, found: FetchedObject | None) -> None:
        """Send again what was there and is there no more, of the files that only `facts` speak of.

        Whoever dropped them from the facts before may have removed them after they were seen here. From now on the
        facts keep others from it (`_remove_expired`).
        """
        known = stored_paths(_parsed(found)) if found else {}
        stored = stored_paths(facts)
        for path in sorted(self._were_there.intersection(stored).difference(known)):
            if (size := self._send_file(path, stored[path])) is not None:
                self._done.there -= 1
                self._count(path, size)

    def _remove_expired(self) -> None:
        """Remove what facts do not speak of. Who links it again at this moment looks for it after that is in the facts.

        Stores delete without conditions, so facts are looked at before and after: one of the two sees the other.
        """
        for key, name in sorted(self._expired.items()):
            found = None if key in stored_paths(self._facts(name)) else self._store.get(key, LARGEST_OBJECT)
            if found is None:
                continue
            self._store.delete(key)
            if key in stored_paths(self._facts(name)):
                with suppress(ConditionFailed):
                    self._store.put(key, found.content, _headers(key), self._condition(Absent()))

    def _publish_project(self, name: str, views: Iterable[View]) -> None:
        for key in project_pages(ProjectFacts(name, ""), views):
            self._publish_page(key, partial(self._project_page, name, views, key))

    def _project_page(self, name: str, views: Iterable[View], key: str) -> bytes:
        return project_pages(self._facts(name), views)[key]

    def _publish_page(self, key: str, render: Callable[[], bytes]) -> None:
        """Its state first, then what it is rendered from: whoever read older facts fails here and renders again."""
        for _ in self._attempts(key):
            found = self._store.get(key)
            content = render()
            if found is not None and found.content == content:
                self._done.there += 1
                return
            if self._replaced(key, content, found):
                return
        raise self._given_up(key)

    def _facts(self, name: str) -> ProjectFacts:
        found = self._store.get(facts_path(name))
        return ProjectFacts(name, "") if found is None else _parsed(found)

    def _publish_root(self, published: Mapping[str, str], views: tuple[View, ...]) -> None:
        for key in root_pages((), views):
            self._publish_page(key, partial(self._root_page, views, key))
        if View.FLAT in views:
            self._publish_page(FLAT_PAGE, lambda: flat_page(self._facts(name) for name in self._names()))
        self._done.serial = self._publish_manifest(published, views).serial

    def _root_page(self, views: Iterable[View], key: str) -> bytes:
        return root_pages(self._names(), views)[key]

    def _names(self) -> list[str]:
        """Projects that have a page already, whoever published it: the list leads to no page that is not there."""
        pages = (state.key.split("/") for state in self._store.list("simple"))
        return sorted(parts[1] for parts in pages if len(parts) == _DEPTH_OF_PAGES and parts[2] == JSON_PAGE)

    def _publish_manifest(self, published: Mapping[str, str], views: tuple[View, ...]) -> RootManifest:
        for _ in self._attempts(ROOT_MANIFEST):
            found = self._store.get(ROOT_MANIFEST)
            old = _root(found)
            projects = {**(old.projects or {}), **{name: facts_digest(self._facts(name)) for name in published}}
            if found is not None and projects == old.projects and old.views == views:
                self._done.there += 1
                return old
            new = RootManifest(old.serial + 1, views, projects)
            if self._replaced(ROOT_MANIFEST, new.content, found):
                return new
        raise self._given_up(ROOT_MANIFEST)

    def _replaced(self, key: str, content: bytes, found: FetchedObject | None) -> bool:
        """Write unless the object changed since it was read; False when it did."""
        condition: Condition = Absent() if found is None else Unchanged(found.state.etag)
        try:
            self._store.put(key, content, _headers(key), self._condition(condition))
        except ConditionFailed:
            self._done.retries += 1
            return False
        self._done.sent += 1
        self._done.bytes += len(content)
        return True

    def _condition(self, condition: Condition) -> Condition:
        return Whatever() if self._options.is_single_publisher else condition

    def _attempts(self, key: str) -> Iterator[int]:
        """Numbers of attempts, with a pause before each but the first, of random length so that two do not march."""
        del key
        for attempt in range(_MOST_ATTEMPTS):
            if attempt:
                self._options.sleep(_RANDOM.uniform(0, min(_LONGEST_PAUSE, 0.02 * 2**attempt)))
            yield attempt

    def _given_up(self, key: str) -> PeepError:
        return ObjectStoreError(
            f"{self._store.label}: {key}: was changed by others in each of {_MOST_ATTEMPTS} attempts", "publish again"
        )


def _parsed(found: FetchedObject) -> ProjectFacts:
    try:
        return parse_facts(found.content)
    except ManifestError as error:
        raise ObjectStoreError(f"{found.state.key}: {error}") from None


def _root(found: FetchedObject | None) -> RootManifest:
    if found is None:
        return RootManifest(0, (), {})
    try:
        return parse_root_manifest(found.content)
    except ManifestError as error:
        raise ObjectStoreError(f"{found.state.key}: {error}") from None


def _headers(path: str) -> PutHeaders:
    """What the store must answer with; it would guess otherwise. Archives are never encoded on the way."""
    is_immutable = path.startswith(("files/", "provenance/"))
    media_type = _TYPES.get(path.rpartition(".")[2], "application/octet-stream")
    return PutHeaders(media_type, IMMUTABLE if is_immutable else PAGES)
