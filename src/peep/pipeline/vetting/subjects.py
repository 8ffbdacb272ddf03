"""Subjects of verdicts: a pin's listed archives or its commit. Loads nothing of the records."""

from __future__ import annotations

from collections.abc import Iterable

from peep.formats.archive_names import filename_of_url
from peep.formats.urls import without_credentials
from peep.model import (
    Commit,
    Digest,
    DirectUrl,
    FromIndex,
    LocalFolder,
    LockedFiles,
    PinnedRequirement,
    assert_never,
    sha256_among,
)
from peep.vetting.verdicts import Subject


def subjects_of(pin: PinnedRequirement) -> tuple[Subject, ...]:
    """Every archive that a pin lists, or the commit that it names; one of unknown sha256 has no key.

    Of a lock file each file counts once, by its sha256. Nothing is known of a folder.
    """
    match pin.source:
        case Commit(url=url):
            return (Subject(commit_key(url), pin.name, pin.version or ""),)
        case LockedFiles(files=files):
            return tuple(Subject(_sha256(file.hashes), pin.name, pin.version or "", file.filename) for file in files)
        case DirectUrl(url=url):
            return _listed(pin, filename_of_url(url) if len(pin.hashes) == 1 else "")
        case FromIndex():
            return _listed(pin, "")
        case LocalFolder():
            return ()
        case _ as never:
            assert_never(never)


def _listed(pin: PinnedRequirement, filename: str) -> tuple[Subject, ...]:
    return tuple(Subject(_sha256([digest]), pin.name, pin.version or "", filename) for digest in pin.hashes)


def _sha256(digests: Iterable[Digest]) -> str:
    found = sha256_among(digests)
    return found.hex if found is not None else ""


def commit_key(url: str) -> str:
    """The key of the commit that `git+URL@COMMIT` names, its URL without credentials."""
    address, _, commit = url.removeprefix("git+").rpartition("@")
    return f"git:{commit}  {without_credentials(address)}"
