"""Direct archives and commits in other tools' lock files, as requirements (PEP 508, PEP 440)."""

from __future__ import annotations

import re

from peep.dataclass import dataclass
from peep.formats.url_secrets import holds_credentials, redacted
from peep.locking.readers.locked import Loss

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SCP_FORM = re.compile(r"(?P<place>[A-Za-z0-9._-]+@[A-Za-z0-9.-]+):(?P<path>(?!//)[^:]+)")
_SCHEMES = ("https://", "http://", "ssh://", "file://", "git://", "svn://")
_OPEN_TO_ALL = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class DirectSource:
    """Where a package lies that comes from no index."""

    url: str
    """Of an archive, or `git+…@COMMIT`."""
    subdirectory: str = ""
    requested_revision: str = ""
    """The branch or tag that was asked for, where a commit was found."""


def commit_source(kind: str, url: str, commit: str, subdirectory: str = "", revision: str = "") -> DirectSource | None:
    """Give back a commit of a repository; None for what names no full commit, or lies on this machine.

    `host:path`, which only git reads, becomes the `ssh://` URL that it is short for.
    """
    if kind == "git" and not _COMMIT.fullmatch(commit):
        return None
    short = _SCP_FORM.fullmatch(url)
    full = f"ssh://{short['place']}/{short['path']}" if short else url.removeprefix(f"{kind}+")
    if not full.startswith(_SCHEMES) or not commit:
        return None
    return DirectSource(f"{kind}+{full}@{commit}", subdirectory, "" if revision == commit else revision)


def archive_source(url: str, subdirectory: str = "") -> DirectSource | None:
    """Give back an archive at a URL, whose fragment is no part of it; None for a path of this machine."""
    place = url.partition("#")[0]
    return DirectSource(place, subdirectory) if place.startswith(_OPEN_TO_ALL) else None


def direct_source(
    name: str, kind: str, place: str, found: DirectSource | None, revision: str = ""
) -> DirectSource | Loss:
    """Give back what was found, or why no line of another format can name it; `revision`: of a repository."""
    if found is None and kind == "git" and not _COMMIT.fullmatch(revision):
        what = f"it comes from {redacted(place)} (git) at {revision!r}, which is no full commit"
        return Loss(name, what, True)  # noqa: FBT003
    if found is None:
        return Loss(name, f"it comes from {redacted(place)} ({kind}), which is no place that others have", True)  # noqa: FBT003
    if holds_credentials(found.url.encode()):
        what = f"the credential in {redacted(found.url)}, which has no place in a list: use netrc or keyring"
        return Loss(name, what, True)  # noqa: FBT003
    return found
