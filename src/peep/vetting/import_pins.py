"""Imports pinned by digest: their origin, what a new state would change, when it may be written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from typing import TypeVar

from peep.dataclass import dataclass, replace
from peep.errors import RecordsErrors, UsageError, VettingError
from peep.formats.urls import without_credentials
from peep.pins import read_sha256
from peep.vetting.entries import is_plain_name
from peep.vetting.imported_files import SharedFile, read_shared
from peep.vetting.records import Audit, AuditsFile, Criterion, ImportPin, Violation

_GIT = re.compile(r"git\+(?P<repository>[a-z]+://[!-~]+)@(?P<commit>[0-9a-f]{40})#(?P<path>[^\\]+)")
_URL = re.compile(r"https?://[!-~]+")

_Record = TypeVar("_Record", Audit, Violation)


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A file on a web server; its signature is beside it, with `.sig` at the end of the path."""

    url: str

    @property
    def signature(self) -> str:
        address, mark, query = self.url.partition("?")
        return f"{address}.sig{mark}{query}"


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file on this machine."""

    path: str

    @property
    def signature(self) -> str:
        return f"{self.path}.sig"


@dataclass(frozen=True, slots=True)
class GitSource:
    """A file of one commit of a git repository."""

    repository: str
    commit: str
    path: str

    @property
    def signature(self) -> str:
        return f"{self.path}.sig"


Source = UrlSource | ImportedFile | GitSource


def parse_source(text: str) -> Source:
    """Read `URL`, `git+URL@COMMIT#path` or a path. Raises `UsageError`: a branch or a tag moves, a commit does not."""
    if not text.strip() or not text.isprintable():
        raise UsageError("an import needs a source: a URL, a file, or git+URL@COMMIT#path")
    if text.startswith("git+"):
        return _git_source(text)
    if _URL.fullmatch(text):
        if without_credentials(text) != text:
            hint = "imports.toml is shared: let .netrc or a keyring hold them (peep asks both)"
            raise UsageError(f"{without_credentials(text)}: a source may not hold a user name or password", hint)
        return UrlSource(text)
    if re.match(r"[a-z][a-z0-9+.-]+://", text):
        raise UsageError(f"{text}: imports come by https, http or git, or are files")
    return ImportedFile(text)


def _git_source(text: str) -> GitSource:
    found = _GIT.fullmatch(text)
    if found is None:
        hint = "write git+URL@COMMIT#path, with all 40 digits of the commit"
        raise UsageError(f"{text}: names no file of one commit", hint)
    if without_credentials(found["repository"]) != found["repository"]:
        raise UsageError("a source may not hold a user name or password", "let git's credential helpers hold them")
    if ".." in found["path"].split("/") or found["path"].startswith("/"):
        raise UsageError(f"{text}: the path leaves the repository")
    return GitSource(found["repository"], found["commit"], found["path"])


def check_name(name: str) -> str:
    """The name of an import, which names its file, too. Raises `UsageError`."""
    if not is_plain_name(name):
        raise UsageError(f"{name!r} cannot be the name of an import", "letters, digits, - and _ make a name")
    return name


@dataclass(frozen=True, slots=True)
class RecordsDifference:
    """What a new state of an import adds and takes away."""

    added_audits: tuple[Audit, ...] = ()
    removed_audits: tuple[Audit, ...] = ()
    added_violations: tuple[Violation, ...] = ()
    removed_violations: tuple[Violation, ...] = ()
    changed_criteria: tuple[str, ...] = ()
    """Names of criteria that are new, gone, or mean something else."""

    @property
    def is_empty(self) -> bool:
        return not (
            self.added_audits
            or self.removed_audits
            or self.added_violations
            or self.removed_violations
            or self.changed_criteria
        )


def difference(old: AuditsFile, new: AuditsFile) -> RecordsDifference:
    """Compare two states of one import, record by record."""
    return RecordsDifference(
        _missing_from(new.audits, old.audits),
        _missing_from(old.audits, new.audits),
        _missing_from(new.violations, old.violations),
        _missing_from(old.violations, new.violations),
        tuple(sorted(_changed(old.criteria.values(), new.criteria.values()))),
    )


def _missing_from(these: Sequence[_Record], those: Sequence[_Record]) -> tuple[_Record, ...]:
    known = set(those)
    return tuple(one for one in these if one not in known)


def _changed(old: Iterable[Criterion], new: Iterable[Criterion]) -> set[str]:
    return {one.name for one in {*old} ^ {*new}}


@dataclass(frozen=True, slots=True)
class Offer:
    """A state of an import that came, was found usable, and waits to be accepted."""

    pin: ImportPin
    content: bytes
    shared: SharedFile
    difference: RecordsDifference


def offered(pin: ImportPin, content: bytes, old: bytes | None, path: str) -> Offer:
    """Judge what came from `pin.source`: usable or not, and what it changes against `old`, the copy so far.

    `path` is what messages call it. Raises `RecordsErrors` when it is unusable.
    """
    shared = read_shared(content, path, pin.name)
    if shared.problems:
        raise RecordsErrors(shared.problems)
    before = AuditsFile() if old is None else read_shared(old, path, pin.name).records
    new = replace(pin, sha256=sha256(content).hexdigest())
    return Offer(new, content, shared, difference(before, shared.records))


def check_accepted(offer: Offer, accept: str) -> None:
    """See that the digest given by `--accept` is that of what came. Raises `VettingError`, and `UsageError`."""
    accepted = read_sha256(accept.strip())
    if not accepted:
        raise UsageError(f"--accept {accept}: is no sha256 (64 hex digits)")
    if accepted != offer.pin.sha256:
        raise VettingError(
            f"import {offer.pin.name}: what came has the sha256 {offer.pin.sha256}, not {accepted}",
            "look at the difference again before you accept it",
        )


def with_pin(pins: Iterable[ImportPin], pin: ImportPin, today: date) -> tuple[ImportPin, ...]:
    """`pins` with `pin` in place of the one of its name, dated `today`."""
    return (*(one for one in pins if one.name != pin.name), replace(pin, on=today))
