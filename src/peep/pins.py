"""Pins: projects, sources and hashes as the user's files list them; what stage 1 (requirements) gives.

Names are those of the packaging glossary and of the PEPs given at each type. Import them from `peep.model`, which has
the types of all stages.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NoReturn

from peep.dataclass import dataclass

HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""How many hexadecimal digits a digest has, for each algorithm that is strong enough to count."""
_HEX_DIGITS = frozenset("0123456789abcdef")
STRONG_ALGORITHMS = tuple(HEX_LENGTHS)
"""The only algorithms whose digest may vouch for an archive, as in pip's hash-checking mode."""


def assert_never(value: NoReturn) -> NoReturn:
    """Tell type checkers that a `match` has seen all cases, as `typing.assert_never` does from Python 3.11 on."""
    raise AssertionError(f"no case for {value!r}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """One hash: `algorithm` (lower case) and `hex` (lower case, of that algorithm's full length)."""

    algorithm: str
    hex: str

    def __hash__(self) -> int:
        return hash(self.hex)  # a run puts thousands into sets

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


def sha256_among(digests: Iterable[Digest]) -> Digest | None:
    """The sha256 among the digests of one file, None where none is stated."""
    return next((digest for digest in digests if digest.algorithm == "sha256"), None)


def is_digest(text: str, algorithm: str = "sha256") -> bool:
    """Whether `text` is a whole digest of a strong algorithm in lower-case hex."""
    return len(text) == HEX_LENGTHS.get(algorithm) and _HEX_DIGITS.issuperset(text)


def read_sha256(text: str) -> str:
    """The sha256 that `sha256:HEX` or HEX names, in either case of letters, as lower-case hex; '' for other texts."""
    digits = text.lower().removeprefix("sha256:")
    return digits if is_digest(digits) else ""


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
