"""One lock file as another: what is kept, what is lost, and the proof that nothing else changed.

Reads requirements.txt, pylock.toml, Pipfile.lock, poetry.lock, pdm.lock, uv.lock; writes requirements.txt,
pylock.toml, Pipfile.lock. No network: what a format needs and the input lacks is asked for by the workflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from packaging.specifiers import InvalidSpecifier
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from peep.dataclass import dataclass, replace
from peep.formats.dependency_specifiers import read_specifiers
from peep.formats.names import is_lock_path, last_segment
from peep.formats.pylock_text import PylockDocument, PylockFile, PylockPackage, PylockVcs, pylock_text
from peep.formats.url_secrets import redacted
from peep.formats.urls import repository_objection
from peep.locking.completeness import JudgedPin
from peep.locking.kept_directives import KeptDirectives, directive_keys, directive_lines
from peep.locking.output.pipfile import PipfileLock, pipfile_losses, pipfile_text
from peep.locking.output.requirements_txt import WrittenPin, pin_lines
from peep.locking.readers.locked import LockedFile, LockedPackage, Loss, ReadLock, Selection, is_commit
from peep.locking.readers.pdm import read_pdm_lock
from peep.locking.readers.pipfile import read_pipfile_lock
from peep.locking.readers.poetry import read_poetry_lock
from peep.locking.readers.propagation import overlap
from peep.locking.readers.uv import read_uv_lock
from peep.locking.sources import Pages

_READERS = {
    "Pipfile.lock": read_pipfile_lock,
    "poetry.lock": read_poetry_lock,
    "pdm.lock": read_pdm_lock,
    "uv.lock": read_uv_lock,
}
_WRITTEN_BY_THEIR_TOOL = frozenset(_READERS) - {"Pipfile.lock"}
_SDIST = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tar")


@dataclass(frozen=True, slots=True)
class Written:
    """A converted file and what it lacks."""

    text: str
    losses: tuple[Loss, ...]

    @property
    def refusals(self) -> tuple[Loss, ...]:
        """Losses that change what is installed."""
        return tuple(loss for loss in self.losses if loss.changes_install)


def is_foreign_lock(path: str) -> bool:
    """Tell by its name whether a file is another tool's lock."""
    return last_segment(path) in _READERS


def is_read_only(path: str) -> bool:
    """Tell by its name whether a file is a lock that only its own tool can write: it states the project file's hash."""
    return last_segment(path) in _WRITTEN_BY_THEIR_TOOL


def read_foreign_lock(text: str, path: str, selection: Selection) -> ReadLock:
    """Read a lock of another tool, by its name. Raises `UnreadableLock`."""
    read = _READERS[last_segment(path)](text, selection)
    return replace(read, losses=(*read.losses, *_contradictions(read)))


def _contradictions(read: ReadLock) -> Iterator[Loss]:
    """Tell of names with two versions for one place: extras or groups that exclude each other were asked for."""
    by_name: dict[str, list[LockedPackage]] = {}
    for package in read.packages:
        by_name.setdefault(package.name, []).append(package)
    for name, packages in by_name.items():
        if len(packages) > 1 and overlap([one.marker for one in packages], read.requires_python):
            versions = ", ".join(one.version or one.url for one in packages)
            what = f"its versions {versions} are needed side by side: extras or groups that exclude each other"
            yield Loss(name, what, changes_install=True)


def locked_packages(
    pins: Sequence[JudgedPin], files: Iterable[PylockFile] = (), indexes: Mapping[str, str] = MappingProxyType({})
) -> ReadLock:
    """Give back the pins of a requirements or lock file as packages.

    `files` and `indexes` are the values that a lock file has.
    """
    files = tuple(files)
    by_digest = {digest: file for file in files for digest in file.hashes}
    packages = []
    losses = [Loss("", "paths of files", changes_install=False)] if any(file.path for file in files) else []
    for pin in pins:
        if not (pin.version or pin.url):
            what = "it is a folder or a file of this machine, and is left out"
            losses.append(Loss(pin.name, what, changes_install=True))
            continue
        listed = tuple(
            LockedFile(digest, file.name, file.url, file.size, file.upload_time)
            if (file := by_digest.get(digest)) is not None
            else LockedFile(digest)
            for digest in pin.hashes
        )
        index = indexes.get(pin.name, "")
        version = "" if pin.url else pin.version
        package = LockedPackage(pin.name, version, pin.marker, pin.extras, listed, index, pin.url, pin.subdirectory)
        packages.append(package)
        if not listed and not is_commit(pin.url):
            losses.append(Loss(pin.name, "it has no hash", changes_install=True))
    ordered = tuple(sorted(packages, key=lambda one: (one.name, one.version, one.marker)))
    return ReadLock(ordered, tuple(losses))


def lacks_urls(packages: Sequence[LockedPackage]) -> bool:
    """Tell whether a lock file of these packages would lack names or URLs of files."""
    return any(not (file.name and file.url) for package in packages if not package.url for file in package.files)


def fill_from_pages(read: ReadLock, pages: Pages) -> ReadLock:
    """Take names, URLs, sizes and times of files from the indexes, by their digests; what no index has stays open."""
    return ReadLock(tuple(_filled(package, pages) for package in read.packages), read.losses, read.left_out)


def _filled(package: LockedPackage, pages: Pages) -> LockedPackage:
    if package.url or not lacks_urls([package]):
        return package
    releases = pages.page(package.name).releases
    offered = {digest: one.file for release in releases for one in release.files for digest in one.file.hashes}
    files = []
    for file in package.files:
        known = offered.get(file.digest)
        if known is not None and not (file.name and file.url):
            url = known.url.partition("#")[0]
            file = LockedFile(file.digest, known.filename, url, known.size, known.upload_time or "")  # noqa: PLW2901
        files.append(file)
    return replace(package, files=tuple(files))


def convert(
    read: ReadLock,
    output: str,
    *,
    annotates_files: bool = False,
    targets: Sequence[str] = (),
    directives: KeptDirectives = (),
) -> Written:
    """Write packages, and what the list says to peep, as the format that the output's name says."""
    read = replace(read, losses=(*read.losses, *_unfetched_commits(read.packages)))
    if is_lock_path(output):
        return _as_lock_file(read, targets, directives)
    if last_segment(output) == "Pipfile.lock":
        unsaid = [Loss("", line, changes_install=True) for line in directive_lines(directives)]
        own = (*pipfile_losses(read.packages), *_value_losses(read.packages), *_place_losses(read))
        text = pipfile_text(PipfileLock(read.packages, _only_url(read.packages)))
        return Written(text, (*read.losses, *unsaid, *own))
    said = [*(("--locked-for", target) for target in sorted(targets)), *directives]
    return _as_requirements(read, annotates_files=annotates_files, directives=said)


def _only_url(packages: Sequence[LockedPackage]) -> str:
    urls = {package.index for package in packages if "://" in package.index}
    return urls.pop() if len(urls) == 1 else ""


# -- requirements.txt --------------------------------------------------------------------------------


def _as_requirements(read: ReadLock, *, annotates_files: bool, directives: KeptDirectives) -> Written:
    lines = list(directive_lines(directives))
    for package in read.packages:
        names = tuple((file.digest, file.name) for file in package.files if file.name)
        pin = WrittenPin(
            package.name,
            package.version,
            package.extras,
            package.marker,
            tuple(file.digest for file in package.files),
            filenames=names if annotates_files else (),
            url=package.url,
            subdirectory=package.subdirectory,
        )
        lines += pin_lines(pin)
    values = _value_losses(read.packages, keeps_names=annotates_files)
    losses = (*read.losses, *values, *_index_losses(read.packages), *_place_losses(read), *_unhashed_commits(read))
    return Written("\n".join([*lines, ""]), losses)


def _place_losses(read: ReadLock) -> list[Loss]:
    """Tell of limits on the environments that a file as a whole is for."""
    stated = {"requires-python": read.requires_python, "environments": " or ".join(read.environments)}
    return [
        Loss("", f"its {what} ({text}): others are refused no more", changes_install=False)
        for what, text in stated.items()
        if text
    ]


def _unhashed_commits(read: ReadLock) -> list[Loss]:
    names = ", ".join(package.name for package in read.packages if is_commit(package.url))
    what = f"hashes beside commits ({names}): there are none, and pip's hash mode refuses such lines; peep takes them"
    return [Loss("", what, changes_install=False)] if names else []


def _unfetched_commits(packages: Sequence[LockedPackage]) -> Iterator[Loss]:
    """Tell of commits that no install of peep's takes; pip may."""
    for package in packages:
        if is_commit(package.url) and (objection := repository_objection(package.url)):
            what = f"no install of peep takes it from {redacted(package.url)}: {objection}"
            yield Loss(package.name, what, changes_install=True)


def _value_losses(packages: Sequence[LockedPackage], *, keeps_names: bool = False) -> list[Loss]:
    """Tell of values that no installer needs, all at once."""
    files = [file for package in packages for file in package.files]
    stated = {
        "URLs of files": any(file.url for file in files),
        "sizes of files": any(file.size is not None for file in files),
        "upload times": any(file.upload_time for file in files),
        "names of files": any(file.name for file in files) and not keeps_names,
        "branches and tags of commits": any(package.requested_revision for package in packages),
    }
    lost = ", ".join(what for what, is_lost in stated.items() if is_lost)
    return [Loss("", f"{lost} (no installer needs them)", changes_install=False)] if lost else []


def _index_losses(packages: Sequence[LockedPackage]) -> list[Loss]:
    names = sorted({package.index for package in packages if package.index})
    return [Loss("", f"which index serves which project ({', '.join(names)})", changes_install=False)] if names else []


# -- pylock.toml -------------------------------------------------------------------------------------


def _as_lock_file(read: ReadLock, targets: Sequence[str], directives: KeptDirectives) -> Written:
    losses = list(read.losses)
    made = [_pylock_package(package, losses) for package in read.packages]
    packages = tuple(one for one in made if one.sdist or one.wheels or one.archive or one.vcs)
    told = {loss.name for loss in losses if loss.changes_install}
    left_out = [one.name for one in made if one not in packages and one.name not in told]
    losses += [Loss(name, "it has no file that a lock file can list", changes_install=True) for name in left_out]
    tool = {**({"locked-for": sorted(targets)} if targets else {}), **directive_keys(directives)}
    python = read.requires_python if _is_specifier(read.requires_python) else ""
    if read.requires_python and not python:
        losses += _place_losses(replace(read, environments=()))
    document = PylockDocument(packages, read.environments, python, tool=tool)
    return Written(pylock_text(document), tuple(losses))


def _is_specifier(text: str) -> bool:
    """Poetry has other spellings as well (`^3.10`)."""
    try:
        return bool(read_specifiers(text))
    except InvalidSpecifier:
        return False


def _is_archive(filename: str) -> bool:
    try:
        (parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename)(filename)
    except ValueError:
        return False
    return True


def _pylock_package(package: LockedPackage, losses: list[Loss]) -> PylockPackage:
    if package.url:
        return _direct_package(package, losses)
    files = []
    for file in package.files:
        if not file.name or not file.url:
            what = f"the name and the URL of its file with {file.digest}, which a lock file needs, are not known"
            losses.append(Loss(package.name, what, changes_install=True))
            continue
        if not _is_archive(file.name):
            losses.append(Loss(package.name, f"{file.name} is the name of no wheel and no sdist", changes_install=True))
            continue
        files.append(PylockFile(file.name, (file.digest,), file.url, "", file.size, file.upload_time))
    losses += _extra_losses(package)
    sdists = [file for file in files if file.name.lower().endswith(_SDIST)]
    losses += [Loss(package.name, f"{more.name}: a lock file has one sdist", False) for more in sdists[1:]]  # noqa: FBT003
    index = package.index if "://" in package.index else ""
    return PylockPackage(
        package.name,
        package.version,
        package.marker,
        index=index,
        sdist=sdists[0] if sdists else None,
        wheels=tuple(sorted((file for file in files if file.name.endswith(".whl")), key=lambda file: file.name)),
        tool={"index": package.index} if package.index and not index else {},
    )


def _extra_losses(package: LockedPackage) -> list[Loss]:
    extras = ", ".join(package.extras)
    what = f"its extras ({extras}), which bring nothing more"
    return [Loss(package.name, what, changes_install=False)] if extras else []


def _direct_package(package: LockedPackage, losses: list[Loss]) -> PylockPackage:
    """An archive or a commit at a URL (PEP 751, `packages.archive`, `packages.vcs`)."""
    losses += _extra_losses(package)
    if is_commit(package.url):
        kind, _, place = package.url.partition("+")
        url, _, commit = place.rpartition("@")
        vcs = PylockVcs(kind.lower(), url, commit, package.requested_revision, package.subdirectory)
        return PylockPackage(package.name, marker=package.marker, vcs=vcs)
    digests = tuple(file.digest for file in package.files)
    if len({digest.algorithm for digest in digests}) < len(digests):
        what = "it has several hashes of one algorithm, of which a lock file holds one for a URL"
        losses.append(Loss(package.name, what, changes_install=True))
        return PylockPackage(package.name)
    if not digests:
        return PylockPackage(package.name)
    size = next((file.size for file in package.files if file.size is not None), None)
    times = [file.upload_time for file in package.files if file.upload_time]
    file = PylockFile("", digests, package.url, "", size, *times[:1])
    located = replace(file, subdirectory=package.subdirectory)
    return PylockPackage(package.name, marker=package.marker, archive=located)
