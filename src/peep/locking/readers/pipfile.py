"""Reader of Pipfile.lock (pipfile-spec 6), as Pipenv writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peep.dataclass import replace
from peep.formats.documents import parse_json
from peep.formats.names import normalised
from peep.locking.readers.direct import DirectSource, archive_source, commit_source, direct_source
from peep.locking.readers.fields import PIPFILE_ENTRY, PIPFILE_META, PIPFILE_SOURCE, unkept, unkept_within
from peep.locking.readers.locked import (
    LockedFile,
    LockedPackage,
    Loss,
    ReadLock,
    Selection,
    UnreadableLock,
    digest_of,
    extras_of,
    hash_losses,
    marker_of,
    name_of,
    table_of,
    text_of,
    texts_of,
    version_of,
)

_SPEC = 6
_DEFAULT, _DEVELOP = "default", "develop"
_REPOSITORIES = ("git", "hg", "svn", "bzr")
_SOURCES = ("path", "file", *_REPOSITORIES)


def read_pipfile_lock(text: str, selection: Selection) -> ReadLock:
    """Read the default group and those that are asked for (`dev` is `develop`). Raises `UnreadableLock`."""
    document = _document(text)
    meta = table_of(document.get("_meta"), "_meta")
    if meta.get("pipfile-spec") != _SPEC or type(meta["pipfile-spec"]) is not int:
        raise UnreadableLock(f"pipfile-spec is {meta.get('pipfile-spec')!r}; {_SPEC} is read here")
    groups = [name for name in document if name != "_meta"]
    wanted = [name for name in groups if name == _DEFAULT or selection.has_group(_asked_as(name))]
    packages: dict[tuple[str, str], LockedPackage] = {}
    losses: list[Loss] = [*_index_losses(meta), *unkept(meta, PIPFILE_META)]
    for group in wanted:
        for name, entry in table_of(document[group], group).items():
            _take(name, table_of(entry, name), packages, losses)
    ordered = tuple(packages[key] for key in sorted(packages))
    return ReadLock(ordered, tuple(losses), tuple(_asked_as(one) for one in groups if one not in wanted))


def _document(text: str) -> Mapping[str, Any]:
    try:
        return table_of(parse_json(text), "the file")
    except ValueError as error:
        raise UnreadableLock(f"this is no JSON: {error}") from None


def _asked_as(group: str) -> str:
    return "dev" if group == _DEVELOP else normalised(group)


def _take(
    name: str, entry: Mapping[str, Any], packages: dict[tuple[str, str], LockedPackage], losses: list[Loss]
) -> None:
    """Add one entry; what can't be a pin becomes a loss."""
    normal = name_of(name, "an entry")
    marker = marker_of(entry.get("markers", ""), name)
    losses.extend(unkept(entry, PIPFILE_ENTRY, normal))
    direct = _direct(entry, normal)
    if isinstance(direct, Loss):
        losses.append(direct)
        return
    version = "" if direct.url else text_of(entry, "version", name)
    if not direct.url and (not version.startswith("==") or version.startswith("===")):
        stated = f"its version is {version!r}" if version else "it has no version"
        what = f"{stated}: Pipenv left it unresolved; lock it on the system that needs it"
        losses.append(Loss(normal, what, changes_install=True, is_final=True))
        return
    package = LockedPackage(
        normal,
        version_of(version.removeprefix("=="), name) if version else "",
        marker,
        extras_of(entry, "extras", name),
        tuple(_files(entry, name)),
        text_of(entry, "index", name),
        direct.url,
        direct.subdirectory,
    )
    key = normal, package.version or package.url
    before = packages.setdefault(key, package)
    if before.marker != package.marker:
        packages[key] = _united(before, package)
    losses.extend(hash_losses(package))


def _direct(entry: Mapping[str, Any], name: str) -> DirectSource | Loss:
    """Give back where an entry lies that is of no index; one without a URL for what is of one."""
    kind = next((key for key in _SOURCES if key in entry), "")
    if not kind:
        return DirectSource("")
    place, folder = text_of(entry, kind, name), text_of(entry, "subdirectory", name)
    revision = text_of(entry, "ref", name)
    is_commit = kind in _REPOSITORIES
    found = commit_source(kind, place, revision, folder) if is_commit else archive_source(place, folder)
    return direct_source(name, kind, place, found, revision)


def _united(one: LockedPackage, other: LockedPackage) -> LockedPackage:
    """Join entries of two groups: needed where either is."""
    marker = "" if not (one.marker and other.marker) else marker_of(f"({one.marker}) or ({other.marker})", one.name)
    extras = tuple(sorted({*one.extras, *other.extras}))
    return replace(one, marker=marker, extras=extras)


def _files(entry: Mapping[str, Any], name: str) -> Iterator[LockedFile]:
    for stated in sorted(set(texts_of(entry, "hashes", name))):
        digest = digest_of(stated, name)
        if digest is not None:
            yield LockedFile(digest)


def _index_losses(meta: Mapping[str, Any]) -> Iterator[Loss]:
    sources = meta.get("sources", [])
    tables = [one for one in sources if isinstance(one, dict)] if isinstance(sources, list) else []
    if tables:
        names = ", ".join(str(one.get("name", "")) or "one without a name" for one in tables)
        yield Loss("", f"its indexes ({names}): peep takes them from pip's configuration and its settings", False)  # noqa: FBT003
    if any(one.get("verify_ssl") is False for one in tables):
        yield Loss("", "that the certificate of an index is not checked", changes_install=False)
    yield from unkept_within(tables, PIPFILE_SOURCE, "", "sources")
