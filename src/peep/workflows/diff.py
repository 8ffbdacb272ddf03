"""`peep diff`: one release against another, opened in a sandbox, in the order it would run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO

from peep.archives.receive import Receiver, receive_archive
from peep.dataclass import dataclass, replace
from peep.errors import BuildError, UsageError
from peep.examine.child import analyse, isolation_for
from peep.examine.commit import CommitIdentity, compared_with_commit
from peep.examine.reading import base_of
from peep.examine.types import Comparison, UnvouchedArchive
from peep.formats.digest_lines import DigestLine
from peep.formats.names import archive_suffix, is_name
from peep.formats.url_secrets import redacted
from peep.model import IndexFile, TargetEnvironment
from peep.pipeline.context import RunContext
from peep.pipeline.examining.kept_archives import KeptArchives, kept_folder
from peep.pipeline.examining.unvouched_releases import (
    CollectedRelease,
    Fetch,
    WheelChoice,
    index_release,
    local_release,
)
from peep.pipeline.network import Network
from peep.pipeline.options import InstallOptions
from peep.pipeline.pip_configuration import configured_pip
from peep.pipeline.session import configured, opened_store, target_request
from peep.pipeline.vetting.records_place import open_vetting, vetting_folder
from peep.pipeline.vetting.release_records import ReleaseRecords, release_records
from peep.system.clock import utc_day
from peep.system.git import CommitUrl, list_tree, parse_commit_url
from peep.system.sandbox import find_isolation
from peep.target.discovery import discover_target
from peep.vetting.attestations import repository_of

NO_RECORDS = ReleaseRecords()


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """What to compare. `project` is None for local archives; then `old` and `new` are paths, else versions."""

    new: str
    old: str | None = None
    project: str | None = None
    wheel: str | None = None
    """A tag or a file name."""
    use_sandbox: bool = True
    commit: CommitUrl | None = None
    """The commit that the new release says it was made of."""
    wants_attested_commit: bool = False
    """Whether it is the commit that a verified attestation names (`published.toml`)."""
    vetting: str | None = None
    """The folder of the records; None: the setting, else the one in the working folder."""


@dataclass(frozen=True, slots=True)
class ReleaseDescription:
    """A release that was compared; digests were computed here, not by whoever analysed."""

    version: str
    archives: tuple[UnvouchedArchive, ...]


@dataclass(frozen=True, slots=True)
class DiffResult:
    """What `peep diff` shows. `is_sandboxed` is False under `--no-sandbox`."""

    project: str
    old: ReleaseDescription | None
    new: ReleaseDescription
    comparison: Comparison
    is_sandboxed: bool = True
    commit: CommitIdentity | None = None
    records: ReleaseRecords = NO_RECORDS
    """What is on record about the new release."""

    def reading_base(self) -> dict[str, Any]:
        """What a reading of this comparison says before anything was read."""
        old = (self.old.version, self.old.archives) if self.old is not None else None
        return base_of(self.project, old, (self.new.version, self.new.archives))


def request_of(words: tuple[str, ...], *, full: bool, wheel: str | None, use_sandbox: bool) -> DiffRequest:
    """Understand the plain arguments: NAME OLD NEW, NAME NEW with `--full`, or one or two paths.

    Raises `UsageError` for anything else.
    """
    if len(words) in (1, 2) and all(_is_path(word) for word in words):
        if full and len(words) == 2:  # noqa: PLR2004 - old and new
            raise UsageError("--full takes one release: everything in it is new", "name the new one alone")
        return DiffRequest(words[-1], words[0] if len(words) > 1 else None, None, wheel, use_sandbox)
    count = 2 if full else 3
    if len(words) != count or not is_name(words[0]):
        hint = "peep diff NAME OLD NEW; peep diff NAME NEW --full; peep diff OLD-FILE NEW-FILE"
        if len(words) == 2 and is_name(words[0]):  # noqa: PLR2004 - a project and one version
            raise UsageError(f"peep diff {words[0]} {words[1]}: against which release?", hint)
        raise UsageError(f"peep diff does not understand: {' '.join(words)}", hint)
    return DiffRequest(words[-1], None if full else words[1], words[0], wheel, use_sandbox)


def _is_path(word: str) -> bool:
    return bool(archive_suffix(word)) or os.sep in word or os.path.exists(word) or word in (".", "..")


def diff(request: DiffRequest, options: InstallOptions, context: RunContext) -> DiffResult:
    """Gather both releases, compare them in a child, and describe them.

    Raises `UsageError`, `PeepError`, `ArchiveError`; nothing is stored, built or installed.
    """
    vetting = open_vetting(vetting_folder(request.vetting, (), ()))
    isolation = isolation_for(find_isolation(), wanted=request.use_sandbox)
    with tempfile.TemporaryDirectory(prefix="peep-diff-", ignore_cleanup_errors=True) as folder:
        old, new = _collected(request, options, context, folder)
        context.reporter.detail(f"opened in: {isolation.value}")
        project = new.project or (old.project if old else "") or "release"
        before = _lines_of(old) if old is not None else None
        records = release_records(vetting, project, before, _lines_of(new), utc_day())
        wanted = attested_commit(records, project) if request.wants_attested_commit else request.commit
        object_format = _OBJECT_FORMATS[len(wanted.commit)] if wanted is not None else ""
        comparison = analyse(old.archives if old else None, new.archives, isolation, object_format=object_format)
    commit = _commit_of(wanted, comparison, context) if wanted is not None else None
    more = (*(commit.hits if commit is not None else ()), *records.hits)
    return DiffResult(
        project=project,
        old=_described(old) if old else None,
        new=_described(new),
        comparison=replace(comparison, signals=(*comparison.signals, *more)),
        is_sandboxed=request.use_sandbox,
        commit=commit,
        records=records,
    )


_OBJECT_FORMATS = {40: "sha1", 64: "sha256"}
"""Digits of a commit id -> the hash function of its repository."""


def parse_commit(text: str) -> CommitUrl:
    """`URL@40HEX`, with or without `git+`. Raises `UsageError`, for branches and tags too."""
    try:
        return parse_commit_url(text if text.startswith("git+") else f"git+{text}")
    except BuildError as error:
        raise UsageError(f"--commit {redacted(text)}: {error.message}", error.hint) from None


def attested_commit(records: ReleaseRecords, project: str) -> CommitUrl:
    """The commit that verified attestations of the new release name. Raises `UsageError` where that is not one."""
    known = {(one.publisher, one.commit) for one in records.provenance.new} if records.provenance else set()
    named = {(repository_of(publisher), commit) for publisher, commit in known}
    if len(named) != 1 or None in {repository for repository, _ in named}:
        told = ", ".join(f"{commit} of {publisher}" for publisher, commit in sorted(known)) or "none"
        raise UsageError(
            f"--commit attested: published.toml names no one commit of a known repository for {project}: {told}",
            f"peep vetting attest {project} VERSION, or name it: --commit URL@ID",
        )
    ((repository, commit),) = named
    return parse_commit(f"{repository}@{commit}")


def _commit_of(wanted: CommitUrl, comparison: Comparison, context: RunContext) -> CommitIdentity:
    with tempfile.TemporaryDirectory(prefix="peep-commit-", ignore_cleanup_errors=True) as folder:
        tree = list_tree(wanted, folder, context.environ)
    remarks = [f"{tree.submodules} submodules are not looked into"] if tree.submodules else []
    remarks += [f"{tree.links} links are not followed"] if tree.links else []
    return compared_with_commit(
        comparison.blobs, tree.blobs, redacted(wanted.repository), wanted.commit, tuple(remarks)
    )


def _lines_of(release: CollectedRelease) -> list[DigestLine]:
    return [DigestLine(one.sha256, one.filename) for one in release.archives.all]


def _described(release: CollectedRelease) -> ReleaseDescription:
    return ReleaseDescription(release.version, release.archives.all)


def _collected(
    request: DiffRequest, options: InstallOptions, context: RunContext, folder: str
) -> tuple[CollectedRelease | None, CollectedRelease]:
    if request.project is None:
        with opened_store(options.store, context) as store:
            choice = _choice(request, discover_target(target_request(options.target), store))
        old = local_release(request.old, folder, choice) if request.old is not None else None
        new = local_release(request.new, folder, choice)
        if old is not None and old.project and new.project and old.project != new.project:
            context.reporter.warning(f"two projects are compared: {old.project} and {new.project}")
        return old, new
    with opened_store(options.store, context) as store:
        defaults = configured_pip(options, context.environ, os.path.join(store.layout.remembered, "pip"))
        options = configured(options, defaults)
        choice = _choice(request, discover_target(target_request(options.target), store))
        kept = kept_folder(context.environ, is_kept=options.store.is_kept)
        with closing(Network(options, context, defaults)) as network, _fetching(network, kept, context) as fetch:
            index, project = network.index(), request.project
            earlier = index_release(project, request.old, index, fetch, folder, choice) if request.old else None
            return earlier, index_release(project, request.new, index, fetch, folder, choice)


def _choice(request: DiffRequest, target: TargetEnvironment) -> WheelChoice:
    return WheelChoice(target.tags, request.wheel)


@contextmanager
def _fetching(network: Network, kept: str | None, context: RunContext) -> Iterator[Fetch]:
    with tempfile.TemporaryDirectory(prefix="peep-fetch-", ignore_cleanup_errors=True) as scratch:
        receiver = Receiver(network.transport(), scratch, context.reporter)

        def fetch(file: IndexFile) -> BinaryIO:
            return receive_archive(file, {"sha256"}, None, receiver).file

        yield KeptArchives(fetch, kept, context.reporter)
