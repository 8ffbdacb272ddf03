"""Direct files: those that a URL requirement or a lock file names, so that no index is asked."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from peep.formats.archive_names import filename_of_url
from peep.formats.url_secrets import redacted
from peep.model import (
    Commit,
    DirectUrl,
    FromIndex,
    IndexFile,
    ListedFile,
    LocalFolder,
    LockedFiles,
    PinnedRequirement,
    ProjectDetail,
    assert_never,
)


def is_stated(pin: PinnedRequirement) -> bool:
    """Whether `pin` names its files itself."""
    return not isinstance(pin.source, FromIndex)


def sources_of(pin: PinnedRequirement, details: Sequence[ProjectDetail]) -> Sequence[ProjectDetail]:
    """Give back where files for `pin` may come from: what it states itself, or else the indexes' answers."""
    match pin.source:
        case FromIndex():
            return details
        case LockedFiles(files=files, index_url=index_url):
            return (ProjectDetail(pin.name, tuple(_of_listed(listed, index_url) for listed in files)),)
        case DirectUrl(url=url) | Commit(url=url) | LocalFolder(url=url):
            file = IndexFile(filename_of_url(url), url, index=redacted(url))
            return (ProjectDetail(pin.name, (file,), index=file.index),)
        case _ as never:
            assert_never(never)


def _of_listed(listed: ListedFile, index_url: str | None) -> IndexFile:
    """PEP 751: a `path` is preferred to a `url`, as it was resolved beside the lock file."""
    url = listed.url or ""
    if listed.path is not None:
        from pathlib import PurePath  # noqa: PLC0415 - for lock files that name files beside them

        url = PurePath(listed.path).as_uri()
    return IndexFile(
        listed.filename,
        url,
        hashes=listed.hashes,
        size=listed.size,
        upload_time=listed.upload_time,
        index=redacted(index_url) if index_url else _origin(url),
    )


def _origin(url: str) -> str:
    """Scheme and host of a URL, which may be all that tells where a listed file comes from."""
    shown = redacted(url)
    try:
        parts = urlsplit(shown)
    except ValueError:
        return shown
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else shown
