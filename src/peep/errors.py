"""Errors that users can read: each holds facts and renders itself, in families by whose fault it is.

Messages are lower case, without a full stop, cause first; what to do about it stands in `hint`. URLs arrive here
already redacted (`peep.http.transport.redacted`). `exit_status` is what the command line returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from peep.dataclass import dataclass, field
from peep.model import Candidate, Digest, Location, PinnedRequirement, Rejection
from peep.place_faults import BundleFileFault, DigestDiffers, IncompleteTarget, MirrorFileFault, NotOwned, UnpulledFile

HOW_TO_GET_UTF8 = "set PYTHONUTF8=1, or let LC_ALL name a locale with UTF-8, such as C.UTF-8"


class PeepError(Exception):
    """Base of all errors that are not bugs in peep."""

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(PeepError):
    """The command line asks for something that cannot be: exit 2."""

    exit_status = 2


class CouldNotJudge(PeepError):
    """What a judgement was to rest on is missing, broken or too old: exit 4, and nothing was changed."""

    exit_status = 4


IS_ONE_FILE = __spec__ is not None and type(__spec__.loader).__name__ == "zipimporter"
"""Whether this is the one-file edition, which imports nothing that is installed beside it."""


class MissingExtra(UsageError):
    """What is asked for takes a library that only comes with one of peep's extras (docs/embedding.md lists them).

    `missing`: what importing the library raised; `instead`: what to do without it.
    """

    def __init__(self, what: str, extra: str, missing: ImportError, instead: str = "") -> None:
        library = f" (no {missing.name})" if missing.name else ""
        how = f"install peep from its source with that extra: pip install '.[{extra}]'"
        if IS_ONE_FILE:
            how = f"the one-file edition holds no extras; {how}"
        otherwise = f"; or {instead}" if instead else ""
        super().__init__(f"{what} takes peep's extra {extra}, which is not installed{library}", how + otherwise)
        self.extra = extra


class NoIndexToAsk(UsageError):
    """Something has to be looked up, and neither the command line nor pip's configuration names a place for it."""


class RequirementsError(PeepError):
    """A line of a requirements or lock file that means nothing safe.

    `is_stray_hash`: it is a `--hash` that the line above it has lost.
    """

    def __init__(self, location: Location, reason: str, hint: str = "", *, is_stray_hash: bool = False) -> None:
        super().__init__(f"{location}: {reason}", hint)
        self.location = location
        self.reason = reason
        self.is_stray_hash = is_stray_hash


class RequirementsErrors(PeepError):
    """Every bad line of a run, together (promise 3).

    `errors` are lines that mean nothing safe. `also` are lines that are understood and would be refused next: without
    a hash, without a pin.
    """

    def __init__(self, errors: Sequence[RequirementsError], also: Sequence[RequirementsError] = ()) -> None:
        super().__init__("\n".join(str(error) for error in (*errors, *also)))
        self.errors = tuple(errors)
        self.also = tuple(also)


class SeveralErrors(PeepError):
    """Everything that a run cannot do, together (promise 3), one line of the message for each."""

    def __init__(self, errors: Sequence[PeepError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


class TransportError(PeepError):
    """Bytes that could not be had from a URL."""

    def __init__(self, url: str, reason: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(f"{url}: {reason}", hint)
        self.url = url
        self.reason = reason
        self.status = status
        """HTTP status, when an answer came at all."""


class PackageIndexError(PeepError):
    """An index answered with something that is not what the simple API promises."""

    def __init__(self, index: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{index}: {reason}", hint)
        self.index = index
        self.reason = reason


class ArchiveError(PeepError):
    """An archive whose hash is right and whose inside is not acceptable; `problems` lists all that were found."""

    def __init__(self, filename: str, problems: Sequence[str], hint: str = "") -> None:
        super().__init__(f"{filename}: " + "; ".join(problems), hint)
        self.filename = filename
        self.problems = tuple(problems)


class StoreError(PeepError):
    """The store cannot be used: not writable, full, of a newer format."""


class StoredWheelsDamaged(StoreError):
    """Files in the store are not what was put there: nothing of them was installed, nothing was changed.

    `digests` are the archives' sha256 of the wheels to drop from the store and to fetch again.
    """

    def __init__(self, digests: Sequence[str], faults: Sequence[str]) -> None:
        super().__init__("the store was edited: " + "; ".join(faults), "run the command again to fetch these anew")
        self.digests = tuple(digests)
        self.faults = tuple(faults)


class EnvironmentChangeError(PeepError):
    """The target environment cannot be changed as planned; it is as it was before."""


class EnvironmentChangedMeanwhile(EnvironmentChangeError):
    """Another run took away what this one's plan keeps; nothing was changed. Planning again is all it takes."""


class DestinationError(PeepError):
    """A folder that archives were to be put into cannot take them, or holds others of the same names; it is as before.

    One line of the message for each.
    """


class BuildError(PeepError):
    """An sdist that could not be made into a wheel; `subject` is the archive, commit or folder that is spoken of."""

    def __init__(self, reason: str, hint: str = "", *, subject: str = "") -> None:
        super().__init__(f"{subject}: {reason}" if subject else reason, hint)
        self.reason = reason


class VettingError(PeepError):
    """What was asked of the vetting records cannot be done; the folder is as it was before."""


class RecordsErrors(VettingError):
    """Every fault that was found in the vetting folder, together (promise 3)."""

    def __init__(self, problems: Sequence[RecordsUnreadable]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class BackendFailed(BuildError):
    """A build backend that did not do what it was asked. Nothing was changed.

    `sdist` and `hook` name what ran; `status` is the exit status (negative or 128 + n: ended by signal n), None when
    the backend ended well but its answer can't be used; `cause` is the likely cause, '' when there is none to be seen.
    """

    def __init__(
        self,
        sdist: str,
        hook: str,
        status: int | None,
        *,
        cause: str = "",
        last_lines: Sequence[str] = (),
        log_path: str = "",
    ) -> None:
        ended = f" (exit status {status})" if status is not None else ""
        lines = [f"{sdist}: the build backend failed in {hook}{ended}" + (f": {cause}" if cause else "")]
        lines += [f"  | {line}" for line in last_lines]
        super().__init__("\n".join(lines), f"all of its output is in {log_path}" if log_path else "")
        self.sdist = sdist
        self.hook = hook
        self.status = status
        self.cause = cause
        self.last_lines = tuple(last_lines)
        self.log_path = log_path


# -- the entries of the install reports ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HashMismatch:
    """The bytes that came are not bytes that the user vetted."""

    candidate: Candidate
    got: tuple[Digest, ...]
    """Of the bytes received, in every algorithm that the pin lists (sha256 always)."""
    size: int
    """Bytes received."""
    content_type: str = ""
    story: str = ""
    """The likely explanation, when there is one."""


@dataclass(frozen=True, slots=True)
class HashMissing:
    """A pin that lists no hash: `got` is what is about to be trusted."""

    candidate: Candidate
    got: Digest
    """sha256 of the bytes received."""
    size: int
    version: str = ""
    """The actual version, from the file name or the metadata, where the pin is a URL."""
    seen_before: bool = False
    """The store has held this digest."""


@dataclass(frozen=True, slots=True)
class UnusableRequirement:
    """A line that cannot be installed safely: unpinned, a branch, a directory, a bare URL without a name."""

    location: Location
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoUsableFile:
    """No index offers a file for this pin on this target; every rejected file says why."""

    pin: PinnedRequirement
    reason: str
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """An index page or archive that did not come."""

    pin: PinnedRequirement
    url: str
    """'' where the reason names what was asked."""
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class BadArchive:
    """The digest is right; the archive breaks the rules of its format."""

    pin: PinnedRequirement
    filename: str
    problems: tuple[str, ...]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveRefused:
    """An archive that was named by itself, not by a list, and breaks the rules of its format."""

    filename: str
    problems: tuple[str, ...]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RunFailure:
    """What ended a run and is of no other kind: a folder, a place or a line that cannot be used."""

    reason: str
    hint: str = ""
    locations: tuple[Location, ...] = ()
    """Lines of files that mean nothing safe."""


@dataclass(frozen=True, slots=True)
class KnownMalware:
    """A pin that a snapshot of advisories lists as malware; `--refuse-malware` asked for that."""

    pin: PinnedRequirement
    id: str
    """Of the advisory."""
    certainty: str
    """`hash`: these bytes are listed; `version`: this version is."""
    advisories: tuple[str, ...] = ()
    """Files of advisories that the run was given in the place of the fetched ones."""


@dataclass(frozen=True, slots=True)
class OmittedDependency:
    """A listed project requires one that is not listed; `chain` runs from a listed root to `name`."""

    name: str
    requirement: str
    chain: tuple[str, ...]
    suggestion: tuple[str, ...] = ()
    """Lines ready to paste, which fit all that is required of the project; empty when nothing fitting was found."""
    installed: str = ""
    """The version that the environment has of it already, although no file lists it; '' for none."""


@dataclass(frozen=True, slots=True)
class ConflictingDependency:
    """A listed project requires another version of a project than the one that is listed."""

    name: str
    requirement: str
    listed: str
    required_by: str


@dataclass(frozen=True, slots=True)
class MissingBuildRequirement:
    """A build needs a project that no build constraint pins, or pins at a version or without a hash that won't do."""

    sdist: str
    """File name of the archive that is to be built."""
    requirement: str
    """As `build-system.requires`, a hook or another build requirement states it."""
    chain: tuple[str, ...]
    """From the sdist's project to the missing one, by name."""
    reason: str
    """What is wrong: not listed, no hash, another version listed."""
    suggestion: tuple[str, ...] = ()
    """Lines ready to paste into the build constraints; empty when nothing fitting was found."""


class Lack(Enum):
    """Why an archive does not count as examined."""

    UNEXAMINED = "unexamined"
    """No audit record, excuse or trusted publisher leads to these bytes."""
    COMPILED = "compiled"
    """Examined but for its compiled files, and the policy does not accept that."""
    MACHINE = "machine"
    """Examined by a machine, and the policy does not accept that."""
    UNRECORDED = "unrecorded"
    """An installed project whose archive's sha256 nobody recorded."""
    COMMIT = "commit"
    """A commit of a repository, which only an excuse can let pass."""


@dataclass(frozen=True, slots=True)
class NotExamined:
    """Bytes that the user listed, fetched or not, and that are not examined for what the run demands."""

    pin: PinnedRequirement
    archive: str
    """Its file name; of a commit `git:HEX  URL`; '' where nobody recorded what was installed."""
    sha256: str
    """Lower-case hex, '' for a commit and where it is not recorded."""
    criterion: str
    """What was wanted."""
    lack: Lack = Lack.UNEXAMINED
    others: int = 0
    """Further listed archives of the pin: none of them is examined either, so nothing of it was fetched."""
    nearest_version: str = ""
    """The nearest version of the project that is examined: this one, where other bytes of it are; '' when none is."""
    nearest_by: str = ""
    nearest_on: str = ""
    nearest_is_excused: bool = False
    """Nobody examined it either: it is excused from that."""
    """ISO 8601 day."""


@dataclass(frozen=True, slots=True)
class ObjectedTo:
    """Somebody examined these bytes, or this version, and objects."""

    pin: PinnedRequirement
    archive: str
    sha256: str
    criterion: str
    """What was wanted, and the violation says is not met."""
    source: str
    """The import that it came by; '' for the project's own records."""
    by: str
    on: str
    """ISO 8601 day."""
    why: str


@dataclass(frozen=True, slots=True)
class RecordsUnreadable:
    """A file of the vetting folder that cannot be believed: nothing counts as examined because of it."""

    path: str
    reason: str
    entry: str = ""
    """Which entry, such as `audit record 3`; '' for the whole file."""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.path, self.entry, self.reason) if part)


@dataclass(frozen=True, slots=True)
class FileNameTaken:
    """Archives of one file name and different bytes, of which one folder, and one mirror, can hold one only."""

    filename: str
    hashes: tuple[Digest, ...]


Problem = (
    HashMismatch
    | HashMissing
    | UnusableRequirement
    | NoUsableFile
    | FetchFailure
    | BadArchive
    | ArchiveRefused
    | RunFailure
    | KnownMalware
    | OmittedDependency
    | ConflictingDependency
    | MissingBuildRequirement
    | NotExamined
    | ObjectedTo
    | RecordsUnreadable
    | BundleFileFault
    | UnpulledFile
    | DigestDiffers
    | FileNameTaken
    | IncompleteTarget
    | NotOwned
    | MirrorFileFault
)


@dataclass
class Problems:
    """Collects what is wrong with a run, in any order."""

    found: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        self.found.append(problem)

    def raise_if_any(self) -> None:
        if self.found:
            raise InstallRefused(tuple(self.found))


class InstallRefused(PeepError):
    """The run stops before anything was built or changed; `problems` are all of them (promise 3)."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("not proceeding to installation")
        self.problems = problems
