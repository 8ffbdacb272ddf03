"""Store of unpacked wheels, by the digest of their archives (docs/store-format.md)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from peep.errors import StoreError
from peep.model import StoredWheel, WheelContents
from peep.reporting import Reporter
from peep.store.key_value_cache import head_of_fact, key_digest, parsed_fact
from peep.store.layout import FORMAT, FORMAT_TEXT, MANIFEST, SETTLED, StoreLayout
from peep.store.location import risk_of_others
from peep.store.manifest import Manifest, parsed
from peep.store.stale_files import DROPPED_PREFIX, SCRATCH_PREFIX, sweep
from peep.store.unpacking import unpack
from peep.system import bounded
from peep.system.boot_id import current_boot, is_same_boot
from peep.system.files import private_folder, remove_tree, rename, write_atomically, write_own
from peep.system.locks import SharedLock, lock_folder

_NO_ATIME = getattr(os, "O_NOATIME", 0)
_PLACING_ATTEMPTS = 10
_CACHE_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# Everything in this folder can be fetched again.\n"
_NAME_IS_TAKEN = {errno.ENOTEMPTY, errno.EEXIST, errno.EACCES, errno.EPERM}
_IS_FULL = {errno.ENOSPC, errno.EDQUOT}
_IS_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class Store:
    """A store at `root` (absolute path; made when something is first added). Safe for many threads and processes.

    Reading takes no lock and writes nothing. What is damaged counts as absent. Raises `StoreError` when the store
    can't be used: made by a newer peep, not writable, full.
    """

    def __init__(self, root: str, reporter: Reporter, lower: Store | None = None) -> None:
        """`lower`: a store that is read and never changed, for what this one has not."""
        self.layout = StoreLayout(root)
        self._lower = lower
        self._distrusted: set[str] = set()
        """Wheels of `lower` that were found to be damaged."""
        self._reporter = reporter
        self._is_ready = False
        self._boot = ""
        self._refuse_newer_format()
        self._warn_of_others()

    def get(self, sha256: str) -> StoredWheel | None:
        """The wheel whose archive has this digest (lower-case hex), or None."""
        return self.get_many([sha256]).get(sha256)

    def get_many(self, digests: Iterable[str]) -> dict[str, StoredWheel]:
        """Those of the wheels that are there, by digest."""
        digests = tuple(digests)
        found = {sha256: manifest for sha256 in digests if (manifest := self._manifest(sha256)) is not None}
        unproven = [manifest.wheel for manifest in found.values() if not self._is_settled(manifest)]
        damaged = self._settle(unproven) if unproven else set()
        present = {sha256: manifest.wheel for sha256, manifest in found.items() if sha256 not in damaged}
        if self._lower is None:
            return present
        return {**self._lower.get_many({*digests}.difference(present, self._distrusted)), **present}

    def add(self, contents: WheelContents, record_mismatches: tuple[str, ...] = ()) -> StoredWheel:
        """Unpack a verified wheel, or find it there already. It appears whole, in one rename, or not at all.

        `record_mismatches`: what the user let pass, kept with the wheel.
        Raises `ArchiveError` when the wheel's content is not what its RECORD says, `StoreError` when the disk
        doesn't take it.
        """
        if present := self.get(contents.sha256):
            return present
        with self.explained(), self.workshop() as folder:
            root = self.layout.wheel(contents.sha256)
            wheel = unpack(contents, folder, root, self._current_boot(), record_mismatches)
            os.chmod(folder, 0o755)  # noqa: S103 -- readable where the owner opens the store's root to others
            return self._placed(folder, wheel)

    def peek(self, sha256: str) -> StoredWheel | None:
        """As `get`, for looking and not for installing.

        A wheel that a power cut may have damaged is not hashed, and this is no use that garbage collection would count.
        """
        manifest = self._manifest(sha256, _NO_ATIME)
        return None if manifest is None else manifest.wheel

    def drop(self, sha256: str) -> None:
        """Forget a wheel, since it was found to be damaged. Environments that link its files keep them."""
        self._distrusted.add(sha256)
        discarded = self.move_out(sha256)
        if discarded is not None:
            _discard(discarded)

    @contextmanager
    def workshop(self) -> Iterator[str]:
        """A private empty folder on the store's disk; gone after the block, and swept up some time after a kill."""
        with self.explained():
            self._prepare()
            folder = private_folder(self.layout.temporary, SCRATCH_PREFIX)
            descriptor = lock_folder(folder)
        try:
            yield folder
        finally:
            if descriptor >= 0:
                os.close(descriptor)
            _discard(folder)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While this lasts, garbage collection by any process waits. Writes nothing and hinders no other user."""
        with ExitStack() as stack:
            # No store yet, or a file system without locks: a wheel that vanishes is noticed when it is linked.
            with suppress(OSError):
                stack.enter_context(SharedLock(self.layout.in_use_lock))
            if self._lower is not None:
                stack.enter_context(self._lower.in_use())
            yield

    def move_out(self, sha256: str) -> str | None:
        """Take a wheel out of the store in one rename; where it is now, to be removed at leisure (None: not there)."""
        with self.explained():
            self._prepare()
            discarded = os.path.join(self.layout.temporary, DROPPED_PREFIX + os.urandom(8).hex())
            try:
                rename(self.layout.wheel(sha256), discarded)
            except FileNotFoundError:
                return None
            return discarded

    def put_value(self, kind: str, key: str, value: bytes) -> None:
        """Remember a fact that can always be found out anew. Never fails: a store that can't take it forgets it."""
        with suppress(OSError, StoreError):
            self._write_fact(self.layout.fact(kind, key_digest(key)), head_of_fact(kind, key, value), value)

    def get_value(self, kind: str, key: str) -> bytes | None:
        """The value noted last for this kind and key; None when there is none or it is damaged."""
        text = _content(self.layout.fact(kind, key_digest(key)))
        value = None if text is None else parsed_fact(text, kind, key)
        return self._lower.get_value(kind, key) if value is None and self._lower is not None else value

    def note_built(self, key: str, sha256: str, record: bytes) -> None:
        """Remember that the stored wheel `sha256` was built for `key`, any text that names *all* that went into it.

        `record` is the build's own account, given back by `built`.
        """
        with suppress(OSError, StoreError):
            value = b"%s\n%s" % (sha256.encode(), record)
            head = head_of_fact("built", key, value)
            self._write_fact(self.layout.built_record(key_digest(key)), head, value)

    def built(self, key: str) -> tuple[StoredWheel, bytes] | None:
        """The wheel built for `key` and the account of its build; None when either is missing or damaged."""
        text = _content(self.layout.built_record(key_digest(key)))
        value = None if text is None else parsed_fact(text, "built", key)
        if value is None:
            return None if self._lower is None else self._lower.built(key)
        sha256, _, record = value.partition(b"\n")
        wheel = self.get(sha256.decode())
        return None if wheel is None else (wheel, record)

    def _write_fact(self, path: str, *parts: bytes) -> None:
        self._prepare()
        folder = os.path.dirname(path)
        try:
            os.mkdir(folder)  # whether it is there is known no sooner by asking first
        except FileExistsError:
            pass
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
        write_own(path, parts)

    def _manifest(self, sha256: str, flags: int = 0) -> Manifest | None:
        root = self.layout.wheel(sha256)
        text = _content(os.path.join(root, MANIFEST), flags)
        return None if text is None else parsed(text, sha256, root)

    def _is_settled(self, manifest: Manifest) -> bool:
        """Whether its bytes are certain: nothing cut the power since they were written, or they were hashed since."""
        return is_same_boot(manifest.boot, self._current_boot()) or os.path.exists(
            os.path.join(manifest.wheel.root, SETTLED)
        )

    def _settle(self, wheels: list[StoredWheel]) -> set[str]:
        """Hash wheels that were written before the system last started; give back the damaged ones, dropped."""
        from peep.store.inspection import faults_in_full  # noqa: PLC0415 - for the first run after a start

        damaged = faults_in_full(wheels)
        for wheel in wheels:
            # A store that can't be written to is hashed again next time, which costs only time.
            with suppress(OSError, StoreError):
                if wheel.sha256 in damaged:
                    self._reporter.note(f"{wheel.identity.filename} was damaged in the store and is fetched again")
                    self.drop(wheel.sha256)
                else:
                    write_atomically(os.path.join(wheel.root, SETTLED), b"")
        return set(damaged)

    def _placed(self, folder: str, wheel: StoredWheel) -> StoredWheel:
        os.makedirs(os.path.dirname(wheel.root), exist_ok=True)
        for _ in range(_PLACING_ATTEMPTS):
            try:
                rename(folder, wheel.root)
            except OSError as error:
                if error.errno not in _NAME_IS_TAKEN or not os.path.isdir(wheel.root):
                    raise
                if present := self.get(wheel.sha256):
                    return present  # another process was faster
                self.drop(wheel.sha256)
            else:
                return wheel
        raise StoreError(f"{wheel.root}: something keeps damaging this part of the store", "remove that folder")

    def _prepare(self) -> None:
        if self._is_ready:
            return
        layout = self.layout
        os.makedirs(os.path.dirname(layout.root), exist_ok=True)
        with suppress(FileExistsError):
            os.mkdir(layout.root, 0o700)
        os.makedirs(layout.temporary, exist_ok=True)
        texts = {layout.format_file: FORMAT_TEXT.encode(), layout.in_use_lock: b"", layout.cache_tag: _CACHE_TAG}
        for path, text in texts.items():
            # Never replaced: a lock is held on a file, not on a name.
            with suppress(FileExistsError), open(path, "xb") as file:
                file.write(text)
        sweep(layout)
        self._is_ready = True

    def _refuse_newer_format(self) -> None:
        words = (_content(self.layout.format_file) or b"").decode("utf-8", "replace").split()
        if len(words) == 3 and words[2].isdecimal() and int(words[2]) > FORMAT:  # noqa: PLR2004 -- `peep store 1`
            raise StoreError(
                f"the store {self.layout.root} has format {words[2]}, made by a newer peep; this one knows {FORMAT}",
                "upgrade peep, or let PEEP_STORE name another folder",
            )

    def _warn_of_others(self) -> None:
        if why := risk_of_others(self.layout.root):
            self._reporter.warning(f"the store {self.layout.root}: {why}")

    def _current_boot(self) -> str:
        self._boot = self._boot or current_boot()
        return self._boot

    @contextmanager
    def explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _store_error(self.layout.root, error) from error


def _discard(folder: str) -> None:
    """Remove what is no part of the store any more; what somebody still has open, on Windows, is swept up later."""
    with suppress(OSError):
        remove_tree(folder)


def _store_error(root: str, error: OSError) -> StoreError:
    if error.errno in _IS_FULL:
        return StoreError(
            f"the store {root} can't take more: {error.strerror}",
            "free space on its disk, run 'peep store gc', or let PEEP_STORE name a folder elsewhere",
        )
    place = f" ({error.filename})" if error.filename not in {None, root} else ""
    if error.errno in _IS_FORBIDDEN:
        return StoreError(
            f"the store {root} can't be written to: {error.strerror}{place}",
            "change its permissions, or let PEEP_STORE name a folder that you may write to",
        )
    return StoreError(
        f"the store {root} can't be used: {error.strerror or error}{place}",
        "let --store or PEEP_STORE name a folder that peep can make, or may write to",
    )


def _content(path: str, flags: int = 0) -> bytes | None:
    try:
        with open(path, "rb", buffering=0, opener=lambda name, usual: os.open(name, usual | flags)) as file:
            return bounded.read_descriptor(file.fileno(), bounded.RECORDS, path)
    except OSError as error:
        # Only its owner may read a file without leaving a trace.
        return _content(path) if flags and error.errno == errno.EPERM else None
