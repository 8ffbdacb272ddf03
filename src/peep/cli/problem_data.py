"""Problems as plain values for `--format json`. Pure; the shape is described in docs, so change it by adding only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

from peep.cli.text import scrubbed
from peep.errors import (
    BadArchive,
    ConflictingDependency,
    FetchFailure,
    HashMismatch,
    HashMissing,
    MissingBuildRequirement,
    NoUsableFile,
    OmittedDependency,
    Problem,
    UnusableRequirement,
)
from peep.model import (
    Digest,
    IndexFile,
    Location,
    PinnedRequirement,
    Rejection,
    listed_digest,
    listed_hashes,
)


def problems_as_json(problems: Sequence[Problem]) -> dict[str, Any]:
    """Give back `{"problems": [...]}`, each with its `kind` and facts; URLs without credentials, sizes in bytes."""
    return {"problems": [_scrubbed(_facts(problem)) for problem in problems]}


def _scrubbed(value: Any) -> Any:
    """Reasons and stories are free text, and URLs stand in them as well."""
    if isinstance(value, str):
        return scrubbed(value)
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {key: _scrubbed(item) for key, item in value.items()}
    return value


@singledispatch
def _facts(problem: object) -> dict[str, Any]:
    raise TypeError(type(problem))


@_facts.register
def _(problem: HashMismatch) -> dict[str, Any]:
    candidate = problem.candidate
    offered = [file.filename for file in candidate.offered if listed_digest(file.hashes, candidate.pin, file.filename)]
    return {
        "kind": "hash-mismatch",
        "requirement": _requirement(candidate.pin),
        "file": _file(candidate.file),
        "expected": [str(digest) for digest in listed_hashes(candidate.pin, candidate.file.filename)],
        "malformed": [wrong.text for wrong in candidate.pin.malformed_hashes],
        "got": _hashes(problem.got),
        "size": problem.size,
        "content_type": problem.content_type,
        "still_offered": offered,
        "story": problem.story,
    }


@_facts.register
def _(problem: HashMissing) -> dict[str, Any]:
    return {
        "kind": "hash-missing",
        "requirement": _requirement(problem.candidate.pin),
        "file": _file(problem.candidate.file),
        "got": _hashes((problem.got,)),
        "size": problem.size,
        "version": problem.version or problem.candidate.pin.version,
        "seen_before": problem.seen_before,
    }


@_facts.register
def _(problem: UnusableRequirement) -> dict[str, Any]:
    return {
        "kind": "unusable",
        "location": _location(problem.location),
        "text": problem.text,
        "reason": problem.reason,
    }


@_facts.register
def _(problem: NoUsableFile) -> dict[str, Any]:
    return {
        "kind": "no-usable-file",
        "requirement": _requirement(problem.pin),
        "reason": problem.reason,
        "rejections": [_rejection(rejection) for rejection in problem.rejections],
    }


@_facts.register
def _(problem: FetchFailure) -> dict[str, Any]:
    return {
        "kind": "fetch-failure",
        "requirement": _requirement(problem.pin),
        "url": problem.url,
        "reason": problem.reason,
        "hint": problem.hint,
    }


@_facts.register
def _(problem: BadArchive) -> dict[str, Any]:
    return {
        "kind": "bad-archive",
        "requirement": _requirement(problem.pin),
        "filename": problem.filename,
        "problems": list(problem.problems),
        "hint": problem.hint,
    }


@_facts.register
def _(problem: OmittedDependency) -> dict[str, Any]:
    return {
        "kind": "omitted-dependency",
        "name": problem.name,
        "requirement": problem.requirement,
        "chain": list(problem.chain),
    }


@_facts.register
def _(problem: ConflictingDependency) -> dict[str, Any]:
    return {
        "kind": "conflicting-dependency",
        "name": problem.name,
        "requirement": problem.requirement,
        "listed": problem.listed,
        "required_by": problem.required_by,
    }


@_facts.register
def _(problem: MissingBuildRequirement) -> dict[str, Any]:
    return {
        "kind": "missing-build-requirement",
        "sdist": problem.sdist,
        "requirement": problem.requirement,
        "chain": list(problem.chain),
        "reason": problem.reason,
        "suggestion": list(problem.suggestion),
    }


def _requirement(pin: PinnedRequirement) -> dict[str, Any]:
    return {
        "name": pin.name,
        "version": pin.version,
        "url": pin.url,
        "extras": list(pin.extras),
        "marker": pin.marker,
        "locations": [_location(location) for location in pin.locations],
    }


def _file(file: IndexFile) -> dict[str, Any]:
    return {
        "filename": file.filename,
        "url": file.url,
        "index": file.index,
        "hashes": _hashes(file.hashes),
        "upload_time": file.upload_time,
        "yanked": file.yanked,
    }


def _hashes(digests: tuple[Digest, ...]) -> dict[str, str]:
    return {digest.algorithm: digest.hex for digest in digests}


def _location(location: Location) -> dict[str, Any]:
    return {"path": location.path, "line": location.line}


def _rejection(rejection: Rejection) -> dict[str, Any]:
    return {"filename": rejection.filename, "reason": rejection.reason, "index": rejection.index}
