"""Types between the stages: frozen, without I/O, without decisions.

Read `workflows/install.py` first; it shows which stage makes which of these.
Names are those of the packaging glossary and of the PEPs given at each type.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import BinaryIO, NamedTuple, NoReturn, Protocol

from peep.dataclass import dataclass, field

HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""How many hexadecimal digits a digest has, for each algorithm that is strong enough to count."""
STRONG_ALGORITHMS = tuple(HEX_LENGTHS)
"""The only algorithms whose digest may vouch for an archive, as in pip's hash-checking mode."""
MOST_BYTES = 1 << 63
"""No file system knows a file of this size; numbers beyond it, which anybody may state, break arithmetic."""


def assert_never(value: NoReturn) -> NoReturn:
    """Tell type checkers that a `match` has seen all cases, as `typing.assert_never` does from Python 3.11 on."""
    raise AssertionError(f"no case for {value!r}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """One hash: `algorithm` (lower case) and `hex` (lower case, of that algorithm's full length)."""

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """Where something was written: the path as the user gave it, and the line, counted from 1 (0: the command line)."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class HashForm(Enum):
    """How a requirement's hashes are written; paste-ready lines are printed in the same form."""

    COMMENT = "comment"
    OPTION = "option"
    LOCK = "lock"


@dataclass(frozen=True, slots=True)
class MalformedHash:
    """Text in the place of a hash that is no digest: it never matches, and is never "no hash"."""

    text: str
    reason: str
    location: Location


# -- stage 1: requirements -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that a lock file names for a pin (PEP 751 `archive`, `sdist`, `wheels`): the hash *and* the size bind."""

    filename: str
    hashes: tuple[Digest, ...]
    url: str | None = None
    path: str | None = None
    """Absolute path of a local archive, already resolved against the folder of the lock file."""
    size: int | None = None
    """Bytes."""
    upload_time: str | None = None


@dataclass(frozen=True, slots=True)
class FromIndex:
    """A project to be looked for at the indexes, by name and version."""


@dataclass(frozen=True, slots=True)
class DirectUrl:
    """An archive at a URL (PEP 508, direct reference)."""

    url: str
    """Without its hash fragment; `file:` for a local archive."""
    subdirectory: str | None = None
    """Of the archive, where the project is not at its top."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A source tree at a commit of a repository: the commit is what was vetted."""

    url: str
    """`git+https://…@<40 hex digits>`."""
    subdirectory: str | None = None


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A source tree that the user trusts as it stands (`--trust-local`)."""

    url: str
    """`file:`."""
    is_editable: bool = False
    subdirectory: str | None = None


@dataclass(frozen=True, slots=True)
class LockedFiles:
    """The files that a lock file names (PEP 751); then no index is asked for them."""

    files: tuple[ListedFile, ...]
    index_url: str | None = None
    """The index that the lock file names for the project, to try first."""
    direct_url: str | None = None
    """Of an `archive` entry: its one file is a direct reference."""
    subdirectory: str | None = None


Source = FromIndex | DirectUrl | Commit | LocalFolder | LockedFiles


@dataclass(frozen=True, slots=True)
class PinnedRequirement:
    """One project at one exact version, or one URL, with every hash that the user listed for it."""

    name: str
    """Normalised (PEP 503)."""
    written_name: str
    """As the user spelled it, for messages."""
    version: str | None
    """The text after `==` or `===`; None for a URL, a VCS or a local requirement, whose version is not known yet."""
    locations: tuple[Location, ...]
    hashes: tuple[Digest, ...] = ()
    malformed_hashes: tuple[MalformedHash, ...] = ()
    hash_form: HashForm = HashForm.OPTION
    arbitrary_equality: bool = False
    """Pinned with `===`: versions compare as text (PEP 440, arbitrary equality)."""
    source: Source = FromIndex()
    extras: tuple[str, ...] = ()
    """Normalised, sorted."""
    marker: str | None = None
    """The marker as written; it has already been found true for the target."""
    config_settings: tuple[tuple[str, str], ...] = ()
    """Per-requirement `--config-settings`, for builds."""
    is_requested: bool = True
    """Named by the user, not merely by a lock file or a constraint (PEP 376 REQUESTED)."""

    @property
    def location(self) -> Location:
        return self.locations[0]

    @property
    def url(self) -> str | None:
        """The URL of a direct reference, whatever it leads to; None for what has a version."""
        match self.source:
            case FromIndex():
                return None
            case DirectUrl(url=url) | Commit(url=url) | LocalFolder(url=url) | LockedFiles(direct_url=url):
                return url
            case _ as never:
                assert_never(never)

    @property
    def listed_files(self) -> tuple[ListedFile, ...]:
        """The files that a lock file names."""
        return self.source.files if isinstance(self.source, LockedFiles) else ()

    @property
    def subdirectory(self) -> str | None:
        """The folder of the source tree that holds the project, where that is not its top."""
        return None if isinstance(self.source, FromIndex) else self.source.subdirectory

    def __str__(self) -> str:
        if self.version is None:
            return f"{self.written_name} @ {self.url}"
        return f"{self.written_name}{'===' if self.arbitrary_equality else '=='}{self.version}"


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
    provenance: str | None = None
    """URL of the provenance object that the index offers for the file (PEP 740)."""


@dataclass(frozen=True, slots=True)
class ProjectDetail:
    """What one index says of one project (PEP 691); `status` as in PEP 792."""

    name: str
    files: tuple[IndexFile, ...]
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
    listed = set(listed_hashes(pin, filename))
    matching = (digest for digest in digests if digest.algorithm in STRONG_ALGORITHMS and digest in listed)
    return min(matching, default=None, key=lambda digest: (STRONG_ALGORITHMS.index(digest.algorithm), digest.hex))
