"""Output of `peep mirror`, for people and for programs (docs/json-output.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peep.cli.output.text import counted, escape_controls, size_text
from peep.mirror.outcome import MirrorOutcome
from peep.mirror.publish import Published
from peep.workflows.mirror_check import CheckedMirrorAndNames


def outcome_json(outcome: MirrorOutcome | None) -> dict[str, Any]:
    """The value of a verb that changes a mirror; None: it changed nothing, and stopped before it knew more."""
    return {
        "serial": outcome.serial if outcome else None,
        "projects": list(outcome.projects) if outcome else [],
        "files": {
            "added": list(outcome.added) if outcome else [],
            "unlinked": list(outcome.unlinked) if outcome else [],
            "removed": list(outcome.removed) if outcome else [],
            "kept": outcome.kept if outcome else 0,
        },
        "pages": outcome.pages if outcome else 0,
        "problems": [],
    }


def outcome_lines(outcome: MirrorOutcome) -> Iterator[str]:
    """One line for each file, and one that counts."""
    yield from (f"+ {escape_controls(name)}" for name in outcome.added)
    yield from (f"~ {escape_controls(name)}: off its page" for name in outcome.unlinked)
    yield from (f"- {escape_controls(name)}" for name in outcome.removed)
    nothing = "no project changed" if outcome.pages else "nothing changed"
    changed = f"{counted(len(outcome.projects), 'project')} changed" if outcome.projects else nothing
    yield f"{changed}; {counted(outcome.pages, 'page')} written; serial {outcome.serial}"


def checked_json(found: CheckedMirrorAndNames) -> dict[str, Any]:
    checked = found.checked
    return {
        "serial": checked.serial,
        "projects": checked.projects,
        "files": checked.files,
        "warnings": list(found.warnings),
        "problems": [],
    }


def checked_line(found: CheckedMirrorAndNames) -> str:
    checked = found.checked
    what = f"{counted(checked.projects, 'project')}, {counted(checked.files, 'file')}, serial {checked.serial}"
    return f"{what}: everything is as it should be"


def published_json(published: Published) -> dict[str, Any]:
    return {
        "serial": published.serial,
        "sent": published.sent,
        "there": published.there,
        "bytes": published.bytes,
        "retries": published.retries,
        "problems": [],
    }


def published_line(published: Published) -> str:
    sent = f"sent {counted(published.sent, 'object')}, {size_text(published.bytes)}"
    retries = f"; {counted(published.retries, 'write')} tried again" if published.retries else ""
    return f"{sent}; {published.there} were there; serial {published.serial}{retries}"
