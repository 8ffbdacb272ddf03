"""Output of an install or sync: lines for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peep.model import InstalledProject, InstallPlan, PlannedWheel
from peep.shortcuts.noop import nothing_to_do

TYPE_CHECKING = False  # what `typing` calls so, without importing it
if TYPE_CHECKING:
    from peep.pipeline.result import PendingBuild


def result_lines(plan: InstallPlan, *, is_dry_run: bool, pending: Sequence[PendingBuild] = ()) -> list[str]:
    """One line per changed project, sorted by name, then one that sums up; `pending`: what would be built."""
    old = {project.name: project for project in plan.replace}
    lines = [_link_line(one, old.get(one.wheel.identity.name)) for one in plan.link]
    lines += [_pending_line(one, old.get(one.pin.name)) for one in pending]
    lines += [f"- {project.name} {project.version}" for project in plan.remove]
    return [*sorted(lines, key=lambda line: line[2:]), summary(plan, is_dry_run=is_dry_run, pending=pending)]


def summary(plan: InstallPlan, *, is_dry_run: bool, pending: Sequence[PendingBuild] = ()) -> str:
    """Such as `installed 3, replaced 1, kept 12; every archive verified`."""
    if plan.is_empty:
        return nothing_to_do(len(plan.keep))
    new = len(plan.link) + len(pending) - len(plan.replace)
    counts = {
        "built": len(pending),
        "installed": new,
        "replaced": len(plan.replace),
        "removed": len(plan.remove),
        "kept": len(plan.keep),
    }
    told = ", ".join(f"{word} {count}" for word, count in counts.items() if count)
    verified = "; every archive verified" if plan.link or pending else ""
    return f"would have {told}{verified}" if is_dry_run else f"{told}{verified}"


def result_json(plan: InstallPlan, *, is_dry_run: bool, pending: Sequence[PendingBuild] = ()) -> dict[str, Any]:
    """The same for `--format json`: names, versions and digests."""
    return {
        "dry_run": is_dry_run,
        "installed": [_planned_json(one) for one in plan.link],
        "to_build": [_pending_json(one) for one in pending],
        "replaced": [project_json(project) for project in plan.replace],
        "removed": [project_json(project) for project in plan.remove],
        "kept": [project_json(project) for project in plan.keep],
        "problems": [],
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
