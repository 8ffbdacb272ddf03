"""Reader of pdm.lock (lock_version up to 4.x), as PDM writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from peep.dataclass import replace
from peep.locking.edges import UnreadableRequirement, parse_edge
from peep.locking.marker_atoms import UnreadableMarker
from peep.locking.readers.direct import DirectSource, archive_source, commit_source, direct_source
from peep.locking.readers.fields import PDM, PDM_FILE, PDM_METADATA, PDM_PACKAGE, PDM_TARGET, unkept, unkept_within
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
    table_of,
    tables_of,
    text_of,
    texts_of,
    version_of,
)
from peep.locking.readers.propagation import GraphEdge, GraphNode, propagated
from peep.locking.readers.toml_document import parsed_toml, version_number

_NEWEST_MAJOR = 4
_DEFAULT = "default"
_SOURCES = ("path", "url", "git", "hg", "svn", "bzr")


def read_pdm_lock(text: str, selection: Selection) -> ReadLock:
    """Read the default group and those that are asked for; the project's extras are groups. Raises `UnreadableLock`."""
    document = parsed_toml(text)
    metadata = table_of(document.get("metadata"), "metadata")
    number = version_number(metadata.get("lock_version"), "lock_version")
    if number[0] > _NEWEST_MAJOR:
        raise UnreadableLock(f"lock_version is {number[0]}.{number[1]}; up to {_NEWEST_MAJOR}.x is read here")
    entries = tables_of(document.get("package", []), "package")
    hashes = metadata.get("files", {})
    targets = tables_of(metadata.get("targets", []), "targets")
    losses = [*unkept(document, PDM), *unkept(metadata, PDM_METADATA)]
    losses += unkept_within(targets, PDM_TARGET, "", "targets")
    inherits = "inherit_metadata" in texts_of(metadata, "strategy", "metadata")
    taken, left_out = _taken(entries, selection, inherits=inherits)
    kept = [(entry, one) for entry in taken if (one := _package(entry, hashes, losses)) is not None]
    packages = [one for _, one in kept]
    if not inherits:
        what = "groups and markers that only pyproject.toml states; the strategy inherit_metadata has them"
        losses.append(Loss("", what, changes_install=True))
        packages = _propagated(kept)
    joined = _joined(packages)
    for package in joined:
        losses.extend(hash_losses(package))
    return ReadLock(joined, tuple(losses), left_out, _requires_python(targets), states_parts=inherits)


def _requires_python(targets: Sequence[Mapping[str, Any]]) -> str:
    """Of the one target that the file was locked for; of several, each package has its own marker."""
    return text_of(targets[0], "requires_python", "a target") if len(targets) == 1 else ""


def _taken(
    entries: Sequence[Mapping[str, Any]], selection: Selection, *, inherits: bool
) -> tuple[list[Mapping[str, Any]], tuple[str, ...]]:
    if not inherits:
        return list(entries), ()
    taken: list[Mapping[str, Any]] = []
    left_out: dict[str, None] = {}
    for entry in entries:
        groups = texts_of(entry, "groups", "a package", (_DEFAULT,))
        counting = [
            group for group in groups if group == _DEFAULT or selection.has_group(group) or selection.has_extra(group)
        ]
        left_out.update(dict.fromkeys(group for group in groups if group not in counting))
        if counting:
            taken.append(entry)
    return taken, tuple(sorted(left_out))


def _package(entry: Mapping[str, Any], hashes: Any, losses: list[Loss]) -> LockedPackage | None:
    name = name_of(entry.get("name"), "a package")
    version = version_of(entry.get("version"), name)
    stated = entry.get("files") or table_of(hashes, "files").get(f"{entry.get('name')} {version}", [])
    files = tables_of(stated, f"files of {name}")
    losses.extend((*unkept(entry, PDM_PACKAGE, name), *unkept_within(files, PDM_FILE, name, "files")))
    kind = next((key for key in _SOURCES if key in entry), "")
    direct = _direct(kind, entry, name) if kind else DirectSource("")
    if isinstance(direct, Loss):
        losses.append(direct)
        return None
    return LockedPackage(
        name,
        "" if kind else version,
        marker_of(entry.get("marker", ""), name),
        extras_of(entry, "extras", name),
        tuple(_files(files, name)),
        url=direct.url,
        subdirectory=direct.subdirectory,
        requested_revision=direct.requested_revision,
    )


def _direct(kind: str, entry: Mapping[str, Any], name: str) -> DirectSource | Loss:
    place, folder = text_of(entry, kind, name), text_of(entry, "subdirectory", name)
    found, revision = None, text_of(entry, "revision", name)
    if kind == "url":
        found = archive_source(place, folder)
    elif kind != "path":
        found = commit_source(kind, place, revision, folder, text_of(entry, "ref", name))
    return direct_source(name, kind, place, found, revision)


def _files(stated: Sequence[Mapping[str, Any]], name: str) -> Iterator[LockedFile]:
    for one in stated:
        digest = digest_of(one.get("hash"), name)
        url = text_of(one, "url", name)
        if digest is not None:
            yield LockedFile(digest, text_of(one, "file", name) or filename_in(url, name), url)


def _joined(packages: Sequence[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Join the entries of one package: PDM lists it once more for each set of extras."""
    entries: dict[tuple[str, str], list[LockedPackage]] = {}
    for package in packages:
        entries.setdefault((package.name, package.version or package.url), []).append(package)
    return tuple(_as_one(entries[key]) for key in sorted(entries))


def _as_one(entries: Sequence[LockedPackage]) -> LockedPackage:
    """Needed where the entry without extras is; where there are several such, or none, where any is."""
    plain = [one for one in entries if not one.extras] or entries
    markers = dict.fromkeys(one.marker for one in plain)
    marker = "" if "" in markers else " or ".join(f"({one})" for one in markers)
    return replace(
        plain[0],
        marker=marker_of(marker, plain[0].name),
        extras=tuple(sorted({extra for one in entries for extra in one.extras})),
        files=next((one.files for one in [*plain, *entries] if one.files), ()),
    )


def _propagated(taken: Sequence[tuple[Mapping[str, Any], LockedPackage]]) -> list[LockedPackage]:
    """Before `inherit_metadata`: markers stand at dependencies, and flow down from what nothing requires."""
    nodes: dict[str, GraphNode] = {}
    required: set[str] = set()
    for entry, package in taken:
        edges = tuple(edge for edge in _edges(entry, package.name) if edge.name != package.name)
        required.update(edge.name for edge in edges)
        key, version = _key(entry, package), str(entry.get("version"))
        known = nodes.get(key)
        nodes[key] = GraphNode(package.name, version, (*(known.edges if known else ()), *edges))
    roots = [GraphEdge(node.name) for node in nodes.values() if node.name not in required]
    markers = propagated(nodes, roots)
    return [replace(package, marker=markers.get(_key(entry, package), "")) for entry, package in taken]


def _key(entry: Mapping[str, Any], package: LockedPackage) -> str:
    return f"{package.name} {entry.get('version')}"


def _edges(entry: Mapping[str, Any], name: str) -> Iterator[GraphEdge]:
    for text in texts_of(entry, "dependencies", name):
        try:
            edge = parse_edge(text)
        except (UnreadableRequirement, UnreadableMarker) as error:
            raise UnreadableLock(f"{name}: {error}") from None
        yield GraphEdge(edge.name, edge.marker, str(edge.specifier) or "*")
