"""Values of a lock as a lock file of PEP 751, and the pins of such a file as values."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError, RequirementsError
from peep.formats.documents import parse_toml
from peep.formats.names import SDIST_SUFFIXES, sdist_suffix
from peep.formats.pylock_text import Plain, PylockDocument, PylockFile, PylockPackage, PylockVcs, pylock_text
from peep.formats.url_secrets import shareable
from peep.locking.candidates import NamedFile
from peep.locking.completeness import JudgedPin
from peep.locking.edited_packages import without_edited
from peep.locking.kept_directives import KeptDirectives, directive_keys
from peep.locking.lock_plan import ListedRelease, PlannedPin
from peep.locking.marker_atoms import assumed, canonical_marker
from peep.locking.merging import markers_of_groups
from peep.locking.roots import divided_ref
from peep.locking.scopes import scoped_marker, scopes_of
from peep.locking.solution import TargetSolution
from peep.model import STRONG_ALGORITHMS, Digest, Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock

_WHEEL = ".whl"
SCOPE_NAMES = ("extras", "dependency_groups")

KnownFiles = Mapping[str, PylockFile]
"""Files of the present lock by digest (`sha256:…`): their values stay as they are."""


@dataclass(frozen=True, slots=True)
class PylockStyle:
    """What stands in the file beside the pins."""

    targets: tuple[str, ...]
    extras: tuple[str, ...] = ()
    dependency_groups: tuple[str, ...] = ()
    default_groups: tuple[str, ...] = ()
    build_constraint: str = ""
    arguments: tuple[str, ...] = ()
    """Of the `peep lock` that makes it, as a requirements file's header has them; () to leave them out."""
    index_names: Mapping[str, str] = field(default_factory=dict)
    """Names of bound indexes, by project."""
    known_files: KnownFiles = field(default_factory=dict)
    directives: KeptDirectives = ()
    """What else it says to peep."""


def lock_file_text(planned: Sequence[PlannedPin], solutions: Sequence[TargetSolution], style: PylockStyle) -> str:
    """Give back the text of the lock file; the same values give the same bytes."""
    scopes = [scopes_of(solution) for solution in solutions]
    listed = {pin.merged.name for pin in planned}
    several = {name for name in listed if sum(pin.merged.name == name for pin in planned) > 1}
    packages = tuple(
        _package(pin, scoped_marker(pin.merged, solutions, scopes), _dependencies(pin, planned, several), style)
        for pin in planned
    )
    tool: dict[str, Plain] = {"locked-for": sorted(style.targets), **directive_keys(style.directives)}
    if style.arguments:
        tool["locked-by"] = shlex.join(("peep", "lock", *style.arguments))
    if style.build_constraint:
        tool["build-constraint"] = [style.build_constraint]
    document = PylockDocument(
        packages,
        markers_of_groups(solution.group for solution in solutions),
        _requires_python(solutions),
        tuple(sorted(style.extras)),
        tuple(sorted(style.dependency_groups)),
        tuple(sorted(style.default_groups)),
        tool,
    )
    return pylock_text(document)


def _package(
    pin: PlannedPin, marker: str, dependencies: tuple[tuple[str, str], ...], style: PylockStyle
) -> PylockPackage:
    if pin.merged.release.is_commit:
        return _commit_package(pin, marker, dependencies)
    files = _files(pin, style.known_files)
    if pin.merged.release.direct_url:
        return PylockPackage(pin.merged.name, "", marker, dependencies=dependencies, archive=files[0])
    sdist, wheels = _divided(files)
    index = style.index_names.get(pin.merged.name, "")
    return PylockPackage(
        pin.merged.name,
        str(pin.merged.version),
        marker,
        _stated_python(one for one, _ in pin.listed.files),
        dependencies,
        sdist=sdist,
        wheels=wheels,
        tool={"index": index} if index else {},
    )


def _divided(files: Sequence[PylockFile]) -> tuple[PylockFile | None, tuple[PylockFile, ...]]:
    """Divide files into the one sdist that a package may list and its wheels."""
    sdists = [file for file in files if not file.name.endswith(_WHEEL)]
    sdist = min(sdists, key=lambda file: SDIST_SUFFIXES.index(sdist_suffix(file.name)), default=None)
    return sdist, tuple(file for file in files if file.name.endswith(_WHEEL))


def refreshed_package(name: str, listed: ListedRelease, known: KnownFiles) -> PylockPackage:
    """Give back a package with the files that are listed today; what is known of one of them stays."""
    files = [_file(one, digest, known) for one, digest in listed.files]
    sdist, wheels = _divided(sorted(files, key=lambda file: file.name))
    return PylockPackage(name, sdist=sdist, wheels=wheels)


def _files(pin: PlannedPin, known: KnownFiles) -> list[PylockFile]:
    """Give back what is listed, by name; of a kept pin also what the index offers no more."""
    files = {file.name: file for file in (_file(one, digest, known) for one, digest in pin.listed.files)}
    for digest in pin.listed.hashes if pin.listed.is_kept else ():
        kept = known.get(str(digest))
        if kept is not None:
            files.setdefault(kept.name, kept)
    return [files[name] for name in sorted(files)]


def _file(one: NamedFile, digest: Digest, known: KnownFiles) -> PylockFile:
    kept = known.get(str(digest))
    if kept is not None and kept.name == one.file.filename:
        return replace(kept, url=shareable(kept.url))
    file = one.file
    url = shareable(file.url.partition("#")[0])
    return PylockFile(file.filename, (digest,), url, size=file.size, upload_time=file.upload_time or "")


def _commit_package(pin: PlannedPin, marker: str, dependencies: tuple[tuple[str, str], ...]) -> PylockPackage:
    address, _, fragment = pin.merged.release.direct_url.removeprefix("git+").partition("#")
    url, _, commit = address.rpartition("@")
    refs = (requirer.root.direct.url for requirer in pin.merged.requirers if requirer.root and requirer.root.direct)
    ref = divided_ref(next(refs, ""))[1]
    vcs = PylockVcs("git", url, requested_revision=ref, commit_id=commit, subdirectory=fragment.partition("=")[2])
    return PylockPackage(pin.merged.name, "", marker, dependencies=dependencies, vcs=vcs)


def _stated_python(files: Iterable[NamedFile]) -> str:
    """Give back Requires-Python where all files of the release say the same."""
    stated = {one.file.requires_python or "" for one in files}
    return stated.pop() if len(stated) == 1 else ""


def _requires_python(solutions: Sequence[TargetSolution]) -> str:
    """Give back the oldest declared Python: a minor version with all that it has, or the one exact version."""
    ids = (member.id for solution in solutions for member in solution.group.members)
    oldest = min((*one.minor, *(() if one.micro is None else (one.micro,))) for one in ids)
    return f">={'.'.join(map(str, oldest))}"


def _dependencies(pin: PlannedPin, planned: Sequence[PlannedPin], several: set[str]) -> tuple[tuple[str, str], ...]:
    """Give back what a pin requires of the list, sorted; with a version where its name is listed in several."""
    found = set()
    for other in planned:
        if other.merged.name != pin.merged.name and any(
            requirer.parent == pin.merged.name for requirer in other.merged.requirers
        ):
            version = str(other.merged.version) if other.merged.name in several else ""
            found.add((other.merged.name, version))
    return tuple(sorted(found))


# -- reading -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadPylock:
    """Pins of a lock file, and the values of its files."""

    pins: tuple[JudgedPin, ...]
    files: KnownFiles
    targets: tuple[str, ...] = ()
    """Of its `[tool.peep] locked-for`."""
    indexes: Mapping[str, str] = field(default_factory=dict)
    """Index of a package by its name, where the file says it: a URL, or the name of an index of the settings."""
    build_constraints: tuple[str, ...] = ()
    """Of its `[tool.peep] build-constraint`."""
    commits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Commit URLs by package, with the revision that was requested."""


class UnreadableLock(PeepError):
    """A text that is no lock file of PEP 751."""


def read_lock_file(text: str, path: str, *, takes_edited: bool = False) -> ReadPylock:
    """Read all pins, whatever their extras and groups. Raises `UnreadableLock`.

    `takes_edited`: packages whose version was edited count as pins without files; for who makes the file anew.
    """
    # As most lists are in the other form, which lock, add and check read without it.
    from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError  # noqa: PLC0415 - above

    edited: tuple[JudgedPin, ...] = ()
    try:
        tables = parse_toml(text)
        if takes_edited:
            tables, edited = without_edited(tables, path)
        document = Pylock.from_dict(tables)
    except (PylockValidationError, PylockUnsupportedVersionError, ValueError) as error:
        raise UnreadableLock(f"{path}: this is no lock file: {error}") from None
    pins = (*(_pin(package, path) for package in document.packages), *edited)
    files = {str(digest): file for package in document.packages for file in files_of(package) for digest in file.hashes}
    peep = (document.tool or {}).get("peep", {})
    stated = peep.get("locked-for", []) if isinstance(peep, Mapping) else []
    tools = peep.get("build-constraint", []) if isinstance(peep, Mapping) else []
    indexes = {str(package.name): index for package in document.packages if (index := _index(package))}
    return ReadPylock(
        pins, files, _texts(stated), indexes, _texts([tools] if isinstance(tools, str) else tools), _commits(document)
    )


def _commits_url(package: Package) -> str:
    vcs = package.vcs
    return f"{vcs.type}+{vcs.url}@{vcs.commit_id}" if vcs is not None and vcs.url else ""


def _commits(document: Pylock) -> dict[str, tuple[str, str]]:
    return {
        str(package.name): (_commits_url(package), package.vcs.requested_revision or "")
        for package in document.packages
        if package.vcs is not None and package.vcs.url
    }


def _texts(values: object) -> tuple[str, ...]:
    return tuple(one for one in values if isinstance(one, str)) if isinstance(values, list) else ()


def _index(package: Package) -> str:
    peep = (package.tool or {}).get("peep", {})
    named = peep.get("index", "") if isinstance(peep, Mapping) else ""
    return package.index or (named if isinstance(named, str) else "")


def _pin(package: Package, path: str) -> JudgedPin:
    marker = assumed(canonical_marker(str(package.marker)), SCOPE_NAMES) if package.marker else ""
    hashes = tuple(dict.fromkeys(digest for file in files_of(package) for digest in file.hashes))
    url = _commits_url(package) if package.vcs else package.archive.url or "" if package.archive else ""
    source = package.vcs or package.directory or package.archive
    return JudgedPin(
        package.name,
        "" if source else str(package.version or ""),  # PEP 751: of a source, it is a remark
        marker,
        hashes=hashes,
        url=url,
        location=Location(path, 0),
        subdirectory=(source.subdirectory or "") if source else "",
    )


def files_of(package: Package) -> tuple[PylockFile, ...]:
    """Give back wheels, sdist and archive of a package with all their values."""
    found = [_read_file(wheel) for wheel in package.wheels or ()]
    if package.sdist is not None:
        found.append(_read_file(package.sdist))
    if package.archive is not None:
        archive = package.archive
        name = (archive.url or archive.path or "").rpartition("/")[2]
        found.append(PylockFile(name, _digests(archive.hashes), archive.url or "", archive.path or "", archive.size))
    return tuple(found)


def _read_file(one: PackageWheel | PackageSdist) -> PylockFile:
    time = one.upload_time.isoformat() if one.upload_time else ""
    return PylockFile(one.filename, _digests(one.hashes), one.url or "", one.path or "", one.size, time)


def _digests(hashes: Mapping[str, str]) -> tuple[Digest, ...]:
    return tuple(Digest(name, text.lower()) for name, text in sorted(hashes.items()) if name in STRONG_ALGORITHMS)


def refusal(error: UnreadableLock, path: str) -> RequirementsError:
    """Give back an unreadable lock as an error of its file."""
    return RequirementsError(Location(path, 0), str(error).removeprefix(f"{path}: "))
