"""Pins of requirements files and arguments: one version or URL per project, with all hashes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError, RequirementsError, RequirementsErrors, UnusableRequirement
from peep.formats.markers import TargetMarkers, satisfies
from peep.formats.names import normalised
from peep.formats.url_secrets import redacted_in
from peep.model import HashForm, PinnedRequirement
from peep.requirements.file_parser import OptionLine, RequirementLine
from peep.requirements.files import RequirementsFile, in_reading_order, parse_arguments
from peep.requirements.merging import by_version, merge, pinning_line
from peep.requirements.pinned_set import PinnedSet, SkippedLine
from peep.requirements.requirement_text import RequirementKind
from peep.requirements.run_options import RunOptions
from peep.requirements.sources import Accepted, local_path, refusal, trusting

_NOTHING_ACCEPTED = Accepted()


def pinned_requirements(
    files: Sequence[RequirementsFile],
    arguments: Sequence[str],
    markers: Mapping[str, str],
    accepted: Accepted = _NOTHING_ACCEPTED,
    faults: Sequence[RequirementsError] = (),
    path_exists: Callable[[str], bool] = os.path.exists,
) -> PinnedSet:
    """Decide what the files and the requirement arguments pin for a target whose PEP 508 environment is `markers`.

    Lines that are understood but cannot be installed safely come back in `unusable`. Raises `RequirementsErrors` with
    every malformed marker, every contradiction between lines and all `faults`, which are those of lines that could not
    be read; together with them, all else that is wrong as far as the files tell. A folder is trusted if `accepted` or a
    directive of one of the files says so.
    """
    accepted, untrusted = trusting(accepted, (directive for file in files for directive in file.directives))
    given, malformed = parse_arguments(arguments, {})
    entries = [*in_reading_order(files), *given.entries]
    options = RunOptions(path_exists)
    options.take_all(entry for entry in entries if isinstance(entry, OptionLine))
    lines = [entry for entry in entries if isinstance(entry, RequirementLine)]
    errors = [*faults, *untrusted, *malformed, *options.errors]
    judged = _judged(lines, TargetMarkers(markers), errors)
    projects = _Projects(accepted, _forms_by_file(lines), errors)
    projects.decide(judged.holding)
    if errors:
        from peep.requirements.secondary_errors import secondary_errors  # noqa: PLC0415 - for a failing run only

        raise RequirementsErrors(errors, secondary_errors(projects.pins, projects.unusable, errors, files))
    return PinnedSet(
        pins=tuple(projects.pins),
        unusable=tuple(projects.unusable),
        index_options=options.index_options,
        format_control=options.format_control,
        directives=tuple(directive for file in files for directive in file.directives),
        warnings=(
            *(warning for file in (*files, given) for warning in file.warnings),
            *options.warnings,
            *judged.warnings,
        ),
        skipped=tuple(judged.skipped),
    )


def pinned_choices(
    files: Sequence[RequirementsFile], markers: Mapping[str, str], others: Iterable[PinnedRequirement] = ()
) -> dict[str, tuple[PinnedRequirement, ...]]:
    """Read files of build constraints: every version (or URL) that they list of each project, by normalised name.

    Lines of one version are merged as in a requirements file; lines without an exact version hold for all of them.
    `others` are pins that count for projects of which no version is listed, as far as those lines allow. Raises
    `RequirementsErrors` with every malformed marker, every contradiction and every line that means no archive.
    """
    errors: list[RequirementsError] = []
    lines = [entry for entry in in_reading_order(files) if isinstance(entry, RequirementLine)]
    projects = _Projects(_NOTHING_ACCEPTED, _forms_by_file(lines), errors, has_choices=True)
    holding = _judged(lines, TargetMarkers(markers), errors).holding
    projects.decide(holding)
    open_lines = {line.location: line for line in holding if line.parsed.kind is RequirementKind.VERSION}
    errors += [
        RequirementsError(bad.location, bad.reason) for bad in projects.unusable if bad.location not in open_lines
    ]
    if errors:
        raise RequirementsErrors(errors)
    choices: dict[str, list[PinnedRequirement]] = {}
    for pin in projects.pins:
        choices.setdefault(pin.name, []).append(pin)
    for pin in others:
        clauses = [line.parsed.specifier for line in open_lines.values() if normalised(line.parsed.name) == pin.name]
        allowed = ",".join(filter(None, clauses))
        if pin.name not in choices and (pin.version is None or not allowed or satisfies(pin.version, allowed)):
            choices[pin.name] = [pin]
    return {name: tuple(pins) for name, pins in choices.items()}


@dataclass(slots=True)
class _Judged:
    """Lines by whether their markers hold for the target."""

    holding: list[RequirementLine] = field(default_factory=list)
    skipped: list[SkippedLine] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def _judged(lines: Sequence[RequirementLine], markers: TargetMarkers, errors: list[RequirementsError]) -> _Judged:
    judged = _Judged()
    for line in lines:
        marker = line.parsed.marker
        try:
            holds = markers.hold(marker)
        except PeepError as error:
            errors.append(RequirementsError(line.location, str(error)))
            continue
        if holds:
            judged.holding.append(line)
        elif not line.is_constraint:
            judged.skipped.append(SkippedLine(line.location, line.parsed.name, marker))
        if marker:
            judged.warnings += [f"{line.location}: {caution}" for caution in markers.cautions(marker)]
    return judged


class _Projects:
    """Sorts lines by project and makes a pin, a refusal or an error of each."""

    def __init__(
        self,
        accepted: Accepted,
        forms: Mapping[str, HashForm],
        errors: list[RequirementsError],
        *,
        has_choices: bool = False,
    ) -> None:
        """`has_choices`: a project may be listed in several versions, each of which becomes a pin."""
        self._has_choices = has_choices
        self.pins: list[PinnedRequirement] = []
        self.unusable: list[UnusableRequirement] = []
        self._accepted = accepted
        self._forms = forms
        self._errors = errors

    def decide(self, lines: Sequence[RequirementLine]) -> None:
        projects: dict[str, list[RequirementLine]] = {}
        for line in map(self._named, lines):
            if line.parsed.name:
                projects.setdefault(normalised(line.parsed.name), []).append(line)
            elif not line.is_constraint:
                nameless = _NAMELESS_FOLDER if line.parsed.kind is RequirementKind.LOCAL_PROJECT else _NAMELESS
                self.unusable.append(_unusable(line, refusal(line, self._accepted) or nameless))
        for project in projects.values():
            for choice in by_version(project) if self._has_choices else [project]:
                if any(not line.is_constraint for line in choice):
                    self._decide_project(choice)

    def _named(self, line: RequirementLine) -> RequirementLine:
        """The line, with the name that a trusted project's own files state where the line tells none."""
        parsed = line.parsed
        if parsed.name or parsed.kind is not RequirementKind.LOCAL_PROJECT or refusal(line, self._accepted):
            return line
        folder = os.path.join(local_path(parsed), *(parsed.subdirectory or "").split("/"))
        return replace(line, parsed=replace(parsed, name=self._accepted.project_name(folder)))

    def _decide_project(self, lines: Sequence[RequirementLine]) -> None:
        required = [line for line in lines if not line.is_constraint]
        refused = [_unusable(line, reason) for line in lines if (reason := refusal(line, self._accepted))]
        pinning = pinning_line(lines)
        if pinning is None:
            refused = [_unusable(line, _why_unpinned(line)) for line in required]
        elif not refused:
            try:
                self.pins.append(merge(lines, pinning, self._forms.get(required[0].location.path, HashForm.COMMENT)))
            except RequirementsError as error:
                self._errors.append(error)
        self.unusable.extend(refused)


_NAMELESS = "neither #egg= nor the file name tells which project this is; add #egg=NAME or write NAME @ URL"
_NAMELESS_FOLDER = "its files do not state its name without being run; add #egg=NAME or write NAME @ URL"


def _why_unpinned(line: RequirementLine) -> str:
    clauses = line.parsed.specifier
    if not clauses:
        return f"it names no version; write {line.parsed.name}==VERSION"
    if clauses.startswith("==") and "*" in clauses and "," not in clauses:
        return "a wildcard is no pin; name one version with =="
    return "it allows more than one version; name one with =="


def _unusable(line: RequirementLine, reason: str) -> UnusableRequirement:
    text = redacted_in(line.written)
    return UnusableRequirement(line.location, text, reason)


def _forms_by_file(lines: Sequence[RequirementLine]) -> dict[str, HashForm]:
    """The form in which each file writes its hashes, so that lines to paste match it."""
    forms: dict[str, HashForm] = {}
    for line in lines:
        if line.hash_form is not None:
            forms.setdefault(line.location.path, line.hash_form)
    return forms
