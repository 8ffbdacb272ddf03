"""Lock files on disk: the present one read for its pins, the next one written whole, in either format."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from peep.dataclass import dataclass, field, replace
from peep.errors import PeepError, RequirementsError, RequirementsErrors
from peep.formats.documents import parse_toml
from peep.formats.names import is_lock_path
from peep.locking.completeness import JudgedPin
from peep.locking.group_judge import KnownPin
from peep.locking.listed_pins import command_arguments, header_arguments, judged_pins, known_pins, locked_commits
from peep.locking.output.pylock import KnownFiles, UnreadableLock, read_lock_file
from peep.model import Location
from peep.requirements.decoding import DecodedText, decode
from peep.requirements.file_parser import RequirementLine, parse_text
from peep.requirements.pinned_set import Directive
from peep.requirements.pylock_directives import lock_directives
from peep.system.bounded import LISTS, read_file
from peep.system.files import ToldAs, write_named

_DIRECTIVES = ("--locked-for", "--build-constraint")


@dataclass(frozen=True, slots=True)
class PresentLock:
    """What the output file holds before a run."""

    content: bytes | None = None
    """None: there is no such file."""
    source: DecodedText = field(default_factory=DecodedText)
    pins: tuple[JudgedPin, ...] = ()
    known: Mapping[str, tuple[KnownPin, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    """For which it says that it was locked."""
    files: KnownFiles = field(default_factory=dict)
    """Values of a pylock.toml's files."""
    arguments: tuple[str, ...] | None = None
    """Of `peep lock` in its header."""
    indexes: Mapping[str, str] = field(default_factory=dict)
    """Index of a project, where a pylock.toml says it."""
    build_constraints: tuple[str, ...] = ()
    """Files that list what builds need, as the file names them."""
    commits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Commit URLs by project, with the branch or tag that each was locked at."""
    directives: tuple[Directive, ...] = ()
    """All that it says to peep."""
    foreign: str = ""
    """Why it must not be written over, '' where it may be."""

    @property
    def urls(self) -> Mapping[str, str]:
        """URLs of the pins that have no version, by project."""
        return {pin.name: pin.url for pin in self.pins if pin.url}

    @property
    def line_end(self) -> str:
        """CRLF where the first line ends so, else LF."""
        return "\r\n" if self.source.text.partition("\n")[0].endswith("\r") else "\n"


def read_present(path: str, *, takes_edited: bool = False) -> PresentLock:
    """Read the lock that is there. Raises `RequirementsErrors` for one that cannot be read: nothing may be lost.

    `takes_edited`: also a pylock.toml with packages whose version was edited and whose files were not. A pipe or a
    device (`/dev/stdout`) holds no lock.
    """
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        return PresentLock()
    try:
        content = read_file(path, LISTS, is_regular=False)
    except FileNotFoundError:
        return PresentLock()
    except OSError as error:
        raise PeepError(f"{path} cannot be read: {error.strerror or error}") from error
    source = decode(content, path)
    return replace(read_text(source.text, path, takes_edited=takes_edited), content=content, source=source)


def read_text(text: str, path: str, *, takes_edited: bool = False) -> PresentLock:
    """Read a lock's text as an installer does; its name says the format. Raises `RequirementsErrors`."""
    if is_lock_path(path):
        return _lock_file(text, path, takes_edited=takes_edited)
    parsed = parse_text(text, path, {})
    pins, errors = judged_pins(entry for entry in parsed.entries if isinstance(entry, RequirementLine))
    if parsed.errors or errors:
        raise RequirementsErrors([*parsed.errors, *errors])
    stated = {option: [one.value for one in parsed.directives if one.option == option] for option in _DIRECTIVES}
    return PresentLock(
        None,
        DecodedText(text),
        pins,
        known_pins(pins),
        tuple(stated["--locked-for"]),
        arguments=header_arguments(text),
        build_constraints=tuple(stated["--build-constraint"]),
        commits=locked_commits(text),
        directives=parsed.directives,
    )


def _lock_file(text: str, path: str, *, takes_edited: bool) -> PresentLock:
    try:
        found = read_lock_file(text, path, takes_edited=takes_edited)
    except UnreadableLock as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise RequirementsErrors([RequirementsError(Location(path, 0), reason)]) from None
    known = known_pins(found.pins)
    directives, errors = lock_directives(parse_toml(text).get("tool"), text, path)
    if errors:
        raise RequirementsErrors(errors)
    return PresentLock(
        None,
        DecodedText(text),
        found.pins,
        known,
        found.targets,
        found.files,
        command_arguments(next((one.value for one in directives if one.option == "--locked-by"), "")),
        indexes=found.indexes,
        build_constraints=found.build_constraints,
        commits=found.commits,
        directives=directives,
    )


def read_pins(text: str, path: str) -> Sequence[JudgedPin]:
    """Read a lock's text as an installer does, for its pins. Raises `RequirementsErrors`."""
    return read_text(text, path).pins


def write_lock(path: str, content: bytes) -> None:
    """Let `path`, or what it links to, hold `content`, whole, or what it held before. Raises `PeepError`."""
    with ToldAs(PeepError, f"{path} cannot be written"):
        write_named(path, content, durable=True)


def lock_of_source(path: str) -> str:
    """Give back the lock that says of itself that it is made from this source, '' where there is none."""
    folder = os.path.dirname(path)
    for name in sorted(os.listdir(folder or os.curdir)):
        candidate = os.path.join(folder, name)
        if not (name.endswith(".txt") or is_lock_path(name)) or not os.path.isfile(candidate):
            continue
        try:
            arguments = read_present(candidate, takes_edited=True).arguments or ()
        except PeepError:
            continue
        stated = [os.path.normpath(word) for word in arguments if not word.startswith("-")]
        # Build constraints have the command of the lock that they belong to.
        is_own = os.path.normpath(output_of(arguments)) == os.path.normpath(candidate)
        if is_own and os.path.normpath(path) in stated:
            return candidate
    return ""


def output_of(arguments: Sequence[str]) -> str:
    """Give back the output that a command names, '' for none."""
    prefix = "--output-file="
    return next((word.removeprefix(prefix) for word in arguments if word.startswith(prefix)), "")
