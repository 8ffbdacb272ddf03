"""Reader of uv.lock (version 1, any revision), as uv writes it.

Markers stand on edges, so they flow down from the project itself. Extras and groups that conflict are written by uv as
pseudo extras in markers (`extra == 'extra-5-name-cpu'`, `extra == 'group-4-name-dev'`); those asked for are true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from peep.dataclass import replace
from peep.formats.names import normalised
from peep.formats.url_secrets import fault_text
from peep.locking.marker_atoms import Atom, atoms_of
from peep.locking.readers.direct import DirectSource, archive_source, commit_source, direct_source
from peep.locking.readers.fields import UV, UV_FILE, UV_MANIFEST, UV_PACKAGE, UV_SOURCE, unkept, unkept_within
from peep.locking.readers.locked import (
    LockedFile,
    LockedPackage,
    Loss,
    ReadLock,
    Selection,
    UnreadableLock,
    digest_of,
    extras_of,
    filename_in,
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
from peep.locking.readers.toml_document import parsed_toml

_VERSION = 1
_PROJECT_SOURCES = ("virtual", "editable")
_DIRECT = ("git", "url", "path", "directory", "editable", "virtual")
_PSEUDO = re.compile(r"(?P<kind>extra|group|project)-(?P<length>\d+)-(?P<rest>.+)")
_TRUE, _FALSE = 'python_version >= "0"', 'python_version < "0"'


def read_uv_lock(text: str, selection: Selection) -> ReadLock:
    """Read what the project requires, with the extras and groups that are asked for. Raises `UnreadableLock`."""
    document = parsed_toml(text)
    if document.get("version") != _VERSION or type(document["version"]) is not int:
        raise UnreadableLock(f"version is {document.get('version')!r}; {_VERSION} is read here")
    entries = tables_of(document.get("package", []), "package")
    roots = [entry for entry in entries if _is_project(entry)] or [one for one in entries if _is_member(one)]
    if not roots:
        raise UnreadableLock("it has no package that is the project itself, so nothing says what is needed")
    manifest = table_of(document.get("manifest", {}), "manifest")
    requires_python = text_of(document, "requires-python", "the file")
    found = _Reader(selection).read(entries, [*roots, _workspace(manifest)], requires_python)
    supported = tuple(
        marker_of(one, "supported-markers") for one in texts_of(document, "supported-markers", "the file")
    )
    losses = (*unkept(document, UV), *unkept(manifest, UV_MANIFEST), *_unreached(manifest, roots, found), *found.losses)
    return replace(found, losses=losses, requires_python=requires_python, environments=supported)


def _is_project(entry: Mapping[str, Any]) -> bool:
    source = table_of(entry.get("source", {}), "source")
    return any(source.get(kind) == "." for kind in _PROJECT_SOURCES)


def _is_member(entry: Mapping[str, Any]) -> bool:
    """Tell whether a package is a member of a workspace; where the workspace has no project, all of them count."""
    source = table_of(entry.get("source", {}), "source")
    return any(kind in source for kind in _PROJECT_SOURCES)


def _workspace(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give back the groups of a workspace whose root is no project, which stand in the manifest, as uv's own root."""
    return {"name": "workspace", "dev-dependencies": manifest.get("dependency-groups", {})}


def _unreached(manifest: Mapping[str, Any], roots: Sequence[Mapping[str, Any]], found: ReadLock) -> Iterator[Loss]:
    """Tell of members of a workspace that its project does not require: uv installs them only where they are named."""
    members = {name_of(one, "a member") for one in texts_of(manifest, "members", "manifest")}
    reached = {name_of(one.get("name"), "the project") for one in roots} | {loss.name for loss in found.losses}
    for name in sorted(members - reached):
        yield Loss(name, "it is a member of the workspace that the project does not require: left out", False)  # noqa: FBT003


class _Reader:
    """Collects pins and losses of one file."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._losses: list[Loss] = []
        self._entries: dict[str, Mapping[str, Any]] = {}
        self._left_out: dict[str, None] = {}

    def read(
        self, entries: Sequence[Mapping[str, Any]], roots: Sequence[Mapping[str, Any]], requires_python: str
    ) -> ReadLock:
        nodes: dict[str, GraphNode] = {}
        packages: dict[str, LockedPackage] = {}
        for entry in entries:
            name = name_of(entry.get("name"), "a package")
            if entry in roots:
                continue
            version = text_of(entry, "version", name)
            for extra in ("", *table_of(entry.get("optional-dependencies", {}), name)):
                key = _key(name, version, extra)
                nodes[key] = self._node(entry, name, version, extra)
            self._entries[_key(name, version, "")] = entry
            packages[_key(name, version, "")] = self._package(entry, name, version)
        edges = [edge for root in roots for edge in self._root_edges(root)]
        markers = propagated(nodes, edges, requires_python)
        return self._result(packages, nodes, markers)

    def _result(
        self, packages: Mapping[str, LockedPackage], nodes: Mapping[str, GraphNode], markers: Mapping[str, str]
    ) -> ReadLock:
        found = []
        for key, package in packages.items():
            if key not in markers:
                continue
            extras = [one.partition("[")[2][:-1] for one in markers if "[" in one and _base(one, nodes) == key]
            entry, name = self._entries[key], package.name
            self._losses.extend((*unkept(entry, UV_PACKAGE, name), *_unkept_within(entry, name)))
            direct = _direct(entry, name)
            if isinstance(direct, Loss):
                self._losses.append(direct)
                continue
            marked = replace(
                package,
                marker=markers[key],
                extras=tuple(sorted(extras)),
                url=direct.url,
                subdirectory=direct.subdirectory,
                requested_revision=direct.requested_revision,
            )
            self._losses.extend((*hash_losses(marked), *_unhashed(entry, name)))
            found.append(marked)
        ordered = tuple(sorted(found, key=lambda one: (one.name, one.version)))
        return ReadLock(ordered, tuple(self._losses), tuple(sorted(self._left_out)))

    def _node(self, entry: Mapping[str, Any], name: str, version: str, extra: str) -> GraphNode:
        stated = entry.get("dependencies", [])
        edges: list[GraphEdge] = []
        if extra:
            stated = table_of(entry["optional-dependencies"], name)[extra]
            edges.append(GraphEdge(name, version=version))
        for one in tables_of(stated, f"dependencies of {name}"):
            edges.extend(self._edges(one, name))
        forks = [marker_of(text, name) for text in texts_of(entry, "resolution-markers", name)]
        marker = self._decided(marker_of(" or ".join(f"({text})" for text in forks), name)) if forks else ""
        return GraphNode(f"{name}[{normalised(extra)}]" if extra else name, version, tuple(edges), marker)

    def _root_edges(self, root: Mapping[str, Any]) -> Iterator[GraphEdge]:
        name = name_of(root.get("name"), "the project")
        for one in tables_of(root.get("dependencies", []), f"dependencies of {name}"):
            yield from self._edges(one, name)
        for table, has in (
            ("optional-dependencies", self._selection.has_extra),
            ("dev-dependencies", self._selection.has_group),
        ):
            for group, stated in table_of(root.get(table, {}), table).items():
                if not has(group):
                    self._left_out[normalised(group)] = None
                    continue
                for one in tables_of(stated, f"{group} of {name}"):
                    yield from self._edges(one, name)

    def _edges(self, one: Mapping[str, Any], requirer: str) -> Iterator[GraphEdge]:
        name = name_of(one.get("name"), f"a dependency of {requirer}")
        marker = self._decided(marker_of(one.get("marker", ""), requirer))
        version = text_of(one, "version", requirer)
        yield GraphEdge(name, marker, version=version)
        for extra in extras_of(one, "extra", f"a dependency of {requirer}"):
            yield GraphEdge(f"{name}[{extra}]", marker, version=version)

    def _decided(self, marker: str) -> str:
        """Replace pseudo extras by what was asked for."""
        for atom in atoms_of(marker):
            if atom.variable == "extra":
                truth = self._is_asked_for(atom)
                marker = marker.replace(atom.text, _TRUE if truth else _FALSE)
        return marker_of(marker, "a marker")

    def _is_asked_for(self, atom: Atom) -> bool:
        found = _PSEUDO.fullmatch(atom.value)
        if found is None:
            return self._selection.has_extra(atom.value) is (atom.operator == "==")
        name = found["rest"][int(found["length"]) + 1 :]
        asked = {"extra": self._selection.has_extra, "group": self._selection.has_group}
        is_true = asked[found["kind"]](name) if found["kind"] in asked else True
        return is_true if atom.operator == "==" else not is_true

    def _package(self, entry: Mapping[str, Any], name: str, version: str) -> LockedPackage:
        source = table_of(entry.get("source", {}), f"source of {name}")
        is_direct = any(kind in source for kind in _DIRECT)
        return LockedPackage(
            name,
            "" if is_direct else version_of(version, name),
            files=tuple(_files(_file_tables(entry, name), name)),
            index=text_of(source, "registry", name),
        )


def _key(name: str, version: str, extra: str) -> str:
    return f"{name} {version} [{normalised(extra)}]" if extra else f"{name} {version}"


def _base(key: str, nodes: Mapping[str, GraphNode]) -> str:
    del nodes
    return key.partition(" [")[0]


def _direct(entry: Mapping[str, Any], name: str) -> DirectSource | Loss:
    """Give back where a package lies that is of no index; one without a URL for what is of one."""
    source = table_of(entry.get("source", {}), f"source of {name}")
    kind = next((kind for kind in _DIRECT if kind in source), "")
    if not kind:
        return DirectSource("")
    place, found = text_of(source, kind, name), None
    if kind == "git":
        found = _commit(place, name)
    elif kind == "url":
        found = archive_source(place, text_of(source, "subdirectory", name))
    return direct_source(name, kind, place, found, place.partition("#")[2])


def _commit(place: str, name: str) -> DirectSource | None:
    """Read `URL?subdirectory=…&branch=…#COMMIT`, as uv writes it (`tag`, `rev` and `branch` say what was asked for)."""
    head, _, commit = place.partition("#")
    url, _, query = head.partition("?")
    try:
        stated = {key: values[0] for key, values in parse_qs(query).items()}
    except ValueError as error:
        raise UnreadableLock(f"{name} has a malformed URL ({fault_text(error)})") from None
    asked = next((stated[key] for key in ("branch", "tag", "rev") if key in stated), "")
    return commit_source("git", url, commit, stated.get("subdirectory", ""), asked)


def _file_tables(entry: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    sdist = [table_of(entry["sdist"], f"sdist of {name}")] if "sdist" in entry else []
    return [*tables_of(entry.get("wheels", []), name), *sdist]


def _unkept_within(entry: Mapping[str, Any], name: str) -> Iterator[Loss]:
    yield from unkept_within([entry.get("source", {})], UV_SOURCE, name, "source")
    yield from unkept_within(_file_tables(entry, name), UV_FILE, name, "files")


def _unhashed(entry: Mapping[str, Any], name: str) -> Iterator[Loss]:
    """Tell of files without a hash, which no list can vouch for."""
    stated = _file_tables(entry, name)
    unhashed = [one for one in stated if "hash" not in one]
    if unhashed and len(unhashed) < len(stated):
        yield Loss(name, f"{len(unhashed)} of its files, which have no hash", changes_install=True)


def _files(stated: Sequence[Mapping[str, Any]], name: str) -> Iterator[LockedFile]:
    for one in stated:
        if "hash" not in one:
            continue
        digest = digest_of(one["hash"], name)
        url = text_of(one, "url", name) or text_of(one, "path", name)
        filename, size = filename_in(url, name), size_of(one, f"a file of {name}")
        if digest is not None:
            yield LockedFile(digest, filename, url, size, str(one.get("upload-time", "")))
