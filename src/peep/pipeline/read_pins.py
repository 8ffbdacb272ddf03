"""Reading of pins for a target: requirements files, lock files, arguments, standard input."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from peep.dataclass import replace
from peep.errors import RequirementsError, RequirementsErrors
from peep.formats.names import is_lock_path
from peep.formats.url_secrets import redacted
from peep.http.transport import Transport
from peep.model import FormatControl, IndexOptions, Location, PinnedRequirement, TargetEnvironment
from peep.pipeline.options import SourceOptions
from peep.requirements.files import RequirementsFile, is_url, read_requirements_files
from peep.requirements.pinned_set import PinnedSet
from peep.requirements.pins import pinned_requirements
from peep.requirements.sources import Accepted, trusting
from peep.system import bounded
from peep.system.file_signature import signature


class Reading:
    """Reads the files of a run, and keeps what it read: that is what the outcome of the run depends on."""

    def __init__(self, open_transport: Callable[[], Transport], standard_input: Callable[[], bytes]) -> None:
        self._open_transport = open_transport
        self._standard_input = standard_input
        self.contents: dict[str, bytes] = {}
        """By path, of local files only."""
        self.records: dict[str, bytes | None] = {}
        """Likewise of vetting records; None: it was looked for and not there."""
        self.signatures: dict[str, bytes] = {}
        """Of what was only looked at, as it was before that."""
        self._bytes: dict[str, bytes] = {}
        """All that was read: a pipe gives its bytes once, and what a gate has judged is what is used later."""
        self._left = bounded.ALL_LISTS
        self.is_repeatable = True
        """False when standard input, the network or a pipe was read: the next run may see something else."""

    def read(self, path: str) -> bytes:
        """Give the bytes of a path, a URL or `-`, the same each time. Raises `OSError`, `TransportError`."""
        if path not in self._bytes:
            self._bytes[path] = self._first(path)
        return self._bytes[path]

    def _first(self, path: str) -> bytes:
        if path == "-":
            self.is_repeatable = False
            return self._standard_input()
        if is_url(path):
            self.is_repeatable = False
            with self._open_transport().get(path) as response:
                return response.read(bounded.LISTS)
        with open(path, "rb", buffering=0) as file:
            # Bytes from a pipe (`-r <(command)`) can be had once; whoever looked whether they are the same took them.
            self.is_repeatable = self.is_repeatable and can_be_read_again(path, os.fstat(file.fileno()).st_mode)
            content = bounded.read_descriptor(file.fileno(), bounded.LISTS, path)
        self._left -= len(content)
        if self._left < 0:
            raise bounded.too_long(bounded.ALL_LISTS, path)
        self.contents[path] = content
        return content

    def glance(self, path: str) -> bytes | None:
        """The bytes of a small local file of which little matters, None where there is none. Raises `OSError`."""
        self.signatures[path] = signature(path)
        try:
            return bounded.read_file(path, bounded.PROJECT_FILE)
        except (FileNotFoundError, NotADirectoryError):
            return None


def can_be_read_again(path: str, mode: int) -> bool:
    """Whether an open file gives the same bytes to the next reader; some systems share its place below /dev/fd."""
    return stat.S_ISREG(mode) and not path.startswith("/dev/")


def read_pins(
    sources: SourceOptions, target: TargetEnvironment, reading: Reading, environ: Mapping[str, str], accepted: Accepted
) -> PinnedSet:
    """Read all that `sources` names and decide what it pins for `target`.

    Raises `RequirementsErrors` with all that is wrong in any of the files.
    """
    locks = [path for path in sources.requirement_files if is_lock_path(path)]
    texts = [path for path in sources.requirement_files if path not in locks]
    files, faults = read_requirements_files(texts, reading.read, environ, sources.constraint_files)
    if any(fault.location == Location(redacted(path), 0) for path in sources.constraint_files for fault in faults):
        raise RequirementsErrors(faults)  # what other lines lack, the constraints may have had
    # A directive of a requirements file says for the whole run which folders are trusted, lock files included.
    for_locks, _ = trusting(accepted, [directive for file in files for directive in file.directives])
    readers = [partial(_read_lock, path, sources, target, reading, for_locks) for path in locks]
    if texts or sources.requirements or sources.constraint_files:
        readers.append(partial(pinned_requirements, files, sources.requirements, target.markers, accepted, faults))
    sets: list[PinnedSet] = []
    refused: list[RequirementsErrors] = []
    for read in readers:
        try:
            sets.append(read())
        except RequirementsErrors as error:
            refused.append(error)
    if refused:
        raise _together([error for one in refused for error in one.errors], refused, sets)
    pinned = combined(sets)
    return replace(pinned, warnings=(*pinned.warnings, *_about_empty(files, texts)))


def _about_empty(files: Sequence[RequirementsFile], named: Sequence[str]) -> Iterator[str]:
    """Warn of named files that came to nothing, such as one that was cut short: `sync` would remove everything."""
    for file in files:
        if file.path in named and not (file.entries or file.directives or file.is_constraint):
            yield f"{redacted(file.path)}: the file lists nothing"


def name_of_project(folder: str) -> str:
    """The name that the files of a trusted local project state, '' when none does."""
    from peep.requirements.project_names import stated_name  # noqa: PLC0415 - for runs with such a project only

    def read(filename: str) -> bytes | None:
        try:
            return bounded.read_file(os.path.join(folder, filename), bounded.PROJECT_FILE)
        except OSError:
            return None

    return stated_name(read)


def _read_lock(
    path: str, sources: SourceOptions, target: TargetEnvironment, reading: Reading, accepted: Accepted
) -> PinnedSet:
    from peep.requirements.lock_selection import LockSelection  # noqa: PLC0415 - most lists are requirements files
    from peep.requirements.pylock import pins_from_pylock  # noqa: PLC0415 - as above

    selection = LockSelection(sources.extras, sources.groups or None)
    try:
        content = reading.read(path)
    except OSError as error:
        raise RequirementsErrors([RequirementsError(Location(path, 0), error.strerror or str(error))]) from error
    return pins_from_pylock(content, path, target.markers, selection, accepted)


def combined(sets: Sequence[PinnedSet]) -> PinnedSet:
    """Several files of both kinds as one set; no project may be in two of them. Raises `RequirementsErrors`."""
    if len(sets) == 1:
        return sets[0]
    pins: dict[str, PinnedRequirement] = {}
    errors: list[RequirementsError] = []
    for pin in (pin for one in sets for pin in one.pins):
        other = pins.setdefault(pin.name, pin)
        if other is not pin:
            reason = f"{pin.written_name} is listed here and at {other.location}: keep it in one of the files"
            errors.append(RequirementsError(pin.location, reason))
    if errors:
        raise _together(errors, (), sets)
    return PinnedSet(
        pins=tuple(pins.values()),
        unusable=tuple(line for one in sets for line in one.unusable),
        index_options=_joined([one.index_options for one in sets]),
        format_control=united([one.format_control for one in sets]),
        directives=tuple(directive for one in sets for directive in one.directives),
        warnings=tuple(warning for one in sets for warning in one.warnings),
        skipped=tuple(line for one in sets for line in one.skipped),
    )


def _together(
    errors: Sequence[RequirementsError], refused: Sequence[RequirementsErrors], sets: Sequence[PinnedSet]
) -> RequirementsErrors:
    """`errors`, and below them what is wrong beside them: in files that were refused, and in those that were not."""
    from peep.requirements.secondary_errors import secondary_errors  # noqa: PLC0415 - for a failing run only

    also = [error for one in refused for error in one.also]
    return RequirementsErrors(
        errors, [*also, *(error for one in sets for error in secondary_errors(one.pins, one.unusable))]
    )


def with_formats(pinned: PinnedSet, given: FormatControl) -> FormatControl:
    """Format control of the files and of the command line together; the command line is read last."""
    return united([pinned.format_control, given])


def _joined(options: Sequence[IndexOptions]) -> IndexOptions:
    if not options:
        return IndexOptions(keeps_default_index=True)
    return replace(
        options[0],
        index_urls=tuple(dict.fromkeys(url for one in options for url in one.index_urls)),
        find_links=tuple(dict.fromkeys(place for one in options for place in one.find_links)),
        no_index=any(one.no_index for one in options),
        trusted_hosts=tuple(dict.fromkeys(host for one in options for host in one.trusted_hosts)),
        keeps_default_index=all(one.keeps_default_index or not one.index_urls for one in options),
    )


def united(controls: Sequence[FormatControl]) -> FormatControl:
    """Several format controls as one; later ones count over earlier ones."""
    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()
    for control in controls:
        no_binary = (no_binary - control.only_binary) | control.no_binary
        only_binary = (only_binary - control.no_binary) | control.only_binary
    return FormatControl(no_binary, only_binary)
