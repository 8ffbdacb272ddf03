"""`pylock.toml` of a bundle: its inputs as one lock file with the archives beside it.

Source: PEP 751. Each file has its `path` in the bundle beside the `url` that it came from; installers take the path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.pylock import Pylock, PylockValidationError

from peep.bundle.manifest import ArchiveRole, BundleArchive, BundleInput, BundleManifest, InputRole
from peep.bundle.tree import FileSource
from peep.errors import PeepError
from peep.formats.documents import parse_toml
from peep.formats.names import normalised
from peep.formats.versions import same_version
from peep.model import ArchiveKind
from peep.requirements.files import parse_requirements_files
from peep.system.bounded import LISTS, read_stream

_Wanted = Mapping[str, Sequence[tuple["str | None", str]]]
"""By project: each version that an input names (None: by URL, or pinned elsewhere), with its marker ('': always)."""
_READ = frozenset(InputRole) - {InputRole.BUILD_CONSTRAINT}
_READ_BY_LOCKS_ONLY = ("extras", "dependency_groups")


def bundle_lock(manifest: BundleManifest, files: FileSource) -> bytes | None:
    """The text of `pylock.toml` for all inputs of a bundle, which are read from `files`.

    None where one lock cannot say it: two versions of a project that no markers divide, markers about extras of a lock
    file, two source archives of one version, an input that is not there, too long or means nothing.
    Raises what `files` raise where they are far away and cannot be had just now.
    """
    try:
        contents = {one.file.path: _content(files, one.file.path) for one in manifest.inputs if one.role in _READ}
        wanted = _wanted(manifest, contents)
    except OSError:
        return None
    if wanted is None:
        return None
    entries: list[str] = []
    for (name, version), archives in sorted(_by_version(manifest).items()):
        marker = _marker(name, version, wanted)
        is_divided = len({other for project, other in _by_version(manifest) if project == name}) > 1
        sdists = [one for one in archives if one.kind is ArchiveKind.SDIST]
        if marker is None or (is_divided and not marker) or len(sdists) > 1:
            return None
        entries.append(_package(name, version, marker, archives))
    return "\n".join(['lock-version = "1.0"', 'created-by = "peep"', "", *entries]).encode() if entries else None


def _by_version(manifest: BundleManifest) -> dict[tuple[str, str], list[BundleArchive]]:
    found: dict[tuple[str, str], list[BundleArchive]] = {}
    for archive in manifest.archives:
        if ArchiveRole.INSTALL in archive.roles:
            found.setdefault((archive.name, archive.version), []).append(archive)
    return found


def _content(files: FileSource, path: str) -> bytes:
    with files.open(path) as file:
        return read_stream(file, LISTS, path)


def _wanted(manifest: BundleManifest, contents: Mapping[str, bytes]) -> _Wanted | None:
    """What the inputs name; None where one of them means nothing."""
    try:
        return _parsed(manifest, contents)
    except (PeepError, PylockValidationError, ValueError):
        return None


def _parsed(manifest: BundleManifest, contents: Mapping[str, bytes]) -> _Wanted:
    wanted: dict[str, list[tuple[str | None, str]]] = {}
    for one in manifest.inputs:
        if one.role is InputRole.REQUIREMENTS:
            lines = _requirement_lines(one, contents)
        elif one.role is InputRole.LOCK:
            lines = _lock_lines(one, contents)
        else:
            continue
        for name, version, marker in lines:
            wanted.setdefault(name, []).append((version, marker))
    return wanted


def _requirement_lines(one: BundleInput, contents: Mapping[str, bytes]) -> Iterator[tuple[str, str | None, str]]:
    def read(path: str) -> bytes:
        if path not in contents:
            raise FileNotFoundError(2, "is no input of the bundle", path)
        return contents[path]

    for parsed in parse_requirements_files([one.file.path], read, {}):
        for line in parsed.lines:
            if line.parsed.name and not line.is_constraint:
                yield normalised(line.parsed.name), line.parsed.version, line.parsed.marker


def _lock_lines(one: BundleInput, contents: Mapping[str, bytes]) -> Iterator[tuple[str, str | None, str]]:
    lock = Pylock.from_dict(parse_toml(contents[one.file.path].decode()))
    for package in lock.packages:
        marker = str(package.marker or "")
        if any(word in marker for word in _READ_BY_LOCKS_ONLY):
            raise PylockValidationError(f"{marker} cannot be said outside of its file")
        yield package.name, str(package.version) if package.version else None, marker


def _marker(name: str, version: str, wanted: _Wanted) -> str | None:
    """When a version of a project is wanted; '' always, None when no input says it."""
    markers = {marker for other, marker in wanted.get(name, ()) if other is None or same_version(other, version)}
    if not markers:
        return None
    return "" if "" in markers else " or ".join(f"({marker})" for marker in sorted(markers))


def _package(name: str, version: str, marker: str, archives: Sequence[BundleArchive]) -> str:
    lines = ["[[packages]]", f"name = {_text(name)}", f"version = {_text(version)}"]
    if marker:
        lines.append(f"marker = {_text(marker)}")
    wheels = [one for one in archives if one.kind is ArchiveKind.WHEEL]
    lines += [f"sdist = {_file(one)}" for one in archives if one.kind is ArchiveKind.SDIST]
    if wheels:
        lines += ["wheels = [", *(f"  {_file(one)}," for one in wheels), "]"]
    return "\n".join(lines) + "\n"


def _file(archive: BundleArchive) -> str:
    place = f"url = {_text(archive.url)}, " if archive.url else ""
    hashes = f"hashes = {{ sha256 = {_text(archive.sha256)} }}"
    name = f"name = {_text(archive.filename)}"
    return f"{{ {name}, {place}path = {_text(archive.path)}, size = {archive.size}, {hashes} }}"


def _text(text: str) -> str:
    """A TOML basic string; control characters by their numbers."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in escaped) + '"'
