"""Reader of poetry.lock (lock-version up to 2.x), as Poetry writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from peep.dataclass import replace
from peep.formats.names import normalised
from peep.locking.marker_atoms import Atom
from peep.locking.marker_decisions import decided
from peep.locking.readers.direct import DirectSource, archive_source, commit_source, direct_source
from peep.locking.readers.fields import (
    POETRY,
    POETRY_FILE,
    POETRY_METADATA,
    POETRY_PACKAGE,
    POETRY_SOURCE,
    unkept,
    unkept_within,
)
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
    size_of,
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
_EXTRA = frozenset({"extra"})


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
    wanted = _extra_names(document, selection)
    if lock_version >= _STATES_MARKERS:
        found = _with_stated_markers(entries, wanted, selection, losses)
    else:
        what = "markers and groups that only pyproject.toml states; lock-version 2.1 has them"
        losses.append(Loss("", what, changes_install=True))
        found = _propagated(entries, table_of(files, "files"), wanted, losses)
    extras = [name for name in table_of(document.get("extras", {}), "extras") if not selection.has_extra(name)]
    python = text_of(metadata, "python-versions", "metadata")
    left_out = tuple(sorted({*found.left_out, *extras}))
    python = "" if python == "*" else python
    return replace(found, left_out=left_out, requires_python=python, states_parts=lock_version >= _STATES_MARKERS)


def _extra_names(document: Mapping[str, Any], selection: Selection) -> frozenset[str]:
    """Give back the packages that the extras asked for bring."""
    extras = table_of(document.get("extras", {}), "extras")
    wanted = [texts_of(extras, extra, "extras") for extra in extras if selection.has_extra(extra)]
    return frozenset(normalised(name.split("[")[0].split(" ")[0]) for names in wanted for name in names)


def _with_stated_markers(
    entries: Sequence[Mapping[str, Any]], wanted: frozenset[str], selection: Selection, losses: list[Loss]
) -> ReadLock:
    packages: list[LockedPackage] = []
    left_out: dict[str, None] = {}

    def is_wanted(entry: Mapping[str, Any], name: str) -> bool:
        """An extra brings it: its marker says so, or the file's list of extras."""
        return name in wanted or "extra" in str(entry.get("markers", ""))

    for entry in entries:
        name = name_of(entry.get("name"), "a package")
        groups = texts_of(entry, "groups", name, (_MAIN,))
        counting = [group for group in groups if group == _MAIN or selection.has_group(group)]
        left_out.update(dict.fromkeys(group for group in groups if group not in counting))
        if not counting or (flag_of(entry, "optional", name) and counting == [_MAIN] and not is_wanted(entry, name)):
            continue
        marker = _stated_marker(entry.get("markers", ""), counting, name, selection)
        if marker is None:
            continue
        if package := _package(entry, name, marker, entry.get("files", []), losses):
            packages.append(package)
    return ReadLock(_ordered(packages), tuple(losses), tuple(sorted(left_out)))


def _stated_marker(value: Any, groups: Sequence[str], name: str, selection: Selection) -> str | None:
    """`markers` is a text for all groups, or a table of one for each group that has any; None: needed nowhere."""
    stated = (
        [value] if isinstance(value, str) else [table_of(value, f"markers of {name}").get(one, "") for one in groups]
    )
    found = [decided(marker_of(text, name), _EXTRA, _asked_for(selection)) for text in stated]
    texts = dict.fromkeys(text for text in found if text is not None)
    if not texts:
        return None
    return "" if "" in texts else marker_of(" or ".join(f"({text})" for text in texts), name)


def _asked_for(selection: Selection) -> Callable[[Atom], bool]:
    """Poetry writes `extra == …` at whatever only extras of the project bring."""
    return lambda atom: selection.has_extra(atom.value) is (atom.operator == "==")


def _propagated(
    entries: Sequence[Mapping[str, Any]], files: Mapping[str, Any], wanted: frozenset[str], losses: list[Loss]
) -> ReadLock:
    """Before 2.1: markers stand at dependencies, and flow down from packages that nothing requires."""
    nodes: dict[str, GraphNode] = {}
    packages: dict[str, LockedPackage] = {}
    required: set[str] = set()
    optional: set[str] = set()
    for entry in entries:
        name = name_of(entry.get("name"), "a package")
        stated = entry.get("files") or files.get(text_of(entry, "name", name), [])
        package = _package(entry, name, "", stated, losses)
        if package is None or entry.get("category") == "dev":
            continue
        version = text_of(entry, "version", name)
        key = f"{name} {version}"
        packages[key] = package
        is_optional = flag_of(entry, "optional", name)
        edges = tuple(_edges(entry, name))
        required.update(edge.name for edge in edges if not is_optional)
        optional.update([key] if is_optional else [])
        nodes[key] = GraphNode(name, version, edges)
    always = (node.name for key, node in nodes.items() if key not in optional and node.name not in required)
    roots = [GraphEdge(name) for name in dict.fromkeys((*always, *sorted(wanted)))]
    markers = propagated(nodes, roots)
    found = [replace(package, marker=markers[key]) for key, package in packages.items() if key in markers]
    unreached = [one for key, one in packages.items() if key not in markers and key not in optional]
    return ReadLock(_ordered([*found, *unreached]), tuple(losses))


def _edges(entry: Mapping[str, Any], name: str) -> Iterator[GraphEdge]:
    """Yield what a package requires. That of its extras counts where it leads to what is optional.

    Which of them the project asks for is not said, and none of what it asks for may be missing.
    """
    for child, value in table_of(entry.get("dependencies", {}), f"dependencies of {name}").items():
        for one in value if isinstance(value, list) else [value]:
            stated = {"version": one} if isinstance(one, str) else table_of(one, f"a dependency of {name}")
            marker = decided(marker_of(stated.get("markers", ""), name), _EXTRA, lambda atom: atom.operator == "==")
            if marker is not None:
                yield GraphEdge(name_of(child, name), marker, text_of(stated, "version", name) or "*")


def _package(entry: Mapping[str, Any], name: str, marker: str, stated: Any, losses: list[Loss]) -> LockedPackage | None:
    source = table_of(entry.get("source", {}), f"source of {name}")
    files = tables_of(stated, f"files of {name}")
    kind = text_of(source, "type", name)
    losses.extend(unkept(entry, POETRY_PACKAGE, name))
    losses.extend(unkept_within([source], POETRY_SOURCE, name, "source"))
    losses.extend(unkept_within(files, POETRY_FILE, name, "files"))
    version, index = version_of(entry.get("version"), name), ""
    direct: DirectSource | Loss = DirectSource("")
    if kind in {"", "legacy"}:
        index = text_of(source, "url", name) or text_of(source, "reference", name)
    else:
        version, direct = "", _direct(kind, source, name)
    if isinstance(direct, Loss):
        losses.append(direct)
        return None
    package = LockedPackage(
        name,
        version,
        marker,
        files=tuple(_files(files, name)),
        index=index,
        url=direct.url,
        subdirectory=direct.subdirectory,
        requested_revision=direct.requested_revision,
    )
    losses.extend(hash_losses(package))
    return package


def _direct(kind: str, source: Mapping[str, Any], name: str) -> DirectSource | Loss:
    url, folder = text_of(source, "url", name), text_of(source, "subdirectory", name)
    found, commit = None, ""
    if kind == "git":
        asked = text_of(source, "reference", name)
        commit = text_of(source, "resolved_reference", name) or asked  # before Poetry 1.2: the commit itself
        found = commit_source(kind, url, commit, folder, asked)
    elif kind == "url":
        found = archive_source(url, folder)
    return direct_source(name, kind, url, found, commit)


def _files(stated: Sequence[Mapping[str, Any]], name: str) -> Iterator[LockedFile]:
    for one in stated:
        digest = digest_of(one.get("hash"), name)
        if digest is not None:
            url, time = text_of(one, "url", name), str(one.get("upload-time", ""))
            yield LockedFile(digest, text_of(one, "file", name), url, size_of(one, f"a file of {name}"), time)


def _ordered(packages: Sequence[LockedPackage]) -> tuple[LockedPackage, ...]:
    return tuple(sorted(packages, key=lambda package: (package.name, package.version)))
