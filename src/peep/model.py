"""Types between the stages: frozen, without I/O, without decisions.

Read `workflows/install.py` first; it shows which stage makes which of these.
Names are those of the packaging glossary and of the PEPs given at each type.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import BinaryIO, Protocol

from peep.dataclass import NamedTuple, dataclass, field
from peep.pins import (
    HEX_LENGTHS,
    STRONG_ALGORITHMS,
    Commit,
    Digest,
    DirectUrl,
    FromIndex,
    HashForm,
    ListedFile,
    LocalFolder,
    Location,
    LockedFiles,
    MalformedHash,
    PinnedRequirement,
    Source,
    assert_never,
    sha256_among,
)

__all__ = [
    "HEX_LENGTHS", "STRONG_ALGORITHMS", "Commit", "Digest", "DirectUrl", "FromIndex", "HashForm",
    "ListedFile", "LocalFolder", "Location", "LockedFiles", "MalformedHash", "PinnedRequirement", "Source",
    "assert_never", "sha256_among",
]  # fmt: skip
"""Given on: one place has the types of all stages."""

MOST_BYTES = 1 << 63
"""No file system knows a file of this size; numbers beyond it, which anybody may state, break arithmetic."""


# -- stage 1: requirements; its pins stand in `pins.py` --------------------------------------------


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """Where archives may come from, as pip's options of the same names.

    URLs may hold credentials: never print them raw.
    """

    index_urls: tuple[str, ...] = ()
    """`--index-url` first, then each `--extra-index-url`."""
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    trusted_hosts: tuple[str, ...] = ()
    keeps_default_index: bool = False
    """No `--index-url` was given: `index_urls` holds extra indexes only, and the default index comes before them."""


@dataclass(frozen=True, slots=True)
class FormatControl:
    """`--no-binary` and `--only-binary`: normalised project names, or `:all:`; the later option wins per name."""

    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()
    any_python: bool = False
    """`--ignore-requires-python`: files that an index says are for other Pythons, too."""

    def allows(self, name: str, kind: ArchiveKind) -> bool:
        if kind is ArchiveKind.WHEEL:
            return not (name in self.no_binary or (":all:" in self.no_binary and name not in self.only_binary))
        return not (name in self.only_binary or (":all:" in self.only_binary and name not in self.no_binary))


# -- stage 2: index --------------------------------------------------------------------------------


class ArchiveKind(Enum):
    WHEEL = "wheel"
    SDIST = "sdist"


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One file of a project as an index describes it (PEP 691, PEP 700). Nothing in it is trusted."""

    filename: str
    url: str
    hashes: tuple[Digest, ...] = ()
    """Strong ones only; what the index states, good for filtering candidates and for nothing else."""
    size: int | None = None
    """Bytes; advisory."""
    upload_time: str | None = None
    """RFC 3339 text, as stated."""
    requires_python: str | None = None
    yanked: str | None = None
    """None: not yanked; otherwise the reason, perhaps empty (PEP 592)."""
    index: str = ""
    """The index or page it was found on, without credentials, for messages."""
    sidecar: tuple[Digest, ...] | None = None
    """Digests of the METADATA that the index offers beside a wheel (PEP 658, 714); None: none offered; (): unstated."""
    provenance: str = ""
    """URL of the file's provenance (PEP 740), for `index.links.followed`; '' where the index names none."""


@dataclass(frozen=True, slots=True)
class ProjectDetail:
    """What one index says of one project (PEP 691); `status` as in PEP 792."""

    name: str
    files: Sequence[IndexFile]
    index: str = ""
    status: str = "active"
    status_reason: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that was not chosen, and why: what "why not?" prints."""

    filename: str
    objection: str
    """In words; '' for a file of another version."""
    index: str = ""
    other_version: str | None = None
    """The version that its name states, where that is not the pinned one."""
    is_listed: bool = False
    """Its digest is one that the pin lists."""

    @property
    def reason(self) -> str:
        """The whole reason, as part of a sentence about the file."""
        if self.other_version is not None:
            return f"is version {self.other_version}{' and has a hash of yours' if self.is_listed else ''}"
        return f"{self.objection} (its digest is listed)" if self.is_listed else self.objection


@dataclass(frozen=True, slots=True)
class Candidate:
    """The file chosen for a pin on a target."""

    pin: PinnedRequirement
    file: IndexFile
    kind: ArchiveKind
    rejections: tuple[Rejection, ...] = ()
    offered: tuple[IndexFile, ...] = ()
    """Every file of that version which any index offers, so that a mismatch can tell its story; when none of them can
    match, also files of other versions whose digest is listed."""
    exact_size: int | None = None
    """Bytes that a lock file states for this file: enforced."""
    alternatives: tuple[IndexFile, ...] = ()
    """Next best files whose digest the index does not state: tried in this order when `file` turns out unlisted."""
    mirrors: tuple[IndexFile, ...] = ()
    """The same listed digest at other places: tried in this order when `file` does not come."""
    cautions: tuple[str, ...] = ()
    """What the user should hear about this choice although it stands: yanked, quarantined, a better file unlisted."""


# -- stage 3: archives -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerifiedArchive:
    """An archive whose every byte was hashed, and whose digest is one that its pin lists.

    Only `peep.archives.verification` makes one (an architecture test holds that). `file` is the very
    file that was hashed, still open, so that nothing can be swapped in between (THREATS N16).
    """

    pin: PinnedRequirement
    filename: str
    kind: ArchiveKind
    url: str
    """Where it came from, without credentials."""
    digest: Digest
    """The listed digest that matched."""
    sha256: str
    """Lower-case hex of the same bytes: the key in the store."""
    size: int
    """Bytes."""
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class WheelEntry:
    """One file of a wheel.

    `sha256` is lower-case hex of its content as RECORD states it ('' for RECORD itself and its signatures).
    """

    path: str
    size: int
    sha256: str
    is_executable: bool


@dataclass(frozen=True, slots=True)
class WheelIdentity:
    """What a wheel says it is, after file name, `.dist-info` and METADATA were found to agree."""

    name: str
    """Normalised."""
    version: str
    filename: str
    dist_info: str
    """Name of the one `.dist-info` folder."""
    root_is_purelib: bool
    tags: tuple[str, ...] = ()


class WheelContents(Protocol):
    """A verified wheel, open for one pass. Every structural check was made before this exists."""

    @property
    def identity(self) -> WheelIdentity: ...

    @property
    def sha256(self) -> str:
        """Lower-case hex digest of the archive."""

    @property
    def entries(self) -> tuple[WheelEntry, ...]:
        """All files, RECORD included, sorted by path; no folders."""

    def chunks(self, entry: WheelEntry) -> Iterator[bytes]:
        """Yield the content in pieces below 128 KiB; different entries may be read by several threads at once.

        Raises `errors.ArchiveError` at the end when size, CRC or RECORD's digest differ: a consumer must run it to
        the end before it lets anyone see what it wrote.
        """

    def read(self, path: str) -> bytes:
        """A whole small member (METADATA, WHEEL, entry_points.txt), checked like `chunks`."""


# -- stage 4: store --------------------------------------------------------------------------------


class Memory(Protocol):
    """Remembers answers by their kind and the text of all that they depend on, and may forget at any time.

    `peep.store.wheels.Store` is one.
    """

    def get_value(self, kind: str, key: str) -> bytes | None: ...

    def put_value(self, kind: str, key: str, value: bytes) -> None: ...


def record_hash(sha256: bytes) -> str:
    """A sha256 (32 bytes) as RECORD writes it: urlsafe base64 without padding (binary distribution format)."""
    return urlsafe_b64encode(sha256)[:-1].decode()


class StoredFile(NamedTuple):
    """One file of a stored wheel, as its manifest keeps it (a tuple: an environment has tens of thousands of them)."""

    path: str
    """Relative, `/`-separated, as in the wheel (`NAME.data/scripts/x` is not yet mapped to a scheme)."""
    record_hash: str
    """What RECORD writes after `sha256=`."""
    size: int
    """Bytes."""
    is_executable: bool
    stored_as: str = ""
    """Its path in the wheel's folder in the store, made of its number among the files of the wheel."""

    @property
    def sha256(self) -> str:
        """Lower-case hex."""
        return urlsafe_b64decode(self.record_hash + "=").hex()


@dataclass(frozen=True, slots=True)
class StoredWheel:
    """An unpacked wheel in the store, by the sha256 of the archive, with its manifest."""

    identity: WheelIdentity
    sha256: str
    """Lower-case hex digest of the wheel archive."""
    root: str
    """Absolute path of its folder in the store."""
    files: Sequence[StoredFile]
    """Every file, RECORD included, sorted by path."""
    mtime_ns: int = 0
    """Modification time that every file in the store was given: another one is the cheap sign of an edit."""
    entry_points: str = ""
    """Text of entry_points.txt, '' when there is none."""
    requires_dist: tuple[str, ...] = ()
    provides_extra: tuple[str, ...] = ()
    requires_python: str = ""
    record_mismatches: tuple[str, ...] = ()
    """What `--allow-record-mismatch` let pass when it was unpacked; a run without that must not have the wheel."""

    def location(self, file: StoredFile) -> str:
        """Absolute path of a file in the store."""
        return os.path.join(self.root, file.stored_as)


# -- stage 5: environment --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TargetEnvironment:
    """Where to install and for which interpreter."""

    python: str
    """Absolute path of the interpreter that launchers will name."""
    version: tuple[int, int, int]
    implementation: str
    """`platform.python_implementation().lower()`, such as `cpython`."""
    prefix: str
    base_prefix: str
    paths: Mapping[str, str]
    """Absolute scheme paths: purelib, platlib, scripts, data, headers (sysconfig)."""
    tags: tuple[str, ...] = ()
    """Compatible wheel tags, best first (PEP 425), such as `cp311-cp311-manylinux_2_17_x86_64`."""
    markers: Mapping[str, str] = field(default_factory=dict)
    """The PEP 508 environment, without `extra`."""
    is_externally_managed: str | None = None
    """The message of PEP 668's EXTERNALLY-MANAGED, when it applies to the place that would be written."""
    root: str | None = None
    """`--root`: a folder that every path is placed below when writing."""
    launcher_kind: str = "posix"
    """`posix`, `win-amd64`, `win-arm64`, `win-ia32` …"""
    is_relocatable: bool = False
    """Its `pyvenv.cfg` says that it may be moved (`uv venv --relocatable`): launchers find the interpreter beside
    themselves."""

    @property
    def is_virtual(self) -> bool:
        return self.prefix != self.base_prefix


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an installed project came from (PEP 610 `direct_url.json`, PEP 710 `provenance_url.json`)."""

    url: str
    hashes: tuple[Digest, ...] = ()
    is_direct: bool = False
    vcs_commit: str | None = None
    """The git commit that was installed; `url` is then the repository's, without `git+`."""
    is_editable: bool = False
    subdirectory: str | None = None
    """Where in the repository, archive or folder the project lies."""


@dataclass(frozen=True, slots=True)
class InstalledProject:
    """A `.dist-info` (or legacy `.egg-info`) found in an environment."""

    name: str
    """Normalised."""
    version: str
    metadata_path: str
    """Absolute path of its metadata folder or file."""
    is_requested: bool = False
    provenance: Provenance | None = None
    other_metadata: tuple[str, ...] = ()
    """Absolute paths of further metadata of the same project: a damaged environment; all of them make way."""


@dataclass(frozen=True, slots=True)
class PlannedWheel:
    """A stored wheel to put into the environment for a pin, with what is to be recorded of its origin."""

    wheel: StoredWheel
    provenance: Provenance | None
    is_requested: bool


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """What an install run means for an environment, by project name.

    `keep`: installed and proven; `link`: in the store, to be linked; `missing`: to be fetched; `replace`: installed
    projects that make way for a wheel of the same name; `remove`: installed projects that go without a successor.
    """

    keep: tuple[InstalledProject, ...] = ()
    link: tuple[PlannedWheel, ...] = ()
    missing: tuple[PinnedRequirement, ...] = ()
    replace: tuple[InstalledProject, ...] = ()
    remove: tuple[InstalledProject, ...] = ()
    notes: tuple[str, ...] = ()
    """One line for each project that is replaced for a reason the user may not expect."""

    @property
    def is_empty(self) -> bool:
        return not (self.link or self.missing or self.replace or self.remove)


def listed_hashes(pin: PinnedRequirement, filename: str | None = None) -> tuple[Digest, ...]:
    """Give back the hashes that may vouch for a file of `pin`.

    Where a lock file names its files, those of the file called `filename` and no others (PEP 751 lists hashes per
    file); without `filename`, those of any of its files.
    """
    if not pin.listed_files:
        return pin.hashes
    files = (file for file in pin.listed_files if filename in {None, file.filename})
    return tuple(digest for file in files for digest in file.hashes)


def listed_digest(digests: Iterable[Digest], pin: PinnedRequirement, filename: str | None = None) -> Digest | None:
    """Give back the one of `digests` that vouches for a file of `pin`, or None: the only statement of the hash rule.

    The rule: *any one* digest of a strong algorithm that the user listed suffices, as in pip's hash-checking mode;
    md5 and sha1 never do, listed or not. Which hashes count for `filename` is said by `listed_hashes`.
    """
    strong = {(digest.algorithm, digest.hex) for digest in digests if digest.algorithm in STRONG_ALGORITHMS}
    matching = [digest for digest in listed_hashes(pin, filename) if (digest.algorithm, digest.hex) in strong]
    return min(matching, default=None, key=lambda digest: (STRONG_ALGORITHMS.index(digest.algorithm), digest.hex))
