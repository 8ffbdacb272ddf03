"""`peep diff --format json`: the whole comparison as plain values (docs/json-output.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from peep.dataclass import asdict
from peep.examine.commit import CommitIdentity
from peep.examine.rules import grade_of
from peep.examine.summary import line_counts
from peep.examine.types import Change, Hit

if TYPE_CHECKING:
    from peep.vetting.attestations import Provenance
    from peep.vetting.records import PublishedArchive
    from peep.workflows.diff import DiffResult, ReleaseDescription


def diff_as_json(result: DiffResult, read: frozenset[tuple[str, str]]) -> dict[str, Any]:
    """Everything that the screen tells, and each change; rows of lines are for people only."""
    comparison = result.comparison
    counts = line_counts(comparison.changes, read)
    identity = comparison.identity
    return {
        "project": result.project,
        "verdict": result.records.verdict.value,
        "sandbox": result.is_sandboxed,
        "old": _release(result.old, ()) if result.old is not None else None,
        "new": _release(result.new, comparison.warnings),
        "identity": asdict(identity) if identity is not None else None,
        "commit": _commit(result.commit) if result.commit is not None else None,
        "provenance": _provenance(result.records.provenance),
        "lines": asdict(counts),
        "changes": [_change(change, read) for change in comparison.changes],
        "signals": [_hit(hit) for hit in comparison.signals],
        "folded": [_hit(hit) for hit in comparison.folded],
        "capabilities": [asdict(one) for one in comparison.capabilities],
        "made": [asdict(one) for one in comparison.made],
        "not_analysed": [asdict(one) for one in comparison.not_analysed],
        "problems": [],
    }


def _provenance(provenance: Provenance | None) -> dict[str, Any] | None:
    if provenance is None:
        return None
    return {
        "change": provenance.change.value if provenance.change is not None else None,
        "old": [_published(one) for one in provenance.old],
        "new": [_published(one) for one in provenance.new],
    }


def _published(one: PublishedArchive) -> dict[str, str]:
    return {
        "archive": str(one.archive),
        "publisher": one.publisher,
        "repository_id": one.repository_id,
        "owner_id": one.owner_id,
        "commit": one.commit,
        "ref": one.ref,
        "on": one.on.isoformat(),
    }


def _commit(commit: CommitIdentity) -> dict[str, Any]:
    return {"url": commit.url, "commit": commit.commit, "files": commit.files, "same": commit.same}


def _release(release: ReleaseDescription, warnings: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "version": release.version,
        "archives": [
            {
                "filename": one.filename,
                "sha256": one.sha256,
                "size": one.size,
                "warnings": [text for name, text in warnings if name == one.filename],
            }
            for one in release.archives
        ],
    }


def _change(change: Change, read: frozenset[tuple[str, str]]) -> dict[str, Any]:
    return {
        "path": change.path,
        "old_path": change.old_path or None,
        "status": change.status,
        "moment": change.moment,
        "archives": list(change.archives),
        "minus": change.minus,
        "plus": change.plus,
        "size": change.size,
        "binary": change.binary or None,
        "sha256": change.sha256 or None,
        "since": change.since or None,
        "same_code": change.same_code,
        "read_before": (change.path, change.sha256) in read,
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "rule": hit.rule,
        "grade": grade_of(hit.rule),
        "path": hit.path or None,
        "line": hit.line or None,
        "evidence": hit.evidence,
        "moment": hit.moment,
    }
