"""Keys of lock files and their fate in a conversion: kept, told as a loss, or of no account.

A key that stands in no table here is told, too: nothing is dropped because nobody has heard of it. Sources: PEP 751;
what uv, Poetry, PDM and Pipenv write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from peep.locking.readers.locked import Loss
from peep.model import STRONG_ALGORITHMS

KEPT = ""
"""It is read, or what cannot be kept of it is told where it is read."""

WEAK = "hashes of files that vouch for nothing (md5, sha1)"

Fates = Mapping[str, str]
"""Keys of a table: `KEPT`, `-REASON` for what changes nothing and is not told, else what is lost."""

_OF_PROJECT = "-says what the project is, and not what is installed"
_EDGES = "-says what requires what; each pin has its own marker"
_OF_ARCHIVE = "-is what the archive says of itself, which is looked at when it is installed"
_STRONG = dict.fromkeys(STRONG_ALGORITHMS, KEPT)
_FORMAT = "-says how the file is written"

PYLOCK: Fates = {
    "lock-version": _FORMAT,
    "created-by": _FORMAT,
    "packages": KEPT,
    "extras": KEPT,
    "dependency-groups": KEPT,
    "default-groups": KEPT,
    "requires-python": KEPT,
    "environments": KEPT,
    "tool": KEPT,
}
PYLOCK_PACKAGE: Fates = {
    "name": KEPT,
    "version": KEPT,
    "marker": KEPT,
    "index": KEPT,
    "vcs": KEPT,
    "directory": KEPT,
    "archive": KEPT,
    "sdist": KEPT,
    "wheels": KEPT,
    "dependencies": _EDGES,
    "requires-python": _OF_ARCHIVE,
    "attestation-identities": "its attestation-identities: nothing says any more who has to have published it",
    "tool": KEPT,
}
PYLOCK_FILE: Fates = dict.fromkeys(("name", "url", "path", "size", "upload-time", "hashes"), KEPT)
PYLOCK_ARCHIVE: Fates = dict.fromkeys(("url", "path", "size", "upload-time", "hashes", "subdirectory"), KEPT)
PYLOCK_HASHES: Fates = {**_STRONG, "md5": WEAK, "sha1": WEAK}
PYLOCK_VCS: Fates = dict.fromkeys(("type", "url", "path", "requested-revision", "commit-id", "subdirectory"), KEPT)
PYLOCK_DIRECTORY: Fates = dict.fromkeys(("path", "editable", "subdirectory"), "-of a folder, which is told")
PYLOCK_TOOL: Fates = {"index": KEPT}
UV: Fates = {
    "version": _FORMAT,
    "revision": _FORMAT,
    "package": KEPT,
    "requires-python": KEPT,
    "resolution-markers": "-each pin has its own marker",
    "supported-markers": KEPT,
    "required-markers": "-what the resolver had to find files for",
    "conflicts": "-what must not be asked for together; one choice is converted",
    "options": "-what the resolver was told",
    "manifest": KEPT,
}
UV_MANIFEST: Fates = {
    "members": KEPT,
    "dependency-groups": KEPT,
    **dict.fromkeys(
        ("requirements", "constraints", "overrides", "excludes", "build-constraints", "dependency-metadata"),
        "-what the resolver was given",
    ),
}
UV_PACKAGE: Fates = {
    "name": KEPT,
    "version": KEPT,
    "source": KEPT,
    "sdist": KEPT,
    "wheels": KEPT,
    "dependencies": KEPT,
    "optional-dependencies": KEPT,
    "dev-dependencies": KEPT,
    "resolution-markers": KEPT,
    "metadata": _OF_PROJECT,
}
UV_SOURCE: Fates = dict.fromkeys(
    ("registry", "git", "url", "path", "directory", "editable", "virtual", "subdirectory"), KEPT
)
UV_FILE: Fates = {
    **dict.fromkeys(("url", "path", "filename", "hash", "size", "upload-time"), KEPT),
    "zstd": "-another compression of the same wheel",
}
POETRY: Fates = {"package": KEPT, "metadata": KEPT, "extras": KEPT}
POETRY_METADATA: Fates = {
    "lock-version": _FORMAT,
    "files": KEPT,
    "content-hash": "-holds for the pyproject.toml, not for what is installed",
    "python-versions": KEPT,
}
POETRY_PACKAGE: Fates = {
    "name": KEPT,
    "version": KEPT,
    "optional": KEPT,
    "category": KEPT,
    "groups": KEPT,
    "markers": KEPT,
    "marker": KEPT,
    "files": KEPT,
    "source": KEPT,
    "dependencies": KEPT,
    "extras": "-what the release offers; each pin that an extra brings is listed",
    "description": _OF_PROJECT,
    "develop": "-of a folder, which is told",
    "python-versions": _OF_ARCHIVE,
}
POETRY_SOURCE: Fates = {**dict.fromkeys(("type", "url", "reference", "resolved_reference", "subdirectory"), KEPT)}
POETRY_FILE: Fates = dict.fromkeys(("file", "hash", "url", "size", "upload-time"), KEPT)
PDM: Fates = {"package": KEPT, "metadata": KEPT}
PDM_METADATA: Fates = {
    "lock_version": _FORMAT,
    "strategy": KEPT,
    "files": KEPT,
    "groups": "-each package has its own",
    "content_hash": "-holds for the pyproject.toml, not for what is installed",
    "targets": KEPT,
}
PDM_TARGET: Fates = {
    "requires_python": KEPT,
    "platform": "the platforms that it was locked for: others are refused no more",
    "implementation": "the implementations that it was locked for: others are refused no more",
    "gil_disabled": "whether it was locked for free threading",
}
PDM_FILE: Fates = dict.fromkeys(("file", "url", "hash"), KEPT)
PDM_PACKAGE: Fates = {
    **dict.fromkeys(("name", "version", "groups", "marker", "extras", "files", "dependencies"), KEPT),
    **dict.fromkeys(("path", "url", "git", "hg", "svn", "bzr"), KEPT),
    **dict.fromkeys(("ref", "revision", "subdirectory"), KEPT),
    "editable": "-of a folder, which is told",
    "summary": _OF_PROJECT,
    "requires_python": _OF_ARCHIVE,
}
PIPFILE_META: Fates = {
    "hash": "-holds for the Pipfile, not for what is installed",
    "pipfile-spec": _FORMAT,
    "requires": "the Python that it requires: others are refused no more",
    "sources": KEPT,
}
PIPFILE_ENTRY: Fates = {
    **dict.fromkeys(("version", "hashes", "markers", "extras", "index"), KEPT),
    **dict.fromkeys(("path", "file", "git", "hg", "svn", "bzr", "ref", "subdirectory"), KEPT),
    "editable": "that it is installed as a link to its folder, and not as a copy",
}
PIPFILE_SOURCE: Fates = {"name": KEPT, "url": KEPT, "verify_ssl": KEPT}


def unkept(table: Mapping[str, Any], fates: Fates, name: str = "") -> Iterator[Loss]:
    """Tell what a conversion does not hold of a table; `name` is that of its project, '' for the file as a whole."""
    for key, value in table.items():
        fate = fates.get(key, f"its {key}, which is not known here")
        if fate and not fate.startswith("-") and value not in ("", [], {}):
            yield Loss(name, fate, changes_install=False)


def unkept_within(tables: Iterable[Any], fates: Fates, name: str, where: str) -> Iterator[Loss]:
    """Do the same for tables within a package's, each key once; `where` says what they are, such as `wheels`."""
    keys = dict.fromkeys(key for table in tables if isinstance(table, dict) for key in table)
    for key in keys:
        fate = fates.get(key, f"{key} of its {where}, which is not known here")
        if fate and not fate.startswith("-"):
            yield Loss(name, fate, changes_install=False)
