"""Output of an install or sync: lines for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from peep.model import InstalledProject, InstallPlan, PlannedWheel
from peep.shortcuts.noop import not_here, nothing_to_do

if TYPE_CHECKING:
    from peep.requirements.pinned_set import SkippedLine


def result_lines(plan: InstallPlan, *, is_dry_run: bool, skipped: int = 0) -> list[str]:
    """One line per changed project, sorted by name, then one that sums up; `skipped`: lines that do not apply."""
    old = {project.name: project for project in plan.replace}
    lines = [_link_line(one, old.get(one.wheel.identity.name)) for one in plan.link]
    lines += [f"- {project.name} {project.version}" for project in plan.remove]
    return [*sorted(lines, key=lambda line: line[2:]), summary(plan, is_dry_run=is_dry_run, skipped=skipped)]


def summary(plan: InstallPlan, *, is_dry_run: bool, skipped: int = 0) -> str:
    """Such as `installed 3, replaced 1, kept 12; every archive verified`."""
    if plan.is_empty:
        return nothing_to_do(len(plan.keep), skipped)
    new = len(plan.link) - len(plan.replace)
    counts = {"installed": new, "replaced": len(plan.replace), "removed": len(plan.remove), "kept": len(plan.keep)}
    told = ", ".join(f"{word} {count}" for word, count in counts.items() if count)
    verified = ("; every archive verified" if plan.link else "") + not_here(skipped)
    return f"would have {told}{verified}" if is_dry_run else f"{told}{verified}"


def result_json(plan: InstallPlan, skipped: Iterable[SkippedLine] = (), *, is_dry_run: bool) -> dict[str, Any]:
    """The same for `--format json`: names, versions and digests."""
    return {
        "dry_run": is_dry_run,
        "installed": [_planned_json(one) for one in plan.link],
        "replaced": [project_json(project) for project in plan.replace],
        "removed": [project_json(project) for project in plan.remove],
        "kept": [project_json(project) for project in plan.keep],
        "skipped": [
            {"name": line.name, "marker": line.marker, "path": line.location.path, "line": line.location.line}
            for line in skipped
        ],
        "problems": [],
    }


def _link_line(one: PlannedWheel, old: InstalledProject | None) -> str:
    identity = one.wheel.identity
    if old is None:
        return f"+ {identity.name} {identity.version}"
    return f"~ {identity.name} {old.version} -> {identity.version}"


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
