"""Reader of `pylock.toml` (PEP 751): entries that hold for a target, as pins.

Source: PEP 751 as the living specification has it (packaging.python.org, "pylock.toml Specification", version 1.0),
section "Installation". Which of a package's files is taken, is for the selection stage to say; all come along.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, cast

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.pylock import Package, Pylock, PylockUnsupportedVersionError, PylockValidationError
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from peep.dataclass import dataclass, replace
from peep.errors import PeepError, RequirementsError, RequirementsErrors, UnusableRequirement
from peep.formats.dependency_specifiers import MOST_DIGITS, has_long_number, version_or_none
from peep.formats.documents import TooDeeplyNested, parse_toml
from peep.formats.markers import UnusableCondition
from peep.formats.open_markers import ANY_MICRO, Truth, judge
from peep.formats.url_secrets import redacted
from peep.model import Commit, HashForm, LocalFolder, Location, LockedFiles, PinnedRequirement
from peep.requirements.decoding import decode
from peep.requirements.lock_requirers import requirers_of_lock
from peep.requirements.lock_selection import LockSelection
from peep.requirements.pinned_set import Directive, PinnedSet, SkippedLine
from peep.requirements.pylock_directives import lock_directives
from peep.requirements.pylock_files import (
    check_digests,
    direct_url_of,
    files_of,
    refuse_ambiguous,
    source_of,
    version_of,
)
from peep.requirements.secondary_errors import secondary_errors
from peep.requirements.sources import Accepted, folder_refusal, repository_refusal, trusting

_PACKAGE_LINE = re.compile(r"^[ \t]*\[\[[ \t]*packages[ \t]*\]\]", re.MULTILINE)
_PLACE = re.compile(r"packages\[(\d+)\]")
_LINE_IN_MESSAGE = re.compile(r" ?\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class LockReader:
    """Reads one lock file for one target; see `pylock.pins_from_pylock`."""

    path: str
    markers: Mapping[str, str]
    selection: LockSelection
    accepted: Accepted

    def read(self, content: bytes) -> PinnedSet:
        """Decide what the lock file pins; raises `RequirementsErrors`."""
        document = LockDocument.read(content, redacted(self.path))
        environment = _environment(document, self.markers, self.selection)
        errors = list(document.faults)
        skipped: list[SkippedLine] = []
        pinned = self._pinned(document, _selected(document, environment, errors, skipped), errors)
        return replace(pinned, skipped=tuple(skipped))

    def read_all(self, content: bytes) -> PinnedSet:
        """Every entry of the lock file, for whatever target; raises `RequirementsErrors`."""
        document = LockDocument.read(content, redacted(self.path))
        places = (Location(document.path, line) for line in document.lines)
        packages = document.lock.packages
        pinned = self._pinned(document, zip(places, packages, strict=True), list(document.faults))
        return replace(pinned, requirers=requirers_of_lock((one.name, one.dependencies or ()) for one in packages))

    def _pinned(
        self, document: LockDocument, selected: Iterable[tuple[Location, Package]], errors: list[RequirementsError]
    ) -> PinnedSet:
        """What the selected entries pin; `errors` may grow while these are gone through."""
        pins: list[PinnedRequirement] = []
        unusable: list[UnusableRequirement] = []
        accepted, untrusted = trusting(self.accepted, document.directives)
        errors += untrusted
        for location, package in selected:
            try:
                reason = _refusal(package, self.path, accepted)
                if reason:
                    unusable.append(UnusableRequirement(location, package.name, reason))
                else:
                    pins.append(_pin(package, location, self.path))
            except PeepError as error:
                errors.append(RequirementsError(location, f"{package.name}: {error}", error.hint))
        if errors:
            raise RequirementsErrors(errors, secondary_errors(pins, unusable))
        return PinnedSet(tuple(pins), tuple(unusable), directives=document.directives, warnings=document.warnings)


@dataclass(frozen=True, slots=True)
class LockDocument:
    """A lock file that is valid as such, and the line on which each of its packages begins (0 when not known)."""

    path: str
    lock: Pylock
    lines: tuple[int, ...]
    warnings: tuple[str, ...] = ()
    directives: tuple[Directive, ...] = ()
    """Of its `[tool.peep]`."""
    faults: tuple[RequirementsError, ...] = ()
    """What is wrong with these."""

    @classmethod
    def read(cls, content: bytes, path: str) -> LockDocument:
        text = _decoded(content, path)
        if has_long_number(text):
            raise _refused(Location(path, 1), f"a number has more than {MOST_DIGITS} digits")
        table = _toml(text, path)
        lines = tuple(text.count("\n", 0, found.start()) + 1 for found in _PACKAGE_LINE.finditer(text))
        warnings = _downgrade(table, path)
        try:
            lock = Pylock.from_dict(table)
        except PylockUnsupportedVersionError as error:
            raise _refused(Location(path, 1), str(error)) from None
        except PylockValidationError as error:
            place = _PLACE.search(error.context or "")
            index = int(place.group(1)) if place else len(lines)
            line = lines[index] if index < len(lines) else 1
            raise _refused(Location(path, line), f"this is no valid lock file: {error}") from None
        known = lines if len(lines) == len(lock.packages) else (0,) * len(lock.packages)
        directives, faults = lock_directives(lock.tool, text, path)
        return cls(path, lock, known, warnings, directives, faults)


def _decoded(content: bytes, path: str) -> str:
    """TOML is UTF-8 without a byte order mark; the rules for hidden characters are those of requirements files."""
    try:
        text = decode(content, path).text
    except RequirementsError as error:
        raise RequirementsErrors([error]) from None
    if text.encode() != content:
        raise _refused(Location(path, 1), "a lock file must be UTF-8 without a byte order mark")
    return text


def _toml(text: str, path: str) -> dict[str, Any]:
    try:
        return parse_toml(text)
    except ValueError as error:  # TOMLDecodeError, and numbers with more digits than Python converts
        found = _LINE_IN_MESSAGE.search(str(error))
        line = int(found.group(1)) if found else 1
        reason = _LINE_IN_MESSAGE.sub("", str(error)).lower()
        what = "" if isinstance(error, TooDeeplyNested) else "this is no valid TOML: "
        raise _refused(Location(path, line), what + reason) from None


def _downgrade(table: dict[str, Any], path: str) -> tuple[str, ...]:
    """A newer minor version is read as 1.0 with a warning, as the specification asks."""
    stated = table.get("lock-version")
    version = version_or_none(stated) if isinstance(stated, str) else None
    if version is None or version.major != 1 or version <= Version("1.0"):
        return ()
    table["lock-version"] = "1.0"
    return (f"{path}:1: lock-version {stated} is newer than 1.0, which peep knows; what is new in it is ignored",)


def _environment(
    document: LockDocument, markers: Mapping[str, str], selection: LockSelection
) -> dict[str, str | frozenset[str]]:
    """The marker environment of the specification, after the file's own conditions have been found to hold."""
    lock, place = document.lock, Location(document.path, 1)
    unknown = [f"extra {name!r}" for name in selection.extras if name not in (lock.extras or ())]
    known_groups = {*(lock.dependency_groups or ()), *(lock.default_groups or ())}
    unknown += [f"group {name!r}" for name in selection.groups or () if name not in known_groups]
    if unknown:
        raise _refused(place, f"the lock file knows no {', '.join(unknown)}")
    if lock.requires_python and not _takes_python(lock.requires_python, markers):
        raise _refused(place, f"it is for Python {lock.requires_python}; the target is {_pythons_of(markers)[0]}")
    try:
        fits = not lock.environments or any(_holds(marker, markers, "requirement") for marker in lock.environments)
    except UnusableCondition as error:
        raise _refused(place, str(error)) from None
    if not fits:
        raise _refused(place, "none of the environments that it was made for is the target's")
    groups = (lock.default_groups or ()) if selection.groups is None else selection.groups
    return {**markers, "extras": frozenset(selection.extras), "dependency_groups": frozenset(groups)}


def _selected(
    document: LockDocument,
    environment: Mapping[str, str | frozenset[str]],
    errors: list[RequirementsError],
    skipped: list[SkippedLine],
) -> Iterator[tuple[Location, Package]]:
    seen: dict[str, Location] = {}
    lock = document.lock
    groups = {*(lock.dependency_groups or ()), *(lock.default_groups or ())}
    everything = {**environment, "extras": frozenset(lock.extras or ()), "dependency_groups": frozenset(groups)}
    for line, package in zip(document.lines, document.lock.packages, strict=True):
        location = Location(document.path, line)
        try:
            if package.marker and not _holds(package.marker, environment, "lock_file"):
                check_digests(package)
                if not _holds(package.marker, everything, "lock_file"):  # what nobody asked for is not told
                    skipped.append(SkippedLine(location, package.name, str(package.marker)))
                continue
        except PeepError as error:
            errors.append(RequirementsError(location, f"{package.name}: {error}", error.hint))
            continue
        markers = cast("Mapping[str, str]", environment)
        wanted = package.requires_python
        if wanted and not _takes_python(wanted, markers):
            python = _pythons_of(markers)[0]
            errors.append(RequirementsError(location, f"{package.name} is for Python {wanted}; the target is {python}"))
        elif package.name in seen:
            reason = (
                f"{package.name} is selected here and at {seen[package.name]}; their markers must exclude each other"
            )
            errors.append(RequirementsError(location, reason))
        else:
            seen[package.name] = location
            yield location, package


def _pin(package: Package, location: Location, lock_path: str) -> PinnedRequirement:
    if package.vcs or package.directory:
        return _source_pin(package, location, lock_path)
    files = files_of(package, lock_path)
    is_direct = package.archive is not None
    return PinnedRequirement(
        name=package.name,
        written_name=package.name,
        version=None if is_direct else version_of(package),
        locations=(location,),
        hashes=tuple(dict.fromkeys(digest for file in files for digest in file.hashes)),
        hash_form=HashForm.LOCK,
        source=LockedFiles(
            files,
            index_url=package.index,
            direct_url=direct_url_of(files[0]) if is_direct else None,
            subdirectory=package.archive.subdirectory if package.archive else None,
        ),
        marker=str(package.marker) if package.marker else None,
        is_requested=False,
    )


def _source_pin(package: Package, location: Location, lock_path: str) -> PinnedRequirement:
    """An entry without a hash that was allowed: a commit of a repository, or a trusted folder."""
    url, subdirectory = source_of(package, lock_path)
    is_editable = bool(package.directory and package.directory.editable)
    return PinnedRequirement(
        name=package.name,
        written_name=package.name,
        version=None,
        locations=(location,),
        hash_form=HashForm.LOCK,
        source=Commit(url, subdirectory) if package.vcs else LocalFolder(url, is_editable, subdirectory),
        marker=str(package.marker) if package.marker else None,
        is_requested=False,
    )


def _refusal(package: Package, lock_path: str, accepted: Accepted) -> str:
    refuse_ambiguous(package.index or "")
    if package.vcs:
        return repository_refusal(source_of(package, lock_path)[0], accepted)
    if package.directory:
        return folder_refusal(os.path.join(os.path.dirname(lock_path), package.directory.path), accepted)
    return ""


def _takes_python(wanted: SpecifierSet, markers: Mapping[str, str]) -> bool:
    return any(wanted.contains(python, prereleases=True) for python in _pythons_of(markers))


def _pythons_of(markers: Mapping[str, str]) -> tuple[str, ...]:
    """The target's version of Python; the first and one after all others, where only the minor version is known."""
    if "python_full_version" not in markers:
        return (f"{markers['python_version']}.0", f"{markers['python_version']}.{ANY_MICRO}")
    # A Python built from an unreleased commit adds a "+", which no version may end in.
    return (markers["python_full_version"].removesuffix("+"),)


def _holds(
    marker: Marker,
    environment: Mapping[str, str | frozenset[str]] | Mapping[str, str],
    context: Literal["lock_file", "requirement"],
) -> bool:
    try:
        return judge(marker, environment, context) is not Truth.FALSE
    except UndefinedComparison:
        raise UnusableCondition(f"the marker {str(marker)!r} compares what has no such order") from None
    except UndefinedEnvironmentName as error:
        raise UnusableCondition(f"the marker {str(marker)!r} cannot be judged ({error})") from None
    except RecursionError:
        raise UnusableCondition("the marker is nested too deeply") from None


def _refused(location: Location, reason: str) -> RequirementsErrors:
    return RequirementsErrors([RequirementsError(location, reason)])
