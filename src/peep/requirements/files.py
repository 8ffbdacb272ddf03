"""Requirements files with all that they include, read through a callable, as values.

Source: pip's requirements file format, `-r` and `-c`: a path is meant from the folder of the file that names it, a
URL from the URL of the file that names it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import urljoin

from peep.dataclass import dataclass, field
from peep.errors import PeepError, RequirementsError, RequirementsErrors, TransportError
from peep.formats.names import last_segment_at
from peep.formats.url_secrets import redacted
from peep.model import Location
from peep.requirements.decoding import DecodedText, decode
from peep.requirements.file_parser import COMMAND_LINE, Entry, Include, OptionLine, RequirementLine, parse_text
from peep.requirements.pinned_set import Directive

ReadFile = Callable[[str], bytes]
"""Gives the bytes of a path, a URL or `-`; raises `OSError` or a `PeepError`."""

_URL = re.compile(r"(https?|file):", re.IGNORECASE)
_OTHER_FORMAT = re.compile(r"(?:uv|poetry|pdm|Pipfile)\.lock|Pipfile|.*\.toml")
"""Files of other formats, by name (THREATS R13, R14): better one error than one for every line."""
_LOCK_FILES = "lock files are read when named pylock.toml or pylock.NAME.toml, as in: peep install pylock.toml"
_CONVERTED = r"(?:uv|poetry|pdm|Pipfile)\.lock"
_NOT_A_CONSTRAINT = "constraints come from requirements files; a pylock.toml is installed: peep install pylock.toml"
_DEEPEST = 100
_MOST = 1000
"""Files of one run: includes that branch could otherwise go on for ever, each file a new one (THREATS R9)."""


@dataclass(frozen=True, slots=True)
class RequirementsFile:
    """One parsed file: `entries` in the order of its lines, includes among them."""

    path: str
    entries: tuple[Entry, ...] = ()
    directives: tuple[Directive, ...] = ()
    warnings: tuple[str, ...] = ()
    is_constraint: bool = False
    source: DecodedText = field(default_factory=DecodedText)
    """The text it was parsed from."""

    @property
    def lines(self) -> tuple[RequirementLine, ...]:
        """The requirements, without those of included files."""
        return tuple(entry for entry in self.entries if isinstance(entry, RequirementLine))

    @property
    def options(self) -> tuple[OptionLine, ...]:
        """The options that stand on lines of their own, without includes."""
        return tuple(entry for entry in self.entries if isinstance(entry, OptionLine))


def parse_requirements_files(
    paths: Sequence[str], read: ReadFile, environ: Mapping[str, str], constraints: Sequence[str] = ()
) -> tuple[RequirementsFile, ...]:
    """Parse files (and constraints files) with everything they include, each file once, by first appearance.

    `environ` answers `${VARIABLE}`. Raises `RequirementsErrors` with every bad line of every file.
    """
    files, errors = read_requirements_files(paths, read, environ, constraints)
    if errors:
        raise RequirementsErrors(errors)
    return files


def read_requirements_files(
    paths: Sequence[str], read: ReadFile, environ: Mapping[str, str], constraints: Sequence[str] = ()
) -> tuple[tuple[RequirementsFile, ...], tuple[RequirementsError, ...]]:
    """Do as `parse_requirements_files`, giving the errors back beside what could be read."""
    walk = _Walk(read, environ)
    for path in paths:
        walk.visit(path, is_constraint=False, origin=Location(redacted(path), 0), above=())
    for path in constraints:
        walk.visit(path, is_constraint=True, origin=Location(redacted(path), 0), above=())
    return tuple(walk.files.values()), tuple(walk.errors)


def parse_arguments(
    arguments: Sequence[str], environ: Mapping[str, str]
) -> tuple[RequirementsFile, tuple[RequirementsError, ...]]:
    """Parse requirements given on the command line, each as one line of a file (`flask==3.1.0 --hash=sha256:…`)."""
    entries: list[Entry] = []
    warnings: list[str] = []
    errors: list[RequirementsError] = []
    for argument in arguments:
        if re.search(r"[\r\n]", argument):
            errors.append(RequirementsError(Location(COMMAND_LINE, 0), "a requirement must be a single line"))
            continue
        parsed = parse_text(argument, COMMAND_LINE, environ)
        entries.extend(parsed.entries)
        warnings.extend(parsed.warnings)
        errors.extend(parsed.errors)
        errors.extend(_not_requirements(parsed.entries, argument))
    return RequirementsFile(COMMAND_LINE, tuple(entries), warnings=tuple(warnings)), tuple(errors)


def in_reading_order(files: Sequence[RequirementsFile]) -> Iterator[RequirementLine | OptionLine]:
    """All requirements and options as pip would read them: an included file stands where its include line stands."""
    unread = {_key(file.path, is_constraint=file.is_constraint): file for file in files}

    def entries_of(file: RequirementsFile) -> Iterator[RequirementLine | OptionLine]:
        for entry in file.entries:
            if not isinstance(entry, Include):
                yield entry
                continue
            path = resolve_include(file.path, entry.path)
            included = unread.pop(_key(path, is_constraint=entry.is_constraint), None)
            if included:
                yield from entries_of(included)

    while unread:
        yield from entries_of(unread.pop(next(iter(unread))))


def lock_hint(path: str) -> str:
    """What to do with a lock file of another tool, or one that is not named as lock files are."""
    if re.fullmatch(_CONVERTED, last_segment_at(path)):
        return f"peep convert reads it: peep convert {path} -o requirements.txt"
    return _LOCK_FILES


def is_other_lock(path: str) -> bool:
    """Whether a path names the lock file of another tool, which `peep convert` reads."""
    return re.fullmatch(_CONVERTED, last_segment_at(path)) is not None


def is_url(path: str) -> bool:
    return _URL.match(path) is not None


def resolve_include(includer: str, path: str) -> str:
    """Where an include line of the file `includer` points to.

    Raises `PeepError` for a local file that is named by a remote one (THREATS R9).
    """
    if is_url(includer):
        resolved = urljoin(includer, path)
        if resolved[:5].lower() == "file:" and includer[:5].lower() != "file:":
            raise PeepError("a file from the network may not include a local file")
        return resolved
    if is_url(path):
        return path
    resolved = os.path.normpath(os.path.join(os.path.dirname(includer), path))
    # What was written with slashes is shown with slashes, on every platform.
    return resolved if "\\" in includer + path else resolved.replace(os.sep, "/")


def build_lists_of(directives: Iterable[Directive]) -> list[str]:
    """The lists that `--build-constraint` directives name, meant from their own files. Raises `PeepError`."""
    return [resolve_include(one.location.path, one.value) for one in directives if one.option == "--build-constraint"]


def _key(path: str, *, is_constraint: bool) -> tuple[str, bool]:
    return (path if is_url(path) else os.path.normpath(path)), is_constraint


def _not_requirements(entries: Sequence[Entry], argument: str) -> list[RequirementsError]:
    if any(not isinstance(entry, RequirementLine) for entry in entries):
        return [RequirementsError(Location(COMMAND_LINE, 0), f"{argument!r} is an option, not a requirement")]
    return []


class _Walk:
    """Follows includes depth first; remembers each file, so that a diamond of includes is read once."""

    def __init__(self, read: ReadFile, environ: Mapping[str, str]) -> None:
        self.files: dict[tuple[str, bool], RequirementsFile] = {}
        self.errors: list[RequirementsError] = []
        self._read = read
        self._environ = environ
        self._was_full = False

    def visit(self, path: str, *, is_constraint: bool, origin: Location, above: tuple[str, ...]) -> None:
        key = _key(path, is_constraint=is_constraint)
        if key[0] in above:
            chain = " -> ".join(redacted(step) for step in (*above[above.index(key[0]) :], key[0]))
            self.errors.append(RequirementsError(origin, f"the file includes itself: {chain}"))
        elif len(above) >= _DEEPEST:
            self.errors.append(RequirementsError(origin, f"files are included more than {_DEEPEST} deep"))
        elif _OTHER_FORMAT.fullmatch(last_segment_at(path)):
            named = "this" if origin == Location(redacted(path), 0) else redacted(path)
            hint = _NOT_A_CONSTRAINT if is_constraint else lock_hint(redacted(path))
            self.errors.append(RequirementsError(origin, f"{named} is no requirements file", hint))
        elif key not in self.files and not self._is_full(origin):
            source = self._source(path, origin)
            if source is not None:
                self._parse(source, path, key, above)

    def _is_full(self, origin: Location) -> bool:
        if len(self.files) == _MOST and not self._was_full:
            self._was_full = True
            self.errors.append(RequirementsError(origin, f"more than {_MOST} files are included"))
        return self._was_full

    def _parse(self, source: DecodedText, path: str, key: tuple[str, bool], above: tuple[str, ...]) -> None:
        is_constraint = key[1]
        parsed = parse_text(source.text, redacted(path), self._environ, is_constraint=is_constraint)
        self.errors.extend(parsed.errors)
        self.files[key] = RequirementsFile(
            path, parsed.entries, parsed.directives, parsed.warnings, is_constraint, source
        )
        for entry in parsed.entries:
            if isinstance(entry, Include):
                self._follow(entry, path, (*above, key[0]))

    def _follow(self, include: Include, includer: str, above: tuple[str, ...]) -> None:
        try:
            path = resolve_include(includer, include.path)
        except (PeepError, ValueError) as error:
            self.errors.append(RequirementsError(include.location, str(error)))
            return
        self.visit(path, is_constraint=include.is_constraint, origin=include.location, above=above)

    def _source(self, path: str, origin: Location) -> DecodedText | None:
        try:
            return decode(self._read(path), redacted(path))
        except RequirementsError as error:
            self.errors.append(error)
        except OSError as error:
            named = "" if origin.path == redacted(path) else f"{redacted(path)} "
            self.errors.append(RequirementsError(origin, f"{named}cannot be read: {error.strerror or error}"))
        except PeepError as error:
            # A URL of the command line is named once.
            is_named = isinstance(error, TransportError) and error.url == str(origin)
            reason = error.reason if isinstance(error, TransportError) and is_named else str(error)
            self.errors.append(RequirementsError(origin, reason, error.hint))
        return None
