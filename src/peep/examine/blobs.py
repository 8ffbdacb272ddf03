"""Files of a release as git would know them: object ids, of the bytes and of the bytes with Unix line ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from peep.examine.types import Blob
from peep.examine.view import ReleaseView, unit_key


def blobs_of(view: ReleaseView, object_format: str) -> Iterator[Blob]:
    """Every file of the main wheel, or of the sdist where there is none. `object_format`: sha1 or sha256."""
    archive = view.release.main_wheel or view.release.sdist
    in_wheel = archive is not None and archive.is_wheel
    for path, file in archive.files.items() if archive is not None else ():
        content = view.release.content(file.sha256)
        unit = view.units.get(unit_key(path, in_wheel=in_wheel))
        source = view.sources.get(path)
        unix = content.replace(b"\r\n", b"\n") if b"\r\n" in content and not is_binary(content) else b""
        yield Blob(
            path=path,
            moment=unit.moment if unit is not None else "metadata",
            blob=blob_id(content, object_format),
            unix_blob=blob_id(unix, object_format) if unix else "",
            source=source.path if source is not None else "",
            origin=source.origin.value if source is not None else "",
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
