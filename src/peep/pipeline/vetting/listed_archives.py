"""Every archive that the files of a user list, as subjects of verdicts, with where each is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from peep.dataclass import dataclass
from peep.errors import RequirementsError, RequirementsErrors, UnusableRequirement
from peep.formats.names import is_lock_path
from peep.formats.url_secrets import redacted
from peep.model import LocalFolder, Location, PinnedRequirement
from peep.pipeline.vetting.subjects import subjects_of
from peep.requirements.every_pin import every_pin
from peep.requirements.files import RequirementsFile, read_requirements_files
from peep.requirements.lock_requirers import StatedRequirer
from peep.requirements.pinned_set import Directive
from peep.requirements.pylock import every_pin_of_pylock
from peep.requirements.via_comments import requirers_of_files
from peep.vetting.verdicts import Subject

ReadFile = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class ListedArchive:
    """One archive, or commit, of one pin; `subject.key` is '' where no sha256 of it is listed."""

    pin: PinnedRequirement
    subject: Subject


@dataclass(frozen=True, slots=True)
class Listing:
    """What files list, for whatever target."""

    archives: tuple[ListedArchive, ...]
    unusable: tuple[UnusableRequirement, ...] = ()
    """Lines that name nothing which could be examined: without a pin, without a hash, a moving revision."""
    folders: tuple[UnusableRequirement, ...] = ()
    """Local projects, about which nobody is asked."""
    directives: tuple[Directive, ...] = ()
    requirers: tuple[StatedRequirer, ...] = ()
    """Which project requires which, as far as the files say."""


def listing_of(paths: Sequence[str], constraints: Sequence[str], read: ReadFile, environ: Mapping[str, str]) -> Listing:
    """Read requirements and lock files with all that they include. Raises `RequirementsErrors` with every bad line."""
    locks = [path for path in paths if is_lock_path(path)]
    texts = [path for path in paths if path not in locks]
    files, errors = read_requirements_files(texts, read, environ, constraints)
    found = every_pin(files)
    pins, unusable, folders = list(found.pins), list(found.unusable), list(found.folders)
    directives = list(directives_of(files))
    requirers = list(requirers_of_files(files))
    faults = [*errors, *found.errors]
    for path in locks:
        try:
            pinned = every_pin_of_pylock(_content(path, read), path)
        except RequirementsErrors as error:
            faults += error.errors
            continue
        pins += (pin for pin in pinned.pins if not is_folder_pin(pin))
        folders += (UnusableRequirement(pin.location, str(pin), _FOLDER) for pin in pinned.pins if is_folder_pin(pin))
        unusable += pinned.unusable
        directives += pinned.directives
        requirers += pinned.requirers
    if faults:
        raise RequirementsErrors(faults)
    return Listing(
        _archives(pins),
        (*unusable, *(_without_hash(pin) for pin in pins if not subjects_of(pin))),
        tuple(folders),
        tuple(directives),
        tuple(requirers),
    )


def directives_of(files: Sequence[RequirementsFile]) -> tuple[Directive, ...]:
    return tuple(directive for file in files for directive in file.directives)


def is_folder_pin(pin: PinnedRequirement) -> bool:
    """Whether a pin names a local project: nothing can vouch for it, so nobody is asked about it."""
    return isinstance(pin.source, LocalFolder)


_FOLDER = "no hash can vouch for a folder"


def _content(path: str, read: ReadFile) -> bytes:
    try:
        return read(path)
    except OSError as error:
        place = Location(redacted(path), 0)
        raise RequirementsErrors([RequirementsError(place, f"cannot be read: {error.strerror or error}")]) from error


def _archives(pins: Sequence[PinnedRequirement]) -> tuple[ListedArchive, ...]:
    """Each archive once, by project and bytes; those without a sha256 each by itself."""
    found: dict[object, ListedArchive] = {}
    for pin in pins:
        for number, subject in enumerate(subjects_of(pin)):
            identity = (subject.name, subject.key) if subject.key else (pin.location, number)
            found.setdefault(identity, ListedArchive(pin, subject))
    return tuple(found.values())


def _without_hash(pin: PinnedRequirement) -> UnusableRequirement:
    return UnusableRequirement(pin.location, redacted(str(pin)), "it lists no hash, so there is nothing to examine")
