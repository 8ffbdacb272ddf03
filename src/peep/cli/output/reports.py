"""Report of a refused install: one text, each kind of problem in a block, worst first.

The order, the headline of the first block, the lines to paste and the last line are those of the original peep: scripts
look for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from shlex import quote
from typing import TypeVar

from peep.cli.output.report_bundles import bundle_lines, incomplete_entries, taken_line
from peep.cli.output.report_hashes import mismatch_lines, missing_lines
from peep.cli.output.report_parts import heading, places, plain, titled
from peep.cli.output.report_vetting import not_examined_lines, objection_lines, unreadable_lines
from peep.cli.output.text import redact_text, wrap
from peep.errors import (
    ArchiveRefused,
    BadArchive,
    ConflictingDependency,
    FetchFailure,
    FileNameTaken,
    HashMismatch,
    HashMissing,
    KnownMalware,
    MissingBuildRequirement,
    NotExamined,
    NoUsableFile,
    ObjectedTo,
    OmittedDependency,
    Problem,
    RecordsUnreadable,
    RunFailure,
    UnusableRequirement,
)
from peep.index.rejection_messages import rejection_lines
from peep.model import Location
from peep.place_faults import FileState, MirrorFileFault, NotOwned

RULE = "-------------------------------"
LAST_LINE = "Not proceeding to installation."
"""Of verbs that install."""

Kind = TypeVar("Kind")
_Order = tuple[tuple[str, int], ...]


def report_text(problems: Sequence[Problem], width: int | None = None, last_line: str = LAST_LINE) -> str:
    """Render all `problems`, without a line feed at the end; `width` in columns, None: paragraphs are not folded.

    `last_line` says what did not happen on account of them.
    Hashes and lines to paste are never folded. Nothing in the text obeys a terminal, nothing holds credentials.
    """
    blocks = [block for render in _BLOCKS if (block := render(problems, width))]
    return redact_text("\n\n".join([*blocks, f"{RULE}\n{last_line}"]))


def _malware(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, KnownMalware, lambda problem: _placed(problem.pin.locations))
    entries = (titled(heading(p.pin), places(p.pin), [_malware_line(p)], width) for p in found)
    return _listing("The following are listed as malware; nothing was downloaded:", entries, width)


def _malware_line(problem: KnownMalware) -> str:
    what = "these bytes are" if problem.certainty == "hash" else "this version is"
    given = "".join(f" --advisories {quote(path)}" for path in problem.advisories)
    return f"{problem.id}: {what} listed; see: peep advisories show {problem.id}{given}"


def _mismatches(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, HashMismatch, lambda problem: _placed(problem.candidate.pin.locations))
    if not found:
        return ""
    headline = "THE FOLLOWING PACKAGES DIDN'T MATCH THE HASHES SPECIFIED IN THE REQUIREMENTS"
    advice = (
        "FILE. If you have updated the package versions, update the hashes. If you have not, "
        "be alarmed: somebody may have tampered with the packages."
    )
    return "\n\n".join([f"{headline}\n{wrap(advice, width)}", *(mismatch_lines(problem, width) for problem in found)])


def _missing(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, HashMissing, lambda problem: _placed(problem.candidate.pin.locations))
    if not found:
        return ""
    introduction = (
        "The following packages have no hashes in the requirements file, so nothing keeps somebody from exchanging "
        "them. Vet these files to your satisfaction, then let these lines replace yours:"
    )
    return "\n\n".join([wrap(introduction, width), *(missing_lines(problem) for problem in found)])


def _unexamined(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, NotExamined, lambda problem: _placed(problem.pin.locations))
    headline = "THE FOLLOWING ARCHIVES ARE WHAT YOUR HASHES SAY, BUT NOBODY EXAMINED THEM."
    return _headed(headline, "\n".join(not_examined_lines(problem, width) for problem in found))


def _objections(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, ObjectedTo, lambda problem: _placed(problem.pin.locations))
    headline = "SOMEBODY EXAMINED THE FOLLOWING AND OBJECTS."
    return _headed(headline, "\n".join(objection_lines(problem, width) for problem in found))


def _headed(headline: str, entries: str) -> str:
    return f"{headline}\n\n{entries}" if entries else ""


def _unreadable(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, RecordsUnreadable, lambda problem: _named(problem.path, problem.entry))
    introduction = "The following records cannot be believed, so nothing counts as examined:"
    return _listing(introduction, (unreadable_lines(problem, width) for problem in found), width)


def _unusable(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, UnusableRequirement, lambda problem: _placed([problem.location]))
    entries = (titled(plain(p.text), str(p.location), [p.reason], width) for p in found)
    return _listing("The following requirements cannot be installed as they are written:", entries, width)


def _bad_archives(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, BadArchive, lambda problem: _placed(problem.pin.locations))
    entries = (titled(heading(p.pin), places(p.pin), _bad_archive_lines(p), width) for p in found)
    introduction = "The following archives have a hash that you list, and yet are not what their format allows:"
    return _listing(introduction, entries, width)


def _bad_archive_lines(problem: BadArchive) -> list[str]:
    return [f"{problem.filename}:", *problem.problems, *([f"hint: {problem.hint}"] if problem.hint else [])]


def _failures(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, FetchFailure, lambda problem: _placed(problem.pin.locations))
    entries = (titled(heading(p.pin), places(p.pin), _failure_lines(p), width) for p in found)
    return _listing("The following could not be fetched:", entries, width)


def _ended(problems: Sequence[Problem], width: int | None) -> str:
    """What is told as `error:` lines where a run ends with it alone."""
    refused = _of_kind(problems, ArchiveRefused, lambda problem: _named(problem.filename, ""))
    entries = [titled(plain(p.filename), "", [*p.problems, *filter(None, [p.hint])], width) for p in refused]
    for p in _of_kind(problems, RunFailure, lambda problem: _placed(problem.locations)):
        where = ", ".join(map(str, p.locations))
        entries.append(titled(plain(where or "the run"), "", [p.reason, *filter(None, [p.hint])], width))
    return _listing("The run ended with this:", entries, width)


def _failure_lines(problem: FetchFailure) -> list[str]:
    reason = f"{problem.url}: {problem.reason}" if problem.url else problem.reason
    return [reason, f"hint: {problem.hint}"] if problem.hint else [reason]


def _without_file(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, NoUsableFile, lambda problem: _placed(problem.pin.locations))
    entries = (titled(heading(p.pin), places(p.pin), [p.reason, *rejection_lines(p.rejections)], width) for p in found)
    return _listing("There is no file to install for the following requirements:", entries, width)


def _conflicts(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, ConflictingDependency, lambda problem: _named(problem.name, problem.required_by))
    entries = (
        titled(plain(p.name), "", [f"{p.required_by} requires {p.requirement}; {p.listed} is listed"], width)
        for p in found
    )
    introduction = "The following packages are listed in versions that other listed packages do not accept:"
    return _listing(introduction, entries, width)


def _omissions(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, OmittedDependency, lambda problem: _named(problem.name, *problem.chain))
    omitted: dict[str, list[OmittedDependency]] = {}
    for problem in found:
        omitted.setdefault(problem.name, []).append(problem)
    entries = (_omission(name, entry, width) for name, entry in omitted.items())
    introduction = (
        "The following packages are required by listed ones, but are not listed themselves. Add each with its version "
        "and hashes, or install without them by --no-check-dependencies:"
    )
    invitation = (
        "Vet these, then add the lines to your file. Nothing of them has been read yet, so a further run may name what "
        "they need in turn:"
    )
    suggestions = _suggestions(found, invitation, width)
    return "\n\n".join([listing, *suggestions]) if (listing := _listing(introduction, entries, width)) else ""


def _omission(name: str, problems: Sequence[OmittedDependency], width: int | None) -> str:
    """One project, once, with everything that is required of it and by whom."""
    present = problems[0].installed
    there = [f"version {present} is installed, though not listed; --trust-installed lets that count"] if present else []
    if len({problem.requirement for problem in problems}) == 1:
        ways = ["by way of " + " -> ".join(problem.chain) for problem in problems]
        return titled(plain(problems[0].requirement), "", [*ways, *there], width)
    ways = [f"{problem.requirement}, by way of {' -> '.join(problem.chain)}" for problem in problems]
    return titled(plain(name), "", [*ways, *there], width)


def _suggestions(
    problems: Iterable[OmittedDependency | MissingBuildRequirement], invitation: str, width: int | None
) -> list[str]:
    """The lines that problems suggest, each block once, below an invitation; nothing when there are none."""
    blocks = dict.fromkeys("\n".join(plain(line) for line in p.suggestion) for p in problems if p.suggestion)
    return [wrap(invitation, width), *blocks] if blocks else []


def _build_requirements(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, MissingBuildRequirement, lambda problem: _named(problem.sdist, *problem.chain))
    needs: dict[str, list[str]] = {}
    for problem in found:
        needs.setdefault(problem.sdist, []).append(_build_line(problem))
    entries = (titled(plain(sdist), "", dict.fromkeys(lines), width) for sdist, lines in needs.items())
    introduction = (
        "The following archives must be built, and a build may use nothing that you have not vetted either. "
        "Pin what they need, with hashes, in a file that --build-constraint names:"
    )
    invitation = (
        "Vet these, then add the lines to that file, where a project may stand in several versions: each build gets "
        "the newest that it allows. Nothing of them has been read yet, so a further run may name what they need in "
        "turn:"
    )
    return "\n\n".join([_listing(introduction, entries, width), *_suggestions(found, invitation, width)])


def _build_line(problem: MissingBuildRequirement) -> str:
    way = f", by way of {' -> '.join(problem.chain)}" if len(problem.chain) > _DIRECT else ""
    return f"needs {problem.requirement}{way}: {problem.reason}"


def _names_taken(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, FileNameTaken, lambda problem: _named(problem.filename))
    entries = (titled(plain(p.filename), "", [str(digest) for digest in p.hashes], width) for p in found)
    return _listing("The following names would each stand for files of different bytes:", entries, width)


def _not_owned(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, NotOwned, lambda problem: _named(problem.name, problem.listed))
    entries = (titled(plain(p.name), plain(p.listed), [_owner_line(p)], width) for p in found)
    return _listing("The following names are not for this source to bring, and nothing was asked for:", entries, width)


def _owner_line(problem: NotOwned) -> str:
    if not problem.rule:
        return f"no source owns it: put it into the owns of one in {problem.path}"
    bringer = f", not to {problem.source}" if problem.source else ""
    return f"{problem.path} gives it to another: {problem.rule}{bringer}"


def _mirror_files(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, MirrorFileFault, lambda problem: _named(problem.path))
    entries = (titled(plain(p.path), "", [_STATES[p.state], *([p.reason] if p.reason else [])], width) for p in found)
    return _listing("The following files of the mirror are not what its facts say:", entries, width)


_STATES = {
    FileState.CHANGED: "has other bytes",
    FileState.MISSING: "is missing",
    FileState.FOREIGN: "does not belong there",
}

_DIRECT = 2
"""Names in the chain of a build requirement that the archive itself states."""


def _bundle(problems: Sequence[Problem], width: int | None) -> str:
    entries = (wrap(line, width, _INDENT) for line in bundle_lines(problems))
    return _listing("The bundle is not what its manifest, or the digest asked for, says:", entries, width)


def _taken(problems: Sequence[Problem], width: int | None) -> str:
    found = _of_kind(problems, FileNameTaken, lambda problem: _named(problem.filename))
    entries = (f"{_INDENT}{taken_line(problem)}" for problem in found)
    return _listing("The following names are those of several archives, of which a place can hold one:", entries, width)


def _incomplete(problems: Sequence[Problem], width: int | None) -> str:
    entries = (titled(target, "", lines, width) for target, lines in incomplete_entries(problems).items())
    return _listing("The following targets are not complete:", entries, width)


_INDENT = " " * 4

_BLOCKS: tuple[Callable[[Sequence[Problem], int | None], str], ...] = (
    _malware,
    _bundle,
    _mismatches,
    _unexamined,
    _objections,
    _unreadable,
    _missing,
    _unusable,
    _bad_archives,
    _failures,
    _ended,
    _without_file,
    _taken,
    _incomplete,
    _conflicts,
    _omissions,
    _build_requirements,
    _not_owned,
    _names_taken,
    _mirror_files,
)
"""Worst first."""


def _listing(introduction: str, entries: Iterable[str], width: int | None) -> str:
    rendered = "\n".join(entries)
    return f"{wrap(introduction, width)}\n\n{rendered}" if rendered else ""


def _of_kind(problems: Sequence[Problem], kind: type[Kind], order: Callable[[Kind], _Order]) -> list[Kind]:
    """The problems of one kind, each once, in the order of the requirements files."""
    found = dict.fromkeys(problem for problem in problems if isinstance(problem, kind))
    return sorted(found, key=order)


def _placed(locations: Iterable[Location]) -> _Order:
    return tuple((location.path, location.line) for location in locations)


def _named(*names: str) -> _Order:
    return tuple((name, 0) for name in names)
