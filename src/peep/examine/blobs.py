"""Git object ids of a release's files, of their bytes and of the bytes with other line ends."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from peep.dataclass import dataclass
from peep.examine.correspondence import Origin, Source, is_generated
from peep.examine.file_kinds import native_format
from peep.examine.release import ReleaseFile
from peep.examine.types import RUNS, Blob
from peep.examine.view import ReleaseView, unit_key


@dataclass(frozen=True, slots=True)
class _Place:
    file: ReleaseFile
    moment: str
    in_wheel: bool


def blobs_of(view: ReleaseView, object_format: str) -> Iterator[Blob]:
    """Every file of the main wheel, and what only the sdist has; of that only what can run, where there is a wheel.

    `object_format`: sha1 or sha256.
    """
    wheel = view.release.main_wheel
    for path, file in wheel.files.items() if wheel is not None else ():
        unit = view.units.get(unit_key(path, in_wheel=True))
        moment = unit.moment if unit is not None else "metadata"
        yield _blob(view, _Place(file, moment, in_wheel=True), object_format)
    for unit in view.units.values():
        if not unit.key.in_wheel and (wheel is None or unit.moment in RUNS):
            yield _blob(view, _Place(unit.file, unit.moment, in_wheel=False), object_format)


_SETTINGS_OF_SETUPTOOLS = re.compile(rb"(^|\n)\[egg_info\]\ntag_build =[^\n]*\ntag_date =[^\n]*\s*\Z")
"""The end of every `setup.cfg` in an sdist that setuptools made: it writes the whole file anew."""


def _blob(view: ReleaseView, unit: _Place, object_format: str) -> Blob:
    content = view.release.content(unit.file.sha256)
    other_ends = _other_line_ends(content)
    source = view.sources.get(unit.file.path) if unit.in_wheel else None
    return Blob(
        path=unit.file.path,
        moment=unit.moment,
        blob=blob_id(content, object_format),
        other_ends=blob_id(other_ends, object_format) if other_ends else "",
        source=source.path if source is not None else "",
        origin=_origin(view, unit, source, content),
        in_wheel=unit.in_wheel,
    )


def _other_line_ends(content: bytes) -> bytes:
    """A text with LF for its CR LF, or with CR LF for LF where it has none; nothing where that changes nothing."""
    if is_binary(content) or b"\n" not in content:
        return b""
    if b"\r\n" in content:
        return content.replace(b"\r\n", b"\n")
    return content.replace(b"\n", b"\r\n")


def _origin(view: ReleaseView, unit: _Place, source: Source | None, content: bytes) -> str:
    """Generated for what builds make even where the sdist ships it; compiled only in wheels that say so."""
    wheel = view.release.main_wheel
    if is_generated(unit.file, view.release.content):
        return Origin.GENERATED.value
    if not unit.in_wheel or wheel is None:
        return Origin.GENERATED.value if _is_made_for_sdist(unit.file.path, content) else ""
    if native_format(unit.file.head):
        return Origin.ONLY_IN_WHEEL.value if wheel.is_pure else Origin.COMPILED.value
    return source.origin.value if source is not None else ""


def _is_made_for_sdist(path: str, content: bytes) -> bool:
    return path == "PKG-INFO" or (
        path == "setup.cfg" and bool(_SETTINGS_OF_SETUPTOOLS.search(content.replace(b"\r", b"")))
    )


def blob_id(content: bytes, object_format: str) -> str:
    """Git's object id of a file's bytes; `object_format`: sha1 or sha256 (gitformat-hash-function-transition)."""
    hasher = hashlib.new(object_format, usedforsecurity=False)
    hasher.update(b"blob %d\0" % len(content))
    hasher.update(content)
    return hasher.hexdigest()


def is_binary(content: bytes) -> bool:
    """As git tells it: a NUL among the first 8,000 bytes."""
    return b"\0" in content[:8000]
