"""Object stores: bytes by key, an ETag for each state, writes conditional on the state.

`ObjectStore` is the seam; a folder implements it here, S3, Google and Azure through the library `obstore`, which is
imported only when such a store is opened (extra `object-store`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from typing import Any, BinaryIO, Protocol

from peep.dataclass import dataclass
from peep.errors import MissingExtra, PeepError, UsageError
from peep.formats.url_secrets import redacted_start
from peep.system.bounded import read_stream
from peep.system.file_digest import digest_of_stream
from peep.system.files import fsync_folder, regular_only, replace_file, write_atomically
from peep.system.locks import lock_folder

_PROBE = ".peep-probe-"
_UNFINISHED = ".peep-unfinished-"
LARGEST_OBJECT = 5 << 30
"""Bytes of what one request may bring to a store (S3's own limit), and so of what peep wrote there."""
LARGEST_DOCUMENT = 256 << 20
"""Bytes of facts or a page; those of the largest projects have some MiB."""
_SCHEMES = ("s3", "s3a", "gs", "az", "abfs", "abfss")


class ObjectStoreError(PeepError):
    """A store that does not do what was asked of it."""


class ConditionFailed(ObjectStoreError):
    """The object is not in the expected state: somebody else wrote it, or it is there already. Nothing was written."""


@dataclass(frozen=True, slots=True)
class StoredState:
    """An object's key, its size in bytes, and the opaque text that names this state of it."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class FetchedObject:
    """An object with its content."""

    state: StoredState
    content: bytes


@dataclass(frozen=True, slots=True)
class PutHeaders:
    """What a store answers with beside the bytes; stores guess otherwise."""

    content_type: str
    cache_control: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Write only if there is no such object yet (`If-None-Match: *`)."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Write only if the object is still in this state (`If-Match`)."""

    etag: str


@dataclass(frozen=True, slots=True)
class Whatever:
    """Write in any case."""


Condition = Absent | Unchanged | Whatever


class ObjectStore(Protocol):
    """Keys are `/`-separated, relative, without a slash at either end. Safe to use from many threads."""

    @property
    def label(self) -> str:
        """What the user called it, for messages."""

    def get(self, key: str, limit: int = LARGEST_DOCUMENT) -> FetchedObject | None:
        """The object; None when there is none. Raises `ObjectStoreError`, also for one of more than `limit` bytes."""

    def head(self, key: str) -> StoredState | None:
        """The object's state; None when there is none. Raises `ObjectStoreError`."""

    def put(self, key: str, content: bytes, headers: PutHeaders, condition: Condition) -> str:
        """Write the object whole; gives back its new ETag. Raises `ConditionFailed`, `ObjectStoreError`."""

    def list(self, prefix: str = "") -> Iterator[StoredState]:
        """All objects below a folder ('': everything), in no particular order. Raises `ObjectStoreError`."""

    def delete(self, key: str) -> None:
        """Remove an object; absence is fine. Raises `ObjectStoreError`."""


def open_store(place: str) -> ObjectStore:
    """The store at `s3://…`, `gs://…`, `az://…`, or a folder (made if need be).

    Raises `UsageError` for another scheme and where the library for a scheme is not installed.
    """
    scheme, separator, _ = place.partition("://")
    if not separator:
        folder = FolderStore(place)
        folder.remove_unfinished()
        return folder
    if scheme not in _SCHEMES:
        raise UsageError(f"{place}: {scheme} is no kind of object store that is known here", "s3, gs and az are")
    return _obstore(place)


def is_conditional(store: ObjectStore) -> bool:
    """Whether the store keeps its word about `Absent`, found by trying: two writes of one object, which is removed.

    Without it two publishers could each lose what the other wrote. Raises `ObjectStoreError` when nothing can be
    written at all.
    """
    if isinstance(store, FolderStore):
        return True  # it keeps them by itself, and a killed run would leave the probe there
    key = f"{_PROBE}{os.urandom(8).hex()}"
    headers = PutHeaders("text/plain", "no-store")
    store.put(key, b"1", headers, Absent())
    try:
        store.put(key, b"2", headers, Absent())
    except ConditionFailed:
        return True
    finally:
        store.delete(key)
    return False


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A folder as an object store: its files are the objects; type and caching are for its web server to say."""

    label: str

    def _place(self, key: str) -> str:
        parts = key.split("/")
        if any(part in {"", ".", ".."} or os.sep in part or "\0" in part for part in parts):
            raise ObjectStoreError(f"{self.label}: {key!r} is no key")
        return os.path.join(self.label, *parts)

    def get(self, key: str, limit: int = LARGEST_DOCUMENT) -> FetchedObject | None:
        with self._reading(key) as file:
            if file is None:
                return None
            content = read_stream(file, limit, key)
        return FetchedObject(StoredState(key, len(content), _etag(content)), content)

    def head(self, key: str) -> StoredState | None:
        with self._reading(key) as file:
            if file is None:
                return None
            digest, size = digest_of_stream(file)
        return StoredState(key, size, _quoted(digest.hex))

    @contextmanager
    def _reading(self, key: str) -> Iterator[BinaryIO | None]:
        """An object's file; None where there is none. What is no plain file is an error: a pipe may never end."""
        place = self._place(key)
        with ExitStack() as stack:
            file = None
            try:
                if not os.path.isdir(place):
                    with suppress(FileNotFoundError, NotADirectoryError):
                        file = stack.enter_context(open(place, "rb", opener=regular_only))
                yield file
            except OSError as error:
                raise self._failed(key, error) from error

    def put(self, key: str, content: bytes, headers: PutHeaders, condition: Condition) -> str:
        del headers
        place = self._place(key)
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with self._alone():
                self._refuse_unless(condition, key)
                self._replace(place, content)
        except OSError as error:
            raise self._failed(key, error) from error
        return _etag(content)

    def _replace(self, place: str, content: bytes) -> None:
        """Written at the top, where what a killed run leaves is found (`remove_unfinished`), and renamed."""
        temporary = os.path.join(self.label, f"{_UNFINISHED}{os.urandom(8).hex()}")
        try:
            write_atomically(temporary, content, durable=True)
            replace_file(temporary, place)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        fsync_folder(os.path.dirname(place))

    def remove_unfinished(self) -> None:
        """Remove what killed runs left beside the objects. Raises `ObjectStoreError`."""
        try:
            if not os.path.isdir(self.label):
                return
            with self._alone() as is_alone:
                for name in os.listdir(self.label) if is_alone else ():
                    if name.startswith(_UNFINISHED):
                        os.unlink(os.path.join(self.label, name))
        except OSError as error:
            raise self._failed("", error) from error

    def _refuse_unless(self, condition: Condition, key: str) -> None:
        if isinstance(condition, Whatever):
            return
        # A large archive is not hashed only to learn that it is there.
        is_there = os.path.lexists(self._place(key))
        state = self.head(key) if is_there and isinstance(condition, Unchanged) else None
        require_state(condition, state.etag if state else "?" if is_there else None, f"{self.label}: {key}")

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Between looking and writing no other peep may write here; whether that can be had on this system."""
        descriptor = lock_folder(self.label)
        try:
            yield descriptor >= 0
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def list(self, prefix: str = "") -> Iterator[StoredState]:
        top = self._place(prefix) if prefix else self.label
        for folder, _, files in os.walk(top):
            for name in files:
                key = os.path.relpath(os.path.join(folder, name), self.label).replace(os.sep, "/")
                state = self.head(key)
                if state is not None:
                    yield state

    def delete(self, key: str) -> None:
        try:
            with suppress(FileNotFoundError):
                os.unlink(self._place(key))
        except OSError as error:
            raise self._failed(key, error) from error

    def _failed(self, key: str, error: OSError) -> ObjectStoreError:
        return ObjectStoreError(f"{self.label}: {key}: {error.strerror or error}")


def _etag(content: bytes) -> str:
    return _quoted(sha256(content).hexdigest())


def _quoted(digest: str) -> str:
    return f'"{digest}"'


def require_within(limit: int, size: int, what: str) -> None:
    """Raise `ObjectStoreError` for an object of more than `limit` bytes."""
    if size > limit:
        raise ObjectStoreError(f"{what}: has {size:,} bytes, and at most {limit:,} are read")


def require_state(condition: Condition, etag: str | None, what: str) -> None:
    """Raise `ConditionFailed` unless an object whose ETag is `etag` (None: none is there) is in the wanted state."""
    match condition:
        case Absent() if etag is not None:
            raise ConditionFailed(f"{what}: is there already")
        case Unchanged() if etag != condition.etag:
            raise ConditionFailed(f"{what}: was changed by somebody else meanwhile")
        case _:
            return


def _obstore(place: str) -> ObjectStore:
    try:
        import obstore  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - optional, 16 MB
        from obstore import store  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra(f"{place}: writing to an object store", "object-store", error) from None
    try:
        return CloudStore(place, obstore, store.from_url(place))
    except Exception as error:
        raise UsageError(f"{place}: {_told(error)}", "write s3://BUCKET/FOLDER, gs://… or az://…") from error


@dataclass(frozen=True, slots=True)
class CloudStore:
    """A store that `obstore` speaks to; credentials and endpoint come from the environment, as its library reads it."""

    label: str
    _library: Any
    _store: Any

    def get(self, key: str, limit: int = LARGEST_DOCUMENT) -> FetchedObject | None:
        with self._explained(key):
            try:
                found = self._library.get(self._store, key)
                require_within(limit, int(found.meta["size"]), f"{self.label}: {key}")
                content = bytes(found.bytes())
            except FileNotFoundError:
                return None
        return FetchedObject(StoredState(key, len(content), _tag(found.meta)), content)

    def head(self, key: str) -> StoredState | None:
        with self._explained(key):
            try:
                meta = self._library.head(self._store, key)
            except FileNotFoundError:
                return None
        return StoredState(key, int(meta["size"]), _tag(meta))

    def put(self, key: str, content: bytes, headers: PutHeaders, condition: Condition) -> str:
        mode: Any = "overwrite"
        match condition:
            case Absent():
                mode = "create"
            case Unchanged():
                mode = {"e_tag": condition.etag}
            case Whatever():
                pass
        attributes = {"Content-Type": headers.content_type, "Cache-Control": headers.cache_control}
        with self._explained(key):
            # One request: with a multipart upload the vendors differ in what they make of conditions.
            put = self._library.put(self._store, key, content, attributes=attributes, mode=mode, use_multipart=False)
        return _tag(put)

    def list(self, prefix: str = "") -> Iterator[StoredState]:
        with self._explained(prefix):
            for part in self._library.list(self._store, prefix or None):
                for meta in part:
                    yield StoredState(meta["path"], int(meta["size"]), _tag(meta))

    def delete(self, key: str) -> None:
        with self._explained(key), suppress(FileNotFoundError):
            self._library.delete(self._store, key)

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        """Make errors of the library ours."""
        exceptions = self._library.exceptions
        try:
            yield
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError) as error:
            raise ConditionFailed(f"{self.label}: {key}: {_told(error)}") from error
        except exceptions.BaseError as error:
            raise ObjectStoreError(f"{self.label}: {key}: {_told(error)}") from error
        except OSError as error:  # some of its errors are Python's own: refused, timed out
            raise ObjectStoreError(f"{self.label}: {key}: {_told(error)}") from error


def _tag(meta: Mapping[str, Any]) -> str:
    return str(meta.get("e_tag") or "")


def _told(error: Exception) -> str:
    """The library's message without its inner details, which fill a screen."""
    return redacted_start(str(error).partition("\n")[0].strip(), 300)
