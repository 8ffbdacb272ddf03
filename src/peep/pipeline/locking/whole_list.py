"""Lists of pins with includes and constraints, read as an install does, but for any target.

Source: pip's requirements file format (`-r`, `-c`); PEP 751 for lock files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError, RequirementsError, RequirementsErrors, UnusableRequirement
from peep.formats.names import is_lock_path
from peep.formats.url_secrets import redacted
from peep.locking.completeness import JudgedPin
from peep.locking.listed_pins import judged_pins
from peep.locking.marker_atoms import UnreadableMarker, canonical_marker
from peep.model import Commit, FormatControl, IndexOptions, Location, PinnedRequirement
from peep.pipeline.locking.lock_file import PresentLock, read_present
from peep.requirements.every_pin import EveryPin, every_pin
from peep.requirements.file_parser import OptionLine, RequirementLine
from peep.requirements.files import ReadFile, build_lists_of, in_reading_order, read_requirements_files
from peep.requirements.pinned_set import Directive
from peep.requirements.run_options import RunOptions


@dataclass(frozen=True, slots=True)
class WholeList:
    """All that one named file pins, with what it includes."""

    pins: tuple[JudgedPin, ...]
    directives: tuple[Directive, ...] = ()
    targets: tuple[str, ...] = ()
    """For which its files say that they were locked."""
    tool_files: tuple[str, ...] = ()
    """Build constraints that its files name, as paths or URLs."""
    index_options: IndexOptions = field(default_factory=IndexOptions)
    formats: FormatControl = field(default_factory=FormatControl)
    files: tuple[str, ...] = ()
    """Paths of all that was read, the named file first."""
    folders: tuple[str, ...] = ()
    """Local projects, each with its place; those whose line names them are pins as well."""
    option_lines: tuple[str, ...] = ()
    """Names of the options that its lines state for a whole run."""
    warnings: tuple[str, ...] = ()

    @property
    def common_targets(self) -> tuple[str, ...]:
        """Targets for which each file that names any says that it was locked."""
        stated: dict[str, set[str]] = {}
        for one in self.directives:
            if one.option == "--locked-for":
                stated.setdefault(one.location.path, set()).add(one.value)
        return tuple(target for target in self.targets if all(target in some for some in stated.values()))


def read_whole(path: str, read: ReadFile, environ: Mapping[str, str]) -> WholeList:
    """Read a requirements or lock file. Raises `RequirementsErrors` with every bad line of all files, `PeepError`."""
    if is_lock_path(path):
        return whole_lock(read_present(path), path)
    files, faults = read_requirements_files([path], read, environ)
    found = every_pin(files)
    entries = list(in_reading_order(files))
    options = RunOptions(os.path.exists)
    options.take_all(entry for entry in entries if isinstance(entry, OptionLine))
    lines = {entry.location: entry for entry in entries if isinstance(entry, RequirementLine)}
    pins, unreadable = _pins_of(found, lines)
    errors = [*faults, *options.errors, *found.errors, *map(_error, found.unusable), *unreadable]
    if errors:
        raise RequirementsErrors(list(dict.fromkeys(errors)))
    directives = tuple(one for file in files for one in file.directives)
    return replace(
        _stated(pins, directives),
        index_options=options.index_options,
        formats=options.format_control,
        files=tuple(file.path for file in files),
        folders=tuple(f"{one.location}: {one.text}" for one in found.folders),
        option_lines=tuple(dict.fromkeys(entry.name for entry in entries if isinstance(entry, OptionLine))),
        warnings=(*(warning for file in files for warning in file.warnings), *options.warnings),
    )


def whole_lock(present: PresentLock, path: str) -> WholeList:
    """The same of a lock file that was read from `path`. Raises `PeepError` where there was none."""
    if present.content is None:
        raise PeepError(f"{path} cannot be read: there is no such file")
    pins = [pin if pin.hashes or not pin.version else replace(pin, unvouched=_no_hash(path)) for pin in present.pins]
    return replace(_stated(pins, present.directives), targets=present.targets, files=(path,))


def _stated(pins: Sequence[JudgedPin], directives: Sequence[Directive]) -> WholeList:
    """What pins and directives say; a path that a directive names is meant from its own file's folder."""
    targets = (one.value for one in directives if one.option == "--locked-for")
    return WholeList(
        tuple(pins),
        tuple(directives),
        tuple(dict.fromkeys(targets)),
        tool_files=tuple(dict.fromkeys(build_lists_of(directives))),
    )


def _pins_of(
    found: EveryPin, lines: Mapping[Location, RequirementLine]
) -> tuple[list[JudgedPin], list[RequirementsError]]:
    pins: list[JudgedPin] = []
    errors: list[RequirementsError] = []
    for pin in found.pins:
        try:
            pins.append(_judged(pin, [lines[place] for place in pin.locations if place in lines]))
        except UnreadableMarker as error:
            errors.append(RequirementsError(pin.location, str(error)))
    named = [lines[one.location] for one in found.folders if lines[one.location].parsed.name]
    folders, unreadable = judged_pins(named)
    return [*pins, *_open(pins, lines.values()), *folders], [*errors, *unreadable]


def _judged(pin: PinnedRequirement, lines: Sequence[RequirementLine]) -> JudgedPin:
    """A pin where both its line and the constraint that names its version hold; `lines`: the required one first."""
    pinning = next(one for one in lines if one.parsed.version is not None or one.parsed.location)
    markers = [one.parsed.marker for one in dict.fromkeys((lines[0], pinning)) if one.parsed.marker]
    marker = canonical_marker(" and ".join(f"({one})" for one in markers)) if markers else ""
    is_vouched = pin.hashes or isinstance(pin.source, Commit)
    return JudgedPin(
        pin.name,
        pin.version or "",
        marker,
        pin.extras,
        pin.hashes,
        pinning.parsed.location,
        pin.location,
        "" if is_vouched else _no_hash(pin.location.path, pin),
        subdirectory=pinning.parsed.subdirectory or "",
    )


def _open(pins: Iterable[JudgedPin], lines: Iterable[RequirementLine]) -> Iterator[JudgedPin]:
    """Yield what names its version by constraints alone, each of which has a marker: somewhere none may hold."""
    marked = {pin.location: pin for pin in pins if pin.marker}
    for line in lines:
        pin = marked.get(line.location)
        if pin is not None and line.parsed.version is None and not line.parsed.location:
            marker = canonical_marker(line.parsed.marker) if line.parsed.marker else ""
            yield JudgedPin(pin.name, "", marker, location=line.location)


def _no_hash(path: str, pin: PinnedRequirement | None = None) -> str:
    if pin is not None and pin.malformed_hashes:
        wrong = pin.malformed_hashes[0]
        return f"nothing vouches for its files, as its hash {wrong.text!r} is none: {wrong.reason}"
    reason = "it lists no hash, so nothing vouches for its files"
    return f"{reason}; to list them: peep lock --refresh-hashes -o {redacted(path)}" if pin and pin.version else reason


def _error(line: UnusableRequirement) -> RequirementsError:
    return RequirementsError(line.location, f"{line.text}: {line.reason}")
