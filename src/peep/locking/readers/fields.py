"""Keys of lock files, and the fate of each in a conversion: kept, told as a loss, or of no account for a reason.

A key that stands in no table here is told, too: nothing is dropped because nobody has heard of it. Sources: PEP 751;
what uv, Poetry, PDM and Pipenv write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peep.locking.readers.locked import Loss

KEPT = ""
"""It is read, or what cannot be kept of it is told where it is read."""

Fates = Mapping[str, str]
"""Keys of a table: `KEPT`, `-REASON` for what changes nothing and is not told, else what is lost."""

_OF_PROJECT = "-says what the project is, and not what is installed"
_EDGES = "-says what requires what; each pin has its own marker"
_FORMAT = "-says how the file is written"

PYLOCK: Fates = {
    "lock-version": _FORMAT,
    "created-by": _FORMAT,
    "packages": KEPT,
    "extras": KEPT,
    "dependency-groups": KEPT,
    "default-groups": KEPT,
    "requires-python": "its requires-python: other Pythons are refused no more",
    "environments": "its environments: others are refused no more",
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
    "requires-python": "its requires-python: other Pythons are refused no more",
    "attestation-identities": "its attestation-identities: nothing says any more who has to have published it",
    "tool": KEPT,
}
UV: Fates = {
    "version": _FORMAT,
    "revision": _FORMAT,
    "package": KEPT,
    "requires-python": "its requires-python: other Pythons are refused no more",
    "resolution-markers": "-each pin has its own marker",
    "supported-markers": "the environments that it supports: others are refused no more",
    "required-markers": "-what the resolver had to find files for",
    "conflicts": "-what must not be asked for together; one choice is converted",
    "options": "-what the resolver was told",
    "manifest": "-what the resolver was given",
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
POETRY: Fates = {"package": KEPT, "metadata": KEPT, "extras": KEPT}
POETRY_METADATA: Fates = {
    "lock-version": _FORMAT,
    "files": KEPT,
    "content-hash": "-holds for the pyproject.toml, not for what is installed",
    "python-versions": "its python-versions: other Pythons are refused no more",
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
    "python-versions": "-is what the archive says of itself, which is looked at when it is installed",
}
PDM: Fates = {"package": KEPT, "metadata": KEPT}
PDM_METADATA: Fates = {
    "lock_version": _FORMAT,
    "strategy": KEPT,
    "files": KEPT,
    "groups": "-each package has its own",
    "content_hash": "-holds for the pyproject.toml, not for what is installed",
    "targets": "the targets that it was locked for: others are refused no more",
}
PDM_PACKAGE: Fates = {
    **dict.fromkeys(("name", "version", "groups", "marker", "extras", "files", "dependencies"), KEPT),
    **dict.fromkeys(("path", "url", "git", "hg", "svn", "bzr"), KEPT),
    **dict.fromkeys(("ref", "revision", "subdirectory", "editable"), "-of a source that is told"),
    "summary": _OF_PROJECT,
    "requires_python": "-is what the archive says of itself, which is looked at when it is installed",
}
PIPFILE_META: Fates = {
    "hash": "-holds for the Pipfile, not for what is installed",
    "pipfile-spec": _FORMAT,
    "requires": "the Python that it requires: others are refused no more",
    "sources": KEPT,
}
PIPFILE_ENTRY: Fates = {
    **dict.fromkeys(("version", "hashes", "markers", "extras", "index"), KEPT),
    **dict.fromkeys(("path", "file", "git", "editable"), KEPT),
    **dict.fromkeys(("ref", "subdirectory"), "-of a source that is told"),
}


def unkept(table: Mapping[str, Any], fates: Fates, name: str = "") -> Iterator[Loss]:
    """Tell what a conversion does not hold of a table; `name` is that of its project, '' for the file as a whole."""
    for key, value in table.items():
        fate = fates.get(key, f"its {key}, which is not known here")
        if fate and not fate.startswith("-") and value not in ("", [], {}):
            yield Loss(name, fate, changes_install=False)
