"""Lists that a mirror serves, for any target: includes, build constraints and lock files too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from peep.dataclass import dataclass
from peep.errors import RequirementsError, RequirementsErrors, UnusableRequirement
from peep.formats.names import is_lock_path
from peep.formats.url_secrets import redacted
from peep.locking.completeness import JudgedPin
from peep.locking.marker_atoms import UnreadableMarker, canonical_marker
from peep.model import Digest, Location, PinnedRequirement, listed_hashes
from peep.requirements.every_pin import every_pin
from peep.requirements.files import ReadFile, build_lists_of, read_requirements_files
from peep.requirements.pinned_set import Directive
from peep.requirements.pylock import every_pin_of_pylock


@dataclass(frozen=True, slots=True)
class MirroredPin:
    """A pin of a version, as the list states it and as a judge of lists sees it."""

    stated: PinnedRequirement
    judged: JudgedPin

    @property
    def hashes(self) -> tuple[Digest, ...]:
        return self.judged.hashes


@dataclass(frozen=True, slots=True)
class MirroredList:
    """All that one named file pins, with what it includes."""

    path: str
    pins: tuple[MirroredPin, ...]
    build_pins: tuple[MirroredPin, ...]
    """Of build constraints, given and named by the file itself."""
    targets: tuple[str, ...]
    """For which the file says that it was locked."""
    elsewhere: tuple[PinnedRequirement, ...]
    """Archives at URLs, commits and folders: whoever installs them asks there, and no index."""

    @property
    def all_pins(self) -> tuple[MirroredPin, ...]:
        return (*self.pins, *self.build_pins)


def read_lists(
    paths: Sequence[str], build_constraints: Sequence[str], read: ReadFile, environ: Mapping[str, str]
) -> tuple[MirroredList, ...]:
    """Read each file. Raises `RequirementsErrors` with every line of all of them that pins nothing, or without hash."""
    lists: list[MirroredList] = []
    errors: list[RequirementsError] = []
    for path in paths:
        try:
            lists.append(_ListReader(path, read, environ).read(build_constraints))
        except RequirementsErrors as error:
            errors += (*error.errors, *error.also)
    if errors:
        raise RequirementsErrors(list(dict.fromkeys(errors)))
    return tuple(lists)


class _ListReader:
    """Reads one list; what is wrong is collected."""

    def __init__(self, path: str, read: ReadFile, environ: Mapping[str, str]) -> None:
        self._path = path
        self._read = read
        self._environ = environ
        self._errors: list[RequirementsError] = []
        self._elsewhere: list[PinnedRequirement] = []

    def read(self, build_constraints: Sequence[str]) -> MirroredList:
        pins, directives = self._pins_of(self._path)
        build_pins: list[MirroredPin] = []
        for path in dict.fromkeys((*build_constraints, *build_lists_of(directives))):
            build_pins += self._pins_of(path)[0]
        if self._errors:
            raise RequirementsErrors(self._errors)
        targets = tuple(one.value for one in directives if one.option == "--locked-for")
        return MirroredList(self._path, tuple(pins), tuple(build_pins), targets, tuple(self._elsewhere))

    def _pins_of(self, path: str) -> tuple[list[MirroredPin], Sequence[Directive]]:
        if is_lock_path(path):
            try:
                found = every_pin_of_pylock(self._content(path), path)
            except RequirementsErrors as error:
                self._errors += error.errors
                return [], ()
            self._refuse(found.unusable)
            return self._judged(found.pins), found.directives
        files, errors = read_requirements_files([path], self._read, self._environ)
        pins = every_pin(files)
        self._errors += (*errors, *pins.errors)
        self._refuse(pins.unusable)
        self._refuse(pins.folders)
        return self._judged(pins.pins), [one for file in files for one in file.directives]

    def _content(self, path: str) -> bytes:
        try:
            return self._read(path)
        except OSError as error:
            place = Location(redacted(path), 0)
            raise RequirementsErrors([RequirementsError(place, error.strerror or str(error))]) from error

    def _refuse(self, lines: Sequence[UnusableRequirement]) -> None:
        self._errors += (RequirementsError(line.location, f"{line.text}: {line.reason}") for line in lines)

    def _judged(self, pins: Sequence[PinnedRequirement]) -> list[MirroredPin]:
        found = []
        for pin in pins:
            if pin.url is not None or pin.version is None:
                self._elsewhere.append(pin)
                continue
            hashes = tuple(dict.fromkeys(listed_hashes(pin)))
            try:
                marker = canonical_marker(pin.marker) if pin.marker else ""
            except UnreadableMarker as error:
                self._errors.append(RequirementsError(pin.location, str(error)))
                continue
            if not hashes:
                reason = f"{redacted(str(pin))} lists no hash that can be compared, so nothing vouches for its files"
                self._errors.append(RequirementsError(pin.location, reason))
                continue
            judged = JudgedPin(pin.name, pin.version, marker, pin.extras, hashes, location=pin.location)
            found.append(MirroredPin(pin, judged))
        return found
