"""Releases of a project and the best file of each for a target, under the policy of a lock.

Sources: PEP 440 (versions), PEP 425 (tags), PEP 427 (build tags), PEP 592 (yanked files), PEP 700 (upload times).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from packaging.version import Version

from peep.dataclass import dataclass, field
from peep.errors import PackageIndexError
from peep.formats.ages import UnreadableTime, parse_time
from peep.formats.archive_names import ArchiveName
from peep.formats.names import SDIST_SUFFIXES
from peep.formats.versions import same_version
from peep.index.answers import places_text
from peep.index.compatibility import NO_RANK, Compatibility
from peep.model import ArchiveKind, FormatControl, IndexFile
from peep.target.declared import DeclaredTarget


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file of a release, its name taken apart."""

    file: IndexFile
    name: ArchiveName


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a project with every file that the index offers of it."""

    project: str
    """Normalised."""
    version: Version
    files: tuple[NamedFile, ...]
    """Sorted by file name."""
    direct_url: str = ""
    """Of a project that a root names by URL, as the lock writes it: `git+…@COMMIT`, or an archive's URL."""

    @property
    def is_commit(self) -> bool:
        """It's a commit, for which no hash of a file stands."""
        return self.direct_url.startswith("git+")

    @property
    def text(self) -> str:
        """The version as PEP 440 normalises it."""
        return str(self.version)

    @property
    def is_yanked(self) -> bool:
        return all(one.file.yanked is not None for one in self.files)


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """What locking takes from an index's answer about one project."""

    project: str
    index: str = ""
    """For messages; '' where no index has the project."""
    versions: tuple[Version, ...] = ()
    """Newest first."""
    releases: Sequence[Release] = ()
    """One for each version."""
    status: str = "active"
    """PEP 792."""
    asked: tuple[str, ...] = ()
    """Where no index has the project: those that were asked."""
    elsewhere: tuple[str, ...] = ()
    """Further indexes that have it, of which nothing is taken."""

    def release(self, version: str) -> Release | None:
        """Give back the release of a version as anybody writes it (PEP 440)."""
        found = (number for number, one in enumerate(self.versions) if same_version(str(one), version))
        number = next(found, None)
        return None if number is None else self.releases[number]

    @property
    def exists(self) -> bool:
        return bool(self.index)

    @property
    def first_comes(self) -> str:
        """Say whose files count where several indexes have the project, '' where one has it."""
        if not self.elsewhere:
            return ""
        others = ", ".join(self.elsewhere)
        return f"its files are those of {self.index}, which comes first, though {others} has it as well"

    def nobody_has(self, what: str = "it") -> str:
        """Say that no index has the project, and which were asked."""
        return f"no index has {what}{places_text(self.asked)}"


@dataclass(frozen=True, slots=True)
class CandidatePolicy:
    """Which files and versions a lock may choose at all."""

    formats: FormatControl = field(default_factory=FormatControl)
    not_after: datetime | None = None
    """`--min-age`, as the moment after which nothing may have been uploaded."""
    not_after_for: Mapping[str, datetime | None] = field(default_factory=dict)
    """The same for projects by normalised name or pattern (`corp-*`); None: no limit."""
    allows_pre_releases: bool = False

    def limit_of(self, project: str) -> datetime | None:
        """Give back the moment that counts for a project: its own name's, else the first pattern's, else the common."""
        if project in self.not_after_for:
            return self.not_after_for[project]
        patterns = (pattern for pattern in sorted(self.not_after_for) if fnmatchcase(project, pattern))
        return next((self.not_after_for[pattern] for pattern in patterns), self.not_after)


@dataclass(frozen=True, slots=True)
class FileChoice:
    """The file of a release that a target would install; None where none can be used, and then `reasons` say why."""

    chosen: NamedFile | None
    reasons: tuple[tuple[str, str], ...] = ()
    """Each unusable file with its reason."""
    is_yanked: bool = False

    @property
    def needs_build(self) -> bool:
        return self.chosen is not None and self.chosen.name.kind is ArchiveKind.SDIST


def admitted_files(release: Release, policy: CandidatePolicy) -> tuple[tuple[NamedFile, ...], tuple[NamedFile, ...]]:
    """Divide the files of a release into those old enough, and the younger ones.

    Raises `PackageIndexError` where an age is asked for and the index states no upload time (HTML pages, PEP 700).
    """
    limit = policy.limit_of(release.project)
    if limit is None:
        return release.files, ()
    old: list[NamedFile] = []
    young: list[NamedFile] = []
    for one in release.files:
        (old if _uploaded(one.file) <= limit else young).append(one)
    return tuple(old), tuple(young)


def age_caution(release: Release, one: NamedFile, policy: CandidatePolicy) -> str:
    """Say that a listed file is younger than what may be chosen today, or may be; '' where it is old enough."""
    limit = policy.limit_of(release.project)
    if limit is None:
        return ""
    try:
        return "" if _uploaded(one.file) <= limit else "is younger than the minimum age"
    except PackageIndexError:
        return "has no upload time, so that its age is unknown"


def _uploaded(file: IndexFile) -> datetime:
    if file.upload_time is None:
        reason = f"states no upload time of {file.filename}, so its age is unknown"
        raise PackageIndexError(file.index, reason, "use an index with PEP 700's JSON pages, or no minimum age for it")
    try:
        return parse_time(file.upload_time)
    except UnreadableTime as error:
        raise PackageIndexError(file.index, f"states an upload time of {file.filename} that is none: {error}") from None


class FileChooser:
    """Chooses the best file of releases of one project for one target; remembers what it was asked."""

    def __init__(self, project: str, target: DeclaredTarget, policy: CandidatePolicy) -> None:
        self._compatibility = Compatibility(project, target.environment, policy.formats)
        self._policy = policy
        self._known: dict[Version, FileChoice] = {}
        self._of_all: dict[Version, FileChoice] = {}

    def choose(self, release: Release) -> FileChoice:
        """Give back the file that the target would take; see `best_of` for the order."""
        known = self._known.get(release.version)
        if known is None:
            old, young = admitted_files(release, self._policy)
            known = self.best_of(old) if young else self.best(release)
            reasons = (*known.reasons, *((one.file.filename, "is too young") for one in young))
            known = self._known[release.version] = FileChoice(known.chosen, reasons, known.is_yanked)
        return known

    def objection(self, one: NamedFile) -> str:
        """Say why the target can't use a file, or give back ''."""
        return self._compatibility.objection(one.name, one.file)

    def best(self, release: Release) -> FileChoice:
        """Give back the best file of a release, however young."""
        known = self._of_all.get(release.version)
        if known is None:
            known = self._of_all[release.version] = self.best_of(release.files)
        return known

    def best_of(self, files: Iterable[NamedFile]) -> FileChoice:
        """Choose among files of one release: not yanked, wheel over sdist, best tag, highest build tag, name."""
        usable: list[NamedFile] = []
        reasons: list[tuple[str, str]] = []
        for one in files:
            objection = self.objection(one)
            if objection:
                reasons.append((one.file.filename, objection))
            else:
                usable.append(one)
        best = max(usable, key=self._preference, default=None)
        return FileChoice(best, tuple(reasons), best is not None and best.file.yanked is not None)

    def _preference(self, one: NamedFile) -> tuple[bool, bool, int, tuple[int, str], int, str]:
        is_wheel = one.name.kind is ArchiveKind.WHEEL
        suffix = 0 if is_wheel else -SDIST_SUFFIXES.index(one.name.suffix)
        rank = NO_RANK - self._compatibility.rank(one.name)
        return one.file.yanked is None, is_wheel, rank, one.name.build, suffix, one.file.filename
