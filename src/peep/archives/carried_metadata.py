"""Core metadata of verified archives, for those who carry it on (bundles, mirrors).

Sources: core metadata (METADATA of wheels, PKG-INFO of source archives, PEP 643), file names (PEP 427, PEP 625). No
code of the archive runs.
"""

from __future__ import annotations

from typing import BinaryIO

from packaging.utils import InvalidSdistFilename, parse_sdist_filename

from peep.archives.sdist import open_sdist
from peep.archives.wheel import PlainWheel, open_wheel
from peep.dataclass import dataclass
from peep.errors import ArchiveError
from peep.formats.core_metadata import UnreadableMetadata, parse_core_metadata
from peep.formats.names import normalised
from peep.formats.wheel_metadata import header_fields
from peep.model import ArchiveKind


@dataclass(frozen=True, slots=True)
class CarriedMetadata:
    """What an archive states."""

    name: str
    """Normalised."""
    version: str
    """As written."""
    kind: ArchiveKind
    requires_python: str | None = None
    metadata: bytes | None = None
    """METADATA of a wheel, whole: what is served beside it (PEP 658)."""
    requires_dist: tuple[str, ...] | None = None
    """None: only its build backend knows."""
    pyproject: bytes | None = None
    """Of a source archive: says what building it needs (PEP 518)."""


def read_carried_metadata(filename: str, file: BinaryIO) -> CarriedMetadata:
    """Open an archive, find it sound, and read what it states; `file` stays open.

    Raises `ArchiveError` for one that `peep install` would refuse, and for one of which nothing tells name and version.
    """
    if filename.endswith(".whl"):
        return _of_wheel(PlainWheel(filename, file))
    return _of_sdist(PlainWheel(filename, file))


def _of_wheel(wheel: PlainWheel) -> CarriedMetadata:
    contents = open_wheel(wheel)
    identity = contents.identity
    path = f"{identity.dist_info}/METADATA"
    metadata = contents.read(path)
    try:
        stated = parse_core_metadata(metadata)
    except UnreadableMetadata as error:
        raise ArchiveError(wheel.filename, [f"{path}: {error}"]) from None
    return CarriedMetadata(
        identity.name,
        identity.version,
        ArchiveKind.WHEEL,
        stated.requires_python or None,
        metadata,
        stated.requires_dist,
    )


def _of_sdist(archive: PlainWheel) -> CarriedMetadata:
    with open_sdist(archive) as contents:
        static = contents.static_metadata()
        information = contents.read("PKG-INFO")
        pyproject = contents.read("pyproject.toml")
    stated = header_fields(information, "PKG-INFO")[0] if information else {}
    try:
        name, version = (str(part) for part in parse_sdist_filename(archive.filename))
    except InvalidSdistFilename:
        name, version = ("".join(stated.get(key, [])[:1]) for key in ("name", "version"))
    if not name or not version:
        raise ArchiveError(archive.filename, ["neither its name nor its PKG-INFO tells which project it is of"])
    requires_python = static.requires_python if static else "".join(stated.get("requires-python", [])[:1])
    return CarriedMetadata(
        normalised(name),
        version,
        ArchiveKind.SDIST,
        requires_python or None,
        requires_dist=static.requires_dist if static else None,
        pyproject=pyproject,
    )
