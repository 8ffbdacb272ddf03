"""Output of `peep lock`, for people and for programs (docs/json-output.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone

from peep.cli.output.console import Console
from peep.cli.output.text import counted, size_text
from peep.formats.ages import UnreadableTime, parse_time
from peep.locking.changes import ChangedFile, PinChange
from peep.locking.derivation import NoSolution, sentence
from peep.locking.lock_plan import ReportedPin
from peep.locking.solution import Unsolvable
from peep.pipeline.locking.request import LockOptions
from peep.workflows.lock import LockResult


def tell(result: LockResult, options: LockOptions, console: Console) -> None:
    """Print what became of the lock."""
    for warning in result.warnings:
        console.warning(warning)
    if options.base.output.format == "json":
        console.result(json.dumps(result_data(result), indent=2))
        return
    tell_changes(result, console)
    if result.tool_changes:
        console.note(f"{result.tools_path}, for builds:")
    for change in result.tool_changes:
        _tell_change(change, console)
    names = {pin.name for pin in result.pins} or set(result.names)
    title = f"{counted(len(names), 'project')} for {counted(len(result.targets), 'target')}"
    if result.is_written:
        also = f" and {result.tools_path}" if result.tools_path else ""
        console.note(f"wrote {result.path}{also}: {title}; nothing of them was examined")
    elif result.is_different:
        alone = "" if result.changes or result.tool_changes else "; versions, markers and hashes stay"
        console.note(f"{result.path} would change: {title}{alone}")
    else:
        console.note(f"{result.path} is as it should be: {title}")


def tell_changes(result: LockResult, console: Console) -> None:
    """Print each project that changes, with what forces it."""
    for change in result.changes:
        _tell_change(change, console)


def _tell_change(change: PinChange, console: Console) -> None:
    """Print a change; where the versions stay, each file that comes or goes."""
    console.note(_change_line(change))
    if change.before == change.after:
        for sign, files in (("+", change.added), ("-", change.removed)):
            for file in sorted(files, key=lambda one: (not one.filename, one.filename, str(one.digest))):
                console.note(f"  {sign} {_file_line(file)}")


def _file_line(file: ChangedFile) -> str:
    if not file.filename:
        return f"{file.digest}, which no file of this release has"
    size = size_text(file.size) if file.size is not None else "size unknown"
    return f"{file.filename}, {size}, {_age(file.uploaded)}"


def _age(uploaded: str) -> str:
    try:
        then = parse_time(uploaded)
    except UnreadableTime:
        return "age unknown"
    days = (datetime.now(timezone.utc) - then).days
    return f"uploaded {then:%Y-%m-%d}, {counted(days, 'day')} ago"


def _change_line(change: PinChange) -> str:
    before, after = ", ".join(change.before), ", ".join(change.after)
    if change.before == change.after and not (change.hashes_added or change.hashes_removed):
        return (
            f"{change.name} {after}: its marker becomes {change.marker or 'none'}, was {change.marker_before or 'none'}"
        )
    if change.before == change.after:
        noun = "hash" if len(change.hashes_added) == 1 else "hashes"
        return f"{change.name} {after}: {len(change.hashes_added)} {noun} more, {len(change.hashes_removed)} fewer"
    forced = f" ({'; '.join(change.forced_by)})" if change.forced_by else ""
    return f"{change.name}: {before or 'new'} -> {after or 'gone'}{forced}"


def tell_refusal(refused: NoSolution, options: LockOptions, console: Console) -> int:
    """Print targets without a solution as docs/json-output.md promises it; give back the exit status."""
    each = [(failure, target) for failure in refused.failures for target in failure.group.ids]
    problems = [_unsatisfiable(failure, target) for failure, target in each]
    problems += [problem for failure, target in each for problem in _needs_build(failure, target)]
    empty: dict[str, object] = {name: [] for name in ("targets", "pins", "changes", "warnings")}
    none = {"build_constraints": None}
    answer = {"written": False, "path": options.paths.output, **empty, **none, "problems": problems}
    console.result(json.dumps(answer, indent=2))
    return refused.exit_status


def _unsatisfiable(failure: Unsolvable, target: str) -> dict[str, object]:
    asking = [(fact.parent or str(fact.origin and fact.origin.location), str(fact.edge)) for fact in failure.facts]
    requirements = [f"{who} requires {edge}" for who, edge in asking]
    return {"kind": "unsatisfiable", "target": target, "reason": sentence(failure), "requirements": requirements}


def _needs_build(failure: Unsolvable, target: str) -> Iterator[dict[str, object]]:
    for one in failure.unusable:
        if one.needs_build:
            pin = f"{one.release.project}=={one.release.text}"
            yield {"kind": "needs-build", "target": target, "requirement": pin, "filename": one.needs_build}


def result_data(result: LockResult) -> dict[str, object]:
    """Give back a result as docs/json-output.md promises it."""
    return {
        "written": result.is_written,
        "path": result.path,
        "targets": list(result.targets),
        "pins": [_pin_data(pin) for pin in result.pins],
        "build_constraints": _tools_data(result),
        "changes": [
            {
                "name": change.name,
                "before": list(change.before),
                "after": list(change.after),
                "marker": change.marker or None,
                "forced_by": list(change.forced_by),
                "hashes_added": [str(digest) for digest in change.hashes_added],
                "hashes_removed": [str(digest) for digest in change.hashes_removed],
            }
            for change in result.changes
        ],
        "warnings": list(result.warnings),
        "problems": [],
    }


def _tools_data(result: LockResult) -> dict[str, object] | None:
    if not result.tools_path:
        return None
    return {"path": result.tools_path, "pins": [_pin_data(pin) for pin in result.tools]}


def _pin_data(pin: ReportedPin) -> dict[str, object]:
    return {
        "name": pin.name,
        "version": pin.version,
        "marker": pin.marker or None,
        "extras": list(pin.extras),
        "index": pin.index,
        "hashes": list(pin.hashes),
    }
