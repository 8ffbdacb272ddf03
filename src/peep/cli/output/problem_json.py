"""JSON of problems; docs/json-output.md promises its shape, which changes by adding only.

A problem's fields are the names in the output; the two about hashes tell of parts of their candidate instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from peep.cli.output.text import redact_text
from peep.dataclass import asdict
from peep.errors import (
    ArchiveError,
    ArchiveRefused,
    BadArchive,
    ConflictingDependency,
    FetchFailure,
    FileNameTaken,
    HashMismatch,
    HashMissing,
    InstallRefused,
    KnownMalware,
    MissingBuildRequirement,
    NotExamined,
    NoUsableFile,
    ObjectedTo,
    OmittedDependency,
    PeepError,
    Problem,
    RecordsErrors,
    RecordsUnreadable,
    RequirementsError,
    RequirementsErrors,
    RunFailure,
    SeveralErrors,
    UnusableRequirement,
)
from peep.model import Digest, IndexFile, Location, PinnedRequirement, Rejection, listed_digest, listed_hashes
from peep.place_faults import BundleFileFault, DigestDiffers, IncompleteTarget, MirrorFileFault, NotOwned, UnpulledFile

KINDS: Mapping[type[Problem], str] = {
    HashMismatch: "hash-mismatch",
    HashMissing: "hash-missing",
    UnusableRequirement: "unusable",
    NoUsableFile: "no-usable-file",
    FetchFailure: "fetch-failure",
    BadArchive: "bad-archive",
    ArchiveRefused: "bad-archive",
    RunFailure: "failure",
    KnownMalware: "known-malware",
    OmittedDependency: "omitted-dependency",
    ConflictingDependency: "conflicting-dependency",
    MissingBuildRequirement: "missing-build-requirement",
    NotExamined: "not-examined",
    ObjectedTo: "objected-to",
    RecordsUnreadable: "records-unreadable",
    BundleFileFault: "bundle-file",
    UnpulledFile: "lfs-pointer",
    DigestDiffers: "bundle-digest",
    FileNameTaken: "file-name-taken",
    IncompleteTarget: "incomplete-target",
    NotOwned: "not-owned",
    MirrorFileFault: "mirror-file",
}


def problems_as_json(problems: Sequence[Problem]) -> dict[str, Any]:
    """Give back `{"problems": [...]}`, each with its `kind` and facts; URLs without credentials, sizes in bytes."""
    return {"problems": [{"kind": KINDS[type(problem)], **_plain(_facts(problem))} for problem in problems]}


def problems_of(error: PeepError) -> Sequence[Problem]:
    """What is wrong, one by one, where a run ends with an error."""
    match error:
        case InstallRefused() | RecordsErrors():
            return error.problems
        case SeveralErrors():
            return [problem for one in error.errors for problem in problems_of(one)]
        case RequirementsErrors():
            return [problem for one in (*error.errors, *error.also) for problem in problems_of(one)]
        case RequirementsError():
            return [RunFailure(error.reason, error.hint, (error.location,))]
        case ArchiveError():
            return [ArchiveRefused(error.filename, error.problems, error.hint)]
    return [RunFailure(error.message, error.hint)]


def _facts(problem: Problem) -> dict[str, Any]:
    if isinstance(problem, HashMismatch):
        return _mismatch(problem)
    if isinstance(problem, HashMissing):
        return _missing(problem)
    if isinstance(problem, ArchiveRefused):
        return {"requirement": None, **_by_name(problem)}
    return _by_name(problem)


def _by_name(problem: Problem) -> dict[str, Any]:
    return {"requirement" if name == "pin" else name: value for name, value in asdict(problem).items()}


def _mismatch(problem: HashMismatch) -> dict[str, Any]:
    candidate = problem.candidate
    return {
        "requirement": candidate.pin,
        "file": candidate.file,
        "expected": [str(digest) for digest in listed_hashes(candidate.pin, candidate.file.filename)],
        "malformed": [wrong.text for wrong in candidate.pin.malformed_hashes],
        "got": _by_algorithm(problem.got),
        "size": problem.size,
        "content_type": problem.content_type,
        "still_offered": [
            file.filename for file in candidate.offered if listed_digest(file.hashes, candidate.pin, file.filename)
        ],
        "story": problem.story,
    }


def _missing(problem: HashMissing) -> dict[str, Any]:
    return {
        "requirement": problem.candidate.pin,
        "file": problem.candidate.file,
        "got": _by_algorithm([problem.got]),
        "size": problem.size,
        "version": problem.version or problem.candidate.pin.version,
        "seen_before": problem.seen_before,
    }


def _plain(value: Any) -> Any:
    """Turn what a problem holds into what JSON has; no text keeps credentials, for URLs stand in reasons as well."""
    if isinstance(value, str | Enum | Digest):
        return redact_text(str(value.value if isinstance(value, Enum) else value))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return _of_model(value)


def _of_model(value: Any) -> Any:
    """A value of `peep.model` as the parts of it that are told; numbers and the like as they are."""
    if isinstance(value, Location):
        return _plain(asdict(value))
    if isinstance(value, Rejection):
        return _plain(_chosen(value, "filename", "reason", "index"))
    if isinstance(value, PinnedRequirement):
        return _plain(_chosen(value, "name", "version", "url", "extras", "marker", "locations"))
    if isinstance(value, IndexFile):
        facts = _chosen(value, "filename", "url", "index", "upload_time", "yanked")
        return _plain({**facts, "hashes": _by_algorithm(value.hashes)})
    return value


def _chosen(value: object, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _by_algorithm(digests: Iterable[Digest]) -> dict[str, str]:
    return {digest.algorithm: digest.hex for digest in digests}
