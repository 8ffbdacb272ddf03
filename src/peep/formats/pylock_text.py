"""Text of `pylock.toml` (PEP 751, lock-version 1.0): the same bytes for the same values.

The order of keys is that of the specification. `packaging.pylock` reads and validates what is written here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timezone

from peep.dataclass import dataclass, field
from peep.formats.ages import UnreadableTime, parse_time
from peep.model import Digest

LOCK_VERSION = "1.0"
CREATED_BY = "peep"
_DELETE = "\x7f"

Plain = str | bool | int | Sequence[str]
"""What `[tool.peep]` holds."""


@dataclass(frozen=True, slots=True)
class PylockFile:
    """A wheel, an sdist or an archive of a package."""

    name: str
    hashes: tuple[Digest, ...]
    url: str = ""
    path: str = ""
    """Relative to the lock file, `/`-separated."""
    size: int | None = None
    """Bytes."""
    upload_time: str = ""
    """RFC 3339, as the index states it."""
    subdirectory: str = ""
    """Of an archive."""


@dataclass(frozen=True, slots=True)
class PylockVcs:
    """A commit of a repository."""

    type: str
    url: str
    commit_id: str
    requested_revision: str = ""
    subdirectory: str = ""


@dataclass(frozen=True, slots=True)
class PylockDirectory:
    """A local project."""

    path: str
    editable: bool = False
    subdirectory: str = ""


@dataclass(frozen=True, slots=True)
class PylockPackage:
    """One `[[packages]]`; of its sources there is one kind, but that `sdist` and `wheels` go together."""

    name: str
    version: str = ""
    marker: str = ""
    requires_python: str = ""
    dependencies: tuple[tuple[str, str], ...] = ()
    """Names, with a version where several of that name are listed."""
    index: str = ""
    vcs: PylockVcs | None = None
    directory: PylockDirectory | None = None
    archive: PylockFile | None = None
    sdist: PylockFile | None = None
    wheels: tuple[PylockFile, ...] = ()
    tool: Mapping[str, Plain] = field(default_factory=dict)
    """Its `[packages.tool.peep]`."""


@dataclass(frozen=True, slots=True)
class PylockDocument:
    """A whole file."""

    packages: tuple[PylockPackage, ...]
    environments: tuple[str, ...] = ()
    requires_python: str = ""
    extras: tuple[str, ...] = ()
    dependency_groups: tuple[str, ...] = ()
    default_groups: tuple[str, ...] = ()
    tool: Mapping[str, Plain] = field(default_factory=dict)
    """`[tool.peep]`."""


def pylock_text(document: PylockDocument) -> str:
    """Give back the file's text, with LF at the end of each line."""
    return "\n".join([*_head(document), *_packages(document.packages), *_tool("tool.peep", document.tool), ""])


def _head(document: PylockDocument) -> Iterator[str]:
    yield f"lock-version = {_quoted(LOCK_VERSION)}"
    if document.environments:
        yield from _long_list("environments", document.environments)
    if document.requires_python:
        yield f"requires-python = {_quoted(document.requires_python)}"
    yield from _list("extras", document.extras)
    yield from _list("dependency-groups", document.dependency_groups)
    yield from _list("default-groups", document.default_groups)
    yield f"created-by = {_quoted(CREATED_BY)}"
    if not document.packages:
        yield "packages = []"


def _packages(packages: Sequence[PylockPackage]) -> Iterator[str]:
    for package in packages:
        yield from ("", "[[packages]]", f"name = {_quoted(package.name)}")
        yield from _texts(
            {"version": package.version, "marker": package.marker, "requires-python": package.requires_python}
        )
        if package.dependencies:
            yield "dependencies = ["
            yield from (f"    {_dependency(name, version)}," for name, version in package.dependencies)
            yield "]"
        yield from _texts({"index": package.index})
        yield from source_lines(package)
        yield from _tool("packages.tool.peep", package.tool)


def _dependency(name: str, version: str) -> str:
    return _inline([("name", _quoted(name)), *([("version", _quoted(version))] if version else [])])


def source_lines(package: PylockPackage) -> Iterator[str]:
    """Yield the lines that say where a package comes from: its repository, folder, archive, sdist or wheels."""
    if package.vcs is not None:
        yield f"vcs = {_vcs(package.vcs)}"
    if package.directory is not None:
        yield f"directory = {_directory(package.directory)}"
    if package.archive is not None:
        yield f"archive = {_file(package.archive, is_archive=True)}"
    if package.sdist is not None:
        yield f"sdist = {_file(package.sdist)}"
    if package.wheels:
        yield "wheels = ["
        yield from (f"    {_file(wheel)}," for wheel in package.wheels)
        yield "]"


def _file(file: PylockFile, *, is_archive: bool = False) -> str:
    """PEP 751: `archive` has no name; the order of the others is that of the specification."""
    pairs = [] if is_archive else [("name", _quoted(file.name))]
    pairs += [("upload-time", time)] if (time := _time(file.upload_time)) else []
    pairs += [(key, _quoted(text)) for key, text in (("url", file.url), ("path", file.path)) if text]
    pairs += [] if file.size is None else [("size", str(file.size))]
    hashes = sorted(file.hashes, key=str)
    pairs.append(("hashes", _inline([(digest.algorithm, _quoted(digest.hex)) for digest in hashes])))
    pairs += [("subdirectory", _quoted(file.subdirectory))] if file.subdirectory else []
    return _inline(pairs)


def _vcs(vcs: PylockVcs) -> str:
    pairs = [("type", vcs.type), ("url", vcs.url), ("requested-revision", vcs.requested_revision)]
    pairs += [("commit-id", vcs.commit_id), ("subdirectory", vcs.subdirectory)]
    return _inline([(key, _quoted(text)) for key, text in pairs if text])


def _directory(directory: PylockDirectory) -> str:
    pairs = [("path", _quoted(directory.path))]
    pairs += [("editable", "true")] if directory.editable else []
    pairs += [("subdirectory", _quoted(directory.subdirectory))] if directory.subdirectory else []
    return _inline(pairs)


def _time(text: str) -> str:
    """RFC 3339 -> a TOML date-time in UTC; '' for what is no time."""
    try:
        return parse_time(text).astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    except UnreadableTime:
        return ""


def _tool(name: str, values: Mapping[str, Plain]) -> Iterator[str]:
    if values:
        yield from ("", f"[{name}]")
        yield from (f"{key} = {_value(values[key])}" for key in sorted(values))


def _value(value: Plain) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return _quoted(value) if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"


def _texts(values: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{key} = {_quoted(text)}" for key, text in values.items() if text)


def _list(key: str, values: Sequence[str]) -> Iterator[str]:
    if values:
        yield f"{key} = {_value(values)}"


def _long_list(key: str, values: Sequence[str]) -> Iterator[str]:
    yield f"{key} = ["
    yield from (f"    {_quoted(value)}," for value in values)
    yield "]"


def _inline(pairs: Sequence[tuple[str, str]]) -> str:
    return f"{{{', '.join(f'{key} = {value}' for key, value in pairs)}}}"


def _quoted(text: str) -> str:
    r"""Write a TOML basic string; JSON's escapes are TOML's, but for U+007F, which TOML wants escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace(_DELETE, "\\u007f")
