"""Output of an install or sync: lines for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from peep.dataclass import dataclass
from peep.model import InstalledProject, InstallPlan, PlannedWheel
from peep.shortcuts.noop import not_here, nothing_to_do

if TYPE_CHECKING:
    from peep.pipeline.result import PendingBuild
    from peep.pipeline.vetting.examined_summary import ExaminedSummary
    from peep.requirements.pinned_set import SkippedLine


@dataclass(frozen=True, slots=True)
class ToldBeside:
    """Whatever an output says besides the plan."""

    examined: ExaminedSummary | None = None
    """Of the records of examination, where something demanded them."""
    pending: tuple[PendingBuild, ...] = ()
    """Under `--dry-run`, what would be built."""
    skipped: int = 0
    """Lines whose markers do not hold for the target."""


def result_lines(plan: InstallPlan, beside: ToldBeside | None = None, *, is_dry_run: bool) -> list[str]:
    """One line per changed project, sorted by name, then one that sums up."""
    pending = () if beside is None else beside.pending
    old = {project.name: project for project in plan.replace}
    lines = [_link_line(one, old.get(one.wheel.identity.name)) for one in plan.link]
    lines += [_pending_line(one, old.get(one.pin.name)) for one in pending]
    lines += [f"- {project.name} {project.version}" for project in plan.remove]
    return [*sorted(lines, key=lambda line: line[2:]), summary(plan, beside, is_dry_run=is_dry_run)]


def summary(plan: InstallPlan, beside: ToldBeside | None = None, *, is_dry_run: bool) -> str:
    """Such as `installed 3, replaced 1, kept 12; every archive verified, 15 examined`."""
    beside = beside or ToldBeside()
    said = str(beside.examined) if beside.examined is not None else ""
    if plan.is_empty:
        return nothing_to_do(len(plan.keep), said, beside.skipped)
    new = len(plan.link) + len(beside.pending) - len(plan.replace)
    counts = {
        "built": len(beside.pending),
        "installed": new,
        "replaced": len(plan.replace),
        "removed": len(plan.remove),
        "kept": len(plan.keep),
    }
    told = ", ".join(f"{word} {count}" for word, count in counts.items() if count)
    is_verified = bool(plan.link or beside.pending)
    verified = "; " + ", ".join(["every archive verified"] * is_verified + [said] * bool(said))
    end = (verified if is_verified or said else "") + not_here(beside.skipped)
    return f"would have {told}{end}" if is_dry_run else f"{told}{end}"


def result_json(
    plan: InstallPlan,
    skipped: Iterable[SkippedLine] = (),
    *,
    is_dry_run: bool,
    examined: ExaminedSummary | None = None,
    pending: Iterable[PendingBuild] = (),
) -> dict[str, Any]:
    """The same for `--format json`: names, versions and digests."""
    return {
        "dry_run": is_dry_run,
        "installed": [_planned_json(one) for one in plan.link],
        "to_build": [_pending_json(one) for one in pending],
        "replaced": [project_json(project) for project in plan.replace],
        "removed": [project_json(project) for project in plan.remove],
        "kept": [project_json(project) for project in plan.keep],
        "examined": _examined_json(examined) if examined is not None else None,
        "skipped": [
            {"name": line.name, "marker": line.marker, "path": line.location.path, "line": line.location.line}
            for line in skipped
        ],
        "problems": [],
    }


def _examined_json(summary: ExaminedSummary) -> dict[str, Any]:
    return {
        "examined": summary.examined,
        "compiled": summary.compiled,
        "publisher": summary.publisher,
        "machine": summary.machine,
        "excused": summary.excused,
        "excused_until": summary.excused_until or None,
        "folders": list(summary.trusted_folders),
    }


def _link_line(one: PlannedWheel, old: InstalledProject | None) -> str:
    identity = one.wheel.identity
    if old is None:
        return f"+ {identity.name} {identity.version}"
    return f"~ {identity.name} {old.version} -> {identity.version}"


def _pending_line(one: PendingBuild, old: InstalledProject | None) -> str:
    version = f" {one.pin.version}" if one.pin.version else ""
    head = f"+ {one.pin.name}{version}" if old is None else f"~ {one.pin.name} {old.version} ->{version}"
    if one.requires_dist is None:
        return f"{head} (to be built from {one.source}; only its build tells what it requires)"
    needs = f"requires {', '.join(one.requires_dist)}" if one.requires_dist else "requires nothing"
    return f"{head} (to be built from {one.source}; {needs})"


def _pending_json(one: PendingBuild) -> dict[str, Any]:
    return {
        "name": one.pin.name,
        "version": one.pin.version,
        "url": one.provenance.url,
        "hashes": [str(digest) for digest in one.provenance.hashes],
        "requires_dist": None if one.requires_dist is None else list(one.requires_dist),
        "build_requires": list(one.build_requires),
    }


def _planned_json(one: PlannedWheel) -> dict[str, Any]:
    identity = one.wheel.identity
    origin = one.provenance
    return {
        "name": identity.name,
        "version": identity.version,
        "wheel_sha256": one.wheel.sha256,
        "url": origin.url if origin else None,
        "hashes": [str(digest) for digest in origin.hashes] if origin else [],
    }


def project_json(project: InstalledProject) -> dict[str, Any]:
    """An installed project as the JSON of `install` and `sync` tells of it."""
    return {"name": project.name, "version": project.version}
