"""Core metadata of one archive (METADATA, PKG-INFO): the fields that choosing versions needs.

Sources: core metadata specification; PEP 643 (which fields of an sdist are final), PEP 566 (the header form).
"""

from __future__ import annotations

import re

from packaging.version import Version

from peep.dataclass import dataclass
from peep.formats.dependency_specifiers import version_or_none
from peep.formats.names import normalised

MOST_REQUIREMENTS = 10_000
"""Of one archive, or one source; each is parsed, and each name is asked for."""
LARGEST_METADATA = 4 * 1024 * 1024
"""Bytes that METADATA may have, its description included."""
_END_OF_HEADERS = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_FIRST_STATIC = Version("2.2")
_DECIDING = frozenset({"requires-dist", "requires-python", "provides-extra"})


class UnreadableMetadata(ValueError):
    """Bytes that are no core metadata; `str` says why."""


@dataclass(frozen=True, slots=True)
class ProjectMetadata:
    """What an archive says of itself."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    """As written."""
    requires_dist: tuple[str, ...] = ()
    """Requirements (PEP 508), as written, in their order."""
    requires_python: str = ""
    provides_extra: tuple[str, ...] = ()
    """Normalised."""
    is_static: bool = True
    """Every wheel built of the archive must say the same (PEP 643); always so for a wheel's own METADATA."""


def parse_core_metadata(content: bytes, *, is_wheel: bool = True) -> ProjectMetadata:
    """Read the header part of METADATA or PKG-INFO.

    Raises `UnreadableMetadata` for more than `LARGEST_METADATA` or `MOST_REQUIREMENTS`, for bytes that are not UTF-8,
    and without exactly one Metadata-Version, Name and Version.
    """
    if len(content) > LARGEST_METADATA:
        raise UnreadableMetadata(f"has {len(content)} bytes; the limit is {LARGEST_METADATA}")
    found = _END_OF_HEADERS.search(content)
    headers = content[: found.start() + 1] if found else content
    try:
        headers.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableMetadata("is not UTF-8") from None
    from packaging.metadata import parse_email  # noqa: PLC0415 - with the library for mail, and a lock may read none

    fields, unparsed = parse_email(headers)
    for name in ("metadata_version", "name", "version"):
        if name not in fields:
            times = len(unparsed.get(name.replace("_", "-"), ()))
            raise UnreadableMetadata(f"states {name.replace('_', '-').title()} {times} times, not once")
    if "requires-python" in unparsed:
        raise UnreadableMetadata("states Requires-Python more than once")
    stated = fields.get("requires_dist", [])
    if len(stated) > MOST_REQUIREMENTS:
        raise UnreadableMetadata(f"states {len(stated)} requirements; the limit is {MOST_REQUIREMENTS}")
    return ProjectMetadata(
        name=normalised(fields["name"]),
        version=fields["version"],
        requires_dist=tuple(" ".join(text.split()) for text in stated),
        requires_python=fields.get("requires_python", ""),
        provides_extra=tuple(normalised(extra) for extra in fields.get("provides_extra", ())),
        is_static=is_wheel or _is_static(fields["metadata_version"], fields.get("dynamic", ())),
    )


def _is_static(metadata_version: str, dynamic: list[str] | tuple[()]) -> bool:
    """PEP 643: from 2.2 on, what `Dynamic` does not name is final."""
    version = version_or_none(metadata_version)
    return (
        version is not None and version >= _FIRST_STATIC and not _DECIDING & {name.strip().lower() for name in dynamic}
    )
