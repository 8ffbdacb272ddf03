"""Short ways to say pins, targets and index files in tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from peep.formats.names import archive_suffix
from peep.model import ArchiveKind as Kind
from peep.model import (
    Candidate,
    Commit,
    Digest,
    DirectUrl,
    FromIndex,
    IndexFile,
    LocalFolder,
    Location,
    LockedFiles,
    PinnedRequirement,
    ProjectDetail,
    Source,
    TargetEnvironment,
)

INDEX = "https://index.example/simple/"
TAGS = (
    "cp311-cp311-manylinux_2_17_x86_64",
    "cp311-abi3-manylinux_2_17_x86_64",
    "cp310-abi3-manylinux_2_17_x86_64",
    "cp311-none-any",
    "py3-none-any",
)


def digest(body: bytes, algorithm: str = "sha256") -> Digest:
    return Digest(algorithm, hashlib.new(algorithm, body).hexdigest())


def made_up(character: str, algorithm: str = "sha256") -> Digest:
    """A digest of nothing in particular: one hexadecimal digit over and over."""
    return Digest(algorithm, character * {"sha256": 64, "sha384": 96, "sha512": 128}[algorithm])


def pinned(text: str, *hashes: Digest, line: int = 1, **more: Any) -> PinnedRequirement:
    """`name==version`, `name===version` or `name @ url`, written on `line` of requirements.txt."""
    places = (Location("requirements.txt", line),)
    if " @ " in text:
        name, _, url = text.partition(" @ ")
        source = source_for(url, more)
        return PinnedRequirement(name.lower(), name, None, places, hashes=hashes, source=source, **more)
    name, _, version = text.partition("==")
    is_arbitrary = version.startswith("=")
    return PinnedRequirement(
        name.lower().replace("_", "-"),
        name,
        version.removeprefix("="),
        places,
        hashes=hashes,
        arbitrary_equality=is_arbitrary,
        source=source_for(None, more),
        **more,
    )


def source_for(url: str | None, more: dict[str, Any]) -> Source:
    """The source that a URL and the options in `more`, which are taken out of it, describe."""
    subdirectory, is_editable = more.pop("subdirectory", None), more.pop("editable", False)
    files, index_url = tuple(more.pop("listed_files", ())), more.pop("index_url", None)
    if files:
        return LockedFiles(files, index_url, url, subdirectory)
    if url is None:
        return FromIndex()
    scheme = url.partition(":")[0]
    if "+" in scheme:
        return Commit(url, subdirectory)
    if scheme == "file" and not archive_suffix(url):
        return LocalFolder(url, is_editable, subdirectory)
    return DirectUrl(url, subdirectory)


def offered(filename: str, *hashes: Digest, index: str = INDEX, **more: Any) -> IndexFile:
    return IndexFile(filename, f"{index}{filename}", hashes=hashes, index=index, **more)


def detail(*files: IndexFile, name: str = "demo", index: str = INDEX, **more: Any) -> ProjectDetail:
    return ProjectDetail(name, files, index=index, **more)


def target(tags: Iterable[str] = TAGS, version: tuple[int, int, int] = (3, 11, 7)) -> TargetEnvironment:
    return TargetEnvironment("python", version, "cpython", "/env", "/usr", {}, tags=tuple(tags))


def candidate(pin: PinnedRequirement, file: IndexFile, **more: Any) -> Candidate:
    kind = Kind.WHEEL if file.filename.endswith(".whl") else Kind.SDIST
    return Candidate(pin, file, kind, **more)
