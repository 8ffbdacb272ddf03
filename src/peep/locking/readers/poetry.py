"""Reader of poetry.lock (lock-version up to 2.x), as Poetry writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging.utils import canonicalize_name

from peep.locking.readers.fields import POETRY, POETRY_METADATA, POETRY_PACKAGE, unkept
from peep.locking.readers.locked import (
    LockedFile,
    LockedPackage,
    Loss,
    ReadLock,
    Selection,
    UnreadableLock,
    digest_of,
    flag_of,
    hash_losses,
    marker_of,
    name_of,
    table_of,
    tables_of,
    text_of,
    texts_of,
    version_of,
)
from peep.locking.readers.propagation import GraphEdge, GraphNode, propagated
from peep.locking.readers.toml_document import parsed_toml, version_number

_NEWEST_MAJOR = 2
_STATES_MARKERS = (2, 1)
"""From this lock-version on, groups and markers stand at each package."""
_MAIN = "main"


def read_poetry_lock(text: str, selection: Selection) -> ReadLock:
    """Read the main group, and the groups and extras that are asked for. Raises `UnreadableLock`."""
    document = parsed_toml(text)
    metadata = table_of(document.get("metadata"), "metadata")
    lock_version = version_number(metadata.get("lock-version"), "lock-version")
    if lock_version[0] > _NEWEST_MAJOR:
        shown = ".".join(map(str, lock_version))
        raise UnreadableLock(f"lock-version is {shown}; up to {_NEWEST_MAJOR}.x is read here")
    entries = tables_of(document.get("package", []), "package")
    files = metadata.get("files", {})
    losses = [*unkept(document, POETRY), *unkept(metadata, POETRY_METADATA)]
    if lock_version >= _STATES_MARKERS:
        return _with_stated_markers(entries, _extra_names(document, selection), selection, losses)
    losses.append(
        Loss("", "markers and groups that only pyproject.toml states; lock-version 2.1 has them", changes_install=True)
    )
    return _propagated(entries, table_of(files, "files"), _extra_names(document, selection), losses)


def _extra_names(document: Mapping[str, Any], selection: Selection) -> frozenset[str]:
    """Give back the packages that the extras asked for bring."""
    extras = table_of(document.get("extras", {}), "extras")
    wanted = [texts_of(extras, extra, "extras") for extra in extras if selection.has_extra(extra)]
    return frozenset(canonicalize_name(name.split("[")[0].split(" ")[0]) for names in wanted for name in names)


def _with_stated_markers(
    entries: Sequence[Mapping[str, Any]], wanted: frozenset[str], selection: Selection, losses: list[Loss]
) -> ReadLock:
    packages: list[LockedPackage] = []
    left_out: dict[str, None] = {}
    for entry in entries:
        name = name_of(entry.get("name"), "a package")
        groups = texts_of(entry, "groups", name, (_MAIN,))
        counting = [group for group in groups if group == _MAIN or selection.has_group(group)]
        left_out.update(dict.fromkeys(group for group in groups if group not in counting))
        if not counting or (flag_of(entry, "optional", name) and counting == [_MAIN] and name not in wanted):
            continue
        marker = _stated_marker(entry.get("markers", ""), counting, name, wanted)
        if package := _package(entry, name, marker, entry.get("files", []), losses):
            packages.append(package)
    return ReadLock(_ordered(packages), tuple(losses), tuple(sorted(left_out)))


def _stated_marker(value: Any, groups: Sequence[str], name: str, wanted: frozenset[str]) -> str:
    """`markers` is a text for all groups, or a table of one for each group that has any."""
    if isinstance(value, str):
        return _without_extras(marker_of(value, name), name, wanted)
    table = table_of(value, f"markers of {name}")
    texts = [marker_of(table.get(group, ""), name) for group in groups]
    if not all(texts):
        return ""
    joined = " or ".join(f"({text})" for text in dict.fromkeys(texts))
    return _without_extras(marker_of(joined, name), name, wanted)


def _without_extras(marker: str, name: str, wanted: frozenset[str]) -> str:
    """Take `extra == …` for true where the package is asked for by an extra: Poetry writes it at optional packages."""
    from peep.locking.marker_atoms import assumed  # noqa: PLC0415

    del name, wanted
    return assumed(marker, ("extra",)) if "extra" in marker else marker


def _propagated(
    entries: Sequence[Mapping[str, Any]], files: Mapping[str, Any], wanted: frozenset[str], losses: list[Loss]
) -> ReadLock:
    """Before 2.1: markers stand at dependencies, and flow down from packages that nothing requires."""
    nodes: dict[str, GraphNode] = {}
    packages: dict[str, LockedPackage] = {}
    required: set[str] = set()
    for entry in entries:
        name = name_of(entry.get("name"), "a package")
        stated = entry.get("files") or files.get(text_of(entry, "name", name), [])
        package = _package(entry, name, "", stated, losses)
        if (
            package is None
            or (flag_of(entry, "optional", name) and name not in wanted)
            or entry.get("category") == "dev"
        ):
            continue
        key = f"{name} {package.version}"
        packages[key] = package
        edges = tuple(_edges(entry, name))
        required.update(edge.name for edge in edges)
        nodes[key] = GraphNode(name, package.version, edges)
    roots = [GraphEdge(node.name) for node in nodes.values() if node.name not in required]
    markers = propagated(nodes, roots)
    found = [_marked(package, markers[key]) for key, package in packages.items() if key in markers]
    unreached = [package for key, package in packages.items() if key not in markers]
    return ReadLock(_ordered([*found, *unreached]), tuple(losses))


def _edges(entry: Mapping[str, Any], name: str) -> Iterator[GraphEdge]:
    for child, value in table_of(entry.get("dependencies", {}), f"dependencies of {name}").items():
        for one in value if isinstance(value, list) else [value]:
            stated = {"version": one} if isinstance(one, str) else table_of(one, f"a dependency of {name}")
            marker = marker_of(stated.get("markers", ""), name)
            if "extra" not in marker:
                yield GraphEdge(name_of(child, name), marker, text_of(stated, "version", name) or "*")


def _marked(package: LockedPackage, marker: str) -> LockedPackage:
    return LockedPackage(package.name, package.version, marker, package.extras, package.files, package.index)


def _package(entry: Mapping[str, Any], name: str, marker: str, stated: Any, losses: list[Loss]) -> LockedPackage | None:
    source = table_of(entry.get("source", {}), f"source of {name}")
    kind = text_of(source, "type", name)
    if kind not in {"", "legacy"}:
        losses.append(Loss(name, f"it comes from a {kind}, not from an index", changes_install=True))
        return None
    package = LockedPackage(
        name,
        version_of(entry.get("version"), name),
        marker,
        files=tuple(_files(tables_of(stated, f"files of {name}"), name)),
        index=text_of(source, "reference", name) or text_of(source, "url", name),
    )
    losses.extend((*hash_losses(package), *unkept(entry, POETRY_PACKAGE, name)))
    return package


def _files(stated: Sequence[Mapping[str, Any]], name: str) -> Iterator[LockedFile]:
    for one in stated:
        digest = digest_of(one.get("hash"), name)
        if digest is not None:
            yield LockedFile(digest, text_of(one, "file", name))


def _ordered(packages: Sequence[LockedPackage]) -> tuple[LockedPackage, ...]:
    return tuple(sorted(packages, key=lambda package: (package.name, package.version)))
