"""Folder of a mirror: changes are written so that no page ever leads to an absent file.

The order: archives, sidecars, provenance, then facts, pages of projects, pages of the root, `peep-mirror.json`; each
beside its place and renamed, and only if its bytes are others. What a killed run left undone is named in a note, and
finished by the next one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256

from peep.dataclass import dataclass
from peep.errors import PeepError, UsageError
from peep.formats.canonical_json import NotCanonical, canonical_json, parse_canonical_json
from peep.formats.json_fields import ManifestError
from peep.mirror.facts import ProjectFacts, parse_facts
from peep.mirror.layout import (
    FLAT_PAGE,
    MIRROR_SETTINGS,
    ROOT_MANIFEST,
    RootManifest,
    View,
    facts_path,
    flat_page,
    parse_root_manifest,
    project_pages,
    root_pages,
)
from peep.mirror.ownership import Ownership, parse_ownership
from peep.reporting import Reporter, SilentReporter
from peep.system.bounded import RECORDS, read_file
from peep.system.file_digest import digest_of_stream
from peep.system.files import ToldAs, remove_tree, replace_file, temporary_folder, write_atomically
from peep.system.locks import FileLock

LOCK_FILE = ".peep-mirror.lock"
UNFINISHED = ".peep-mirror.unfinished"


class MirrorError(PeepError):
    """A mirror that cannot be read or written; the message begins with the place."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """An immutable file to be put in: its path in the mirror, its content's place on disk, and its sha256 in hex."""

    path: str
    place: str
    sha256: str


@dataclass(frozen=True, slots=True)
class WrittenMirror:
    """What a run changed: serial afterwards, names of changed projects, how many pages were written."""

    serial: int
    projects: tuple[str, ...]
    pages: int


@dataclass(frozen=True, slots=True)
class MirrorFolder:
    """One mirror on disk."""

    root: str
    reporter: Reporter = SilentReporter()
    """Told of each step of long work."""

    def place(self, path: str) -> str:
        return os.path.join(self.root, *path.split("/"))

    def _read(self, path: str) -> bytes | None:
        try:
            return read_file(self.place(path), RECORDS)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MirrorError(f"{self.place(path)}: cannot be read: {error.strerror or error}") from error

    def manifest(self) -> RootManifest:
        """`peep-mirror.json`. Raises `MirrorError` where there is none: the folder is no mirror."""
        content = self._read(ROOT_MANIFEST)
        if content is None:
            raise MirrorError(f"{self.root}: is no mirror: it has no {ROOT_MANIFEST}", "peep mirror init makes one")
        try:
            return parse_root_manifest(content)
        except ManifestError as error:
            raise MirrorError(f"{self.place(ROOT_MANIFEST)}: {error}") from None

    def ownership(self) -> Ownership:
        """`mirror.toml`. Raises `UsageError` where there is none, for one that cannot be read, and for a bad one."""
        try:
            content = self._read(MIRROR_SETTINGS)
        except MirrorError as error:
            raise UsageError(error.message) from error
        if content is None:
            raise UsageError(f"{self.root}: has no {MIRROR_SETTINGS}", "write it anew, or take it from version control")
        return parse_ownership(content, self.place(MIRROR_SETTINGS))

    def facts(self, name: str) -> ProjectFacts | None:
        """The facts of a project; None when the mirror has none. Raises `MirrorError`."""
        found = self._facts(name)
        return found[0] if found else None

    def _facts(self, name: str) -> tuple[ProjectFacts, bytes] | None:
        """The facts of a project with their bytes, which need not be written out again."""
        content = self._read(facts_path(name))
        if content is None:
            return None
        try:
            return parse_facts(content), content
        except ManifestError as error:
            raise MirrorError(f"{self.place(facts_path(name))}: {error}") from None

    def all_facts(self) -> Iterator[ProjectFacts]:
        """The facts of all projects that have a file for them, by name. Raises `MirrorError`."""
        return (facts for facts, _ in self._all_facts({}))

    def _all_facts(self, known: Mapping[str, ProjectFacts]) -> Iterator[tuple[ProjectFacts, bytes]]:
        for name in self.names():
            facts = known.get(name)
            found = (facts, facts.content) if facts else self._facts(name)
            if found is not None:
                yield found

    def names(self) -> list[str]:
        """Names of all projects that have a facts file."""
        try:
            files = os.listdir(self.place("facts"))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise MirrorError(f"{self.place('facts')}: cannot be read: {error.strerror or error}") from error
        return sorted(name.removesuffix(".json") for name in files if name.endswith(".json"))

    @contextmanager
    def held(self, purpose: str) -> Iterator[None]:
        """Let no other run change this mirror meanwhile. Raises `MirrorError` where it cannot be written to."""
        with ToldAs(MirrorError, f"{self.root}: cannot be written"):
            os.makedirs(self.root, exist_ok=True)
            lock = FileLock(self.place(LOCK_FILE), purpose)
            lock.__enter__()
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    def begin(self, settings: bytes) -> WrittenMirror:
        """Make an empty mirror with this `mirror.toml`, or with the one that is there: people may write theirs first.

        Raises `MirrorError` where a mirror is, with nothing touched.
        """
        if os.path.lexists(self.place(ROOT_MANIFEST)):
            raise MirrorError(f"{self.root}: is a mirror already")
        with self._explained():
            if not os.path.lexists(self.place(MIRROR_SETTINGS)):
                self._put(MIRROR_SETTINGS, settings)
        return self._written((), RootManifest(), is_whole=True)

    def add_files(self, files: Iterable[NewFile]) -> int:
        """Put immutable files in, before any facts speak of them; gives back how many were not there.

        Raises `MirrorError` for a file whose bytes are not those of its digest; it is not put in then.
        """
        added = 0
        with self._explained(), temporary_folder(self.root, ".peep-") as scratch:
            for file in files:
                if not os.path.lexists(self.place(file.path)):
                    self._add(file, scratch)
                    added += 1
                    self.reporter.worked("files stored")
        return added

    def _add(self, file: NewFile, scratch: str) -> None:
        temporary = os.path.join(scratch, "file")
        with open(file.place, "rb") as source, open(temporary, "wb") as copy:
            digest = digest_of_stream(source, copy=copy)[0].hex
            copy.flush()
            os.fsync(copy.fileno())
        if digest != file.sha256:
            raise MirrorError(f"{file.place}: has sha256:{digest} instead of sha256:{file.sha256}")
        os.makedirs(os.path.dirname(self.place(file.path)), exist_ok=True)
        replace_file(temporary, self.place(file.path))

    def write(self, changed: Iterable[ProjectFacts], views: Iterable[View] | None = None) -> WrittenMirror:
        """Write facts and the pages that follow from them; files that they speak of must be there.

        With other `views` than the mirror has, and after a killed run, more pages follow than those of `changed`.
        """
        manifest = self.manifest()
        wanted = manifest.views if views is None else tuple(sorted(set(views), key=lambda view: view.value))
        facts = {one.name: one for one in changed}
        for name in self._unfinished():
            if name not in facts and (known := self.facts(name)):
                facts[name] = known
        is_whole = wanted != manifest.views
        if is_whole:
            facts = {**{one.name: one for one in self.all_facts()}, **facts}
        manifest = RootManifest(manifest.serial, wanted, manifest.projects)
        return self._written([(one, one.content) for one in facts.values()], manifest, is_whole=is_whole)

    def write_all(
        self, views: Iterable[View] | None = None, known: Mapping[str, ProjectFacts] | None = None
    ) -> WrittenMirror:
        """Render every page anew; `known`: facts, by name, that were read under this lock and need no reading."""
        manifest = self.manifest()
        wanted = manifest.views if views is None else tuple(sorted(set(views), key=lambda view: view.value))
        return self._written(
            self._all_facts(known or {}), RootManifest(manifest.serial, wanted, manifest.projects), is_whole=True
        )

    def _written(
        self, changed: Iterable[tuple[ProjectFacts, bytes]], old: RootManifest, *, is_whole: bool
    ) -> WrittenMirror:
        """Write `changed`, facts with their bytes; if `is_whole` they are all projects, and are read one by one."""
        before = old.projects or {}
        projects = {} if is_whole else dict(before)
        pages, names = 0, []
        with self._explained():
            if not is_whole:
                changed = list(changed)
            self._put(UNFINISHED, canonical_json("all" if is_whole else sorted(one.name for one, _ in changed)))
            for one, content in changed:
                self._put(facts_path(one.name), content)
                pages += sum(self._put(path, page) for path, page in project_pages(one, old.views).items())
                projects[one.name] = sha256(content).hexdigest()
                if before.get(one.name) != projects[one.name]:
                    names.append(one.name)
                self.reporter.worked("projects rendered")
            return self._finished(old, projects, names, pages)

    def _finished(self, old: RootManifest, projects: Mapping[str, str], names: list[str], pages: int) -> WrittenMirror:
        pages += sum(self._put(path, content) for path, content in root_pages(projects, old.views).items())
        if View.FLAT in old.views:
            pages += self._put(FLAT_PAGE, flat_page(self.all_facts()))
        self._remove_views(old.views)
        is_same = not names and projects.keys() == (old.projects or {}).keys() and old.serial > 0
        manifest = RootManifest(old.serial + (not is_same), old.views, projects)
        self._put(ROOT_MANIFEST, manifest.content)
        remove_tree(self.place(UNFINISHED))
        return WrittenMirror(manifest.serial, tuple(sorted(names)), pages)

    def _remove_views(self, views: tuple[View, ...]) -> None:
        if View.FLAT not in views:
            remove_tree(self.place(FLAT_PAGE))
        if View.JSON_ROOT not in views:
            remove_tree(self.place("json"))

    def _unfinished(self) -> list[str]:
        """Projects whose facts a killed run may have written without their pages."""
        content = self._read(UNFINISHED)
        if content is None:
            return []
        try:
            names = parse_canonical_json(content)
        except NotCanonical:  # cut short by a full disk: then nobody knows, and everything is looked at
            return self.names()
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else self.names()

    def _put(self, path: str, content: bytes) -> bool:
        """Let a file hold `content`; False when it did already, so that its time and ETag stay."""
        place = self.place(path)
        if _holds(place, content):
            return False
        os.makedirs(os.path.dirname(place), exist_ok=True)
        write_atomically(place, content)
        return True

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = error.filename or self.root
            raise MirrorError(f"{place}: cannot be written: {error.strerror or error}") from error


def _holds(place: str, content: bytes) -> bool:
    try:
        if os.path.getsize(place) != len(content) or os.path.islink(place):
            return False
        with open(place, "rb") as file:
            return file.read() == content
    except OSError:
        return False
