"""Report lines on unexamined archives, objections and unreadable records."""

from __future__ import annotations

import re
from collections.abc import Callable

from peep.cli.output.report_parts import DEEPER, hanging, heading, places, plain, titled
from peep.cli.output.text import counted
from peep.errors import Lack, NotExamined, ObjectedTo, RecordsUnreadable
from peep.formats.versions import same_version

_COLUMN = 31
"""Where the second fact of a line begins, below a file name of usual length."""


def not_examined_lines(problem: NotExamined, width: int | None) -> str:
    """The archive by name and digest, what was wanted, and what to do about it."""
    lines = [f"    {heading(problem.pin)} ({places(problem.pin)})", *_archive_lines(problem, width)]
    for text in _LACKS[problem.lack](problem):
        is_wide = width is not None and len(DEEPER) + len(text) > width
        lines += [hanging("", part, width, DEEPER) for part in (re.split(r" {4,}", text) if is_wide else (text,))]
    return "\n".join(lines)


def _archive_lines(problem: NotExamined, width: int | None) -> list[str]:
    others = f"and {counted(problem.others, 'other listed archive')}; nothing was fetched"
    first = (
        plain(problem.archive).ljust(_COLUMN - 1) + f" {problem.sha256}" if problem.sha256 else plain(problem.archive)
    )
    found = [f"{DEEPER}{first.strip()}"] if first.strip() else []
    return [*found, *([hanging("", others, width, DEEPER)] if problem.others else [])]


def _unexamined(problem: NotExamined) -> list[str]:
    wanted = f"wanted: {plain(problem.criterion)}".ljust(_COLUMN)
    project, version = plain(problem.pin.name), plain(problem.pin.version or "VERSION")
    if not problem.nearest_version:
        return [f"{wanted}examined: no version of it", f"see:    peep diff {project} {version} --full"]
    nearest = plain(problem.nearest_version)
    word = "excused" if problem.nearest_is_excused else "examined"
    if same_version(problem.nearest_version, problem.pin.version or ""):
        told = f"{wanted}{word}: other bytes of this version ({plain(problem.nearest_by)}, {problem.nearest_on})"
        return [told, f"see:    peep diff {project} {version} --full"]
    return [
        f"{wanted}{word}: {nearest} ({plain(problem.nearest_by)}, {problem.nearest_on})",
        f"see:    peep diff {project} {nearest} {version}",
    ]


def _compiled(problem: NotExamined) -> list[str]:
    return [f"examined for {plain(problem.criterion)} but for its compiled files; accept-compiled = false"]


def _machine(problem: NotExamined) -> list[str]:
    return [f"examined for {plain(problem.criterion)} by a machine only; accept-machine = false"]


def _unrecorded(problem: NotExamined) -> list[str]:
    return [
        f"wanted: {plain(problem.criterion)}",
        "nothing records the sha256 of the archive that it was installed from: install it anew (--force-reinstall)",
    ]


def _commit(problem: NotExamined) -> list[str]:
    return [
        f"wanted: {plain(problem.criterion)}",
        "a commit is no archive that records could name: excuse it by the line above, or list an archive",
    ]


_LACKS: dict[Lack, Callable[[NotExamined], list[str]]] = {
    Lack.UNEXAMINED: _unexamined,
    Lack.COMPILED: _compiled,
    Lack.MACHINE: _machine,
    Lack.UNRECORDED: _unrecorded,
    Lack.COMMIT: _commit,
}


def objection_lines(problem: ObjectedTo, width: int | None) -> str:
    """Who objects, since when, and why."""
    who = problem.source or problem.by
    archive = f"{problem.archive}   {problem.sha256}".strip()
    facts = [f"{who} ({problem.on}): {problem.why}", *([archive] if archive else [])]
    return titled(heading(problem.pin), places(problem.pin), facts, width)


def unreadable_lines(problem: RecordsUnreadable, width: int | None) -> str:
    """The file, the entry, and what is wrong with it."""
    return hanging("", plain(str(problem)), width, "    ")
