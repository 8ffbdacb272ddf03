"""`peep lock`: from loose requirements to hashed pins, complete for every declared target, or not written.

Read the sources and the present lock, ask the indexes, solve for each target, merge, read the text back, write it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone

from peep.dataclass import dataclass, field, replace
from peep.environment.target import discover_target
from peep.errors import PeepError, RequirementsErrors, UsageError
from peep.formats.ages import parse_age
from peep.formats.target_ids import TargetId, parse_target_id
from peep.index.client import PackageIndex
from peep.locking.candidates import CandidatePolicy
from peep.locking.changes import PinChange, changes
from peep.locking.completeness import JudgedPin
from peep.locking.group_view import Admission, GroupView, KnownPin, ViewSources
from peep.locking.listed_pins import judged_pins, known_pins
from peep.locking.lock_paths import LockPaths
from peep.locking.lock_plan import HashPolicy, PlannedPin
from peep.locking.lock_run import LockInputs
from peep.locking.make_lock import Lock, LockFormat, OutsideWorld, make_lock, written_pins
from peep.locking.output.requirements_txt import RequirementsLock, requirements_text
from peep.locking.settings import LockSettings
from peep.locking.solver import TargetSolution
from peep.locking.source_files import Sources, admission, from_requirements_files, option_lines
from peep.locking.target_groups import joint_groups
from peep.model import FormatControl, IndexOptions, TargetEnvironment
from peep.pipeline.kept_pages import RevalidatedPages
from peep.pipeline.lock_metadata import IndexMetadata
from peep.pipeline.lock_pages import IndexPages
from peep.pipeline.lock_walk import walk
from peep.requirements.file_parser import OptionLine, RequirementLine, parse_text
from peep.requirements.files import (
    RequirementsFile,
    parse_arguments,
    read_requirements_files,
)
from peep.requirements.naming import normalised
from peep.requirements.run_options import RunOptions, with_format
from peep.requirements.text import DecodedText, decode
from peep.store.metadata_cache import MetadataCache
from peep.store.page_cache import PageCache
from peep.store.wheels import Store
from peep.system.files import write_atomically
from peep.target.declared import id_of_environment
from peep.workflows.network import Network
from peep.workflows.options import InstallOptions
from peep.workflows.pins import Reading
from peep.workflows.pip_configuration import configured_pip
from peep.workflows.session import opened_store, target_request
from peep.workflows.surroundings import Surroundings

_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class LockOptions:
    """Everything that `peep lock` can be asked for."""

    base: InstallOptions
    """Indexes, network, store, interpreter, output."""
    paths: LockPaths
    settings: LockSettings = field(default_factory=LockSettings)
    upgrade: bool = False
    upgraded: tuple[tuple[str, str], ...] = ()
    """`--upgrade-package`: names, and the versions that they are to have ('' the newest)."""
    refresh_hashes: bool = False
    allows_pre_releases: bool = False
    is_check: bool = False
    is_dry_run: bool = False
    arguments: tuple[str, ...] = ()
    """Options for the header: those that say what is locked."""


@dataclass(frozen=True, slots=True)
class LockResult:
    """What a run made, and what it changed."""

    path: str
    is_written: bool
    is_different: bool
    """The file is, or would be, another than before."""
    targets: tuple[str, ...]
    pins: tuple[PlannedPin, ...]
    changes: tuple[PinChange, ...]
    warnings: tuple[str, ...]


def lock(options: LockOptions, surroundings: Surroundings) -> LockResult:
    """Make the lock and write it, unless `--check` or `--dry-run` forbid that, or nothing changes.

    Raises `NoSolution` with every target that has none, `RequirementsErrors` with every bad line; nothing is written.
    """
    with opened_lock(options, surroundings) as session:
        present = read_present(options.paths.output)
        targets = session.declared_targets(present)
        sources = session.read_sources()
        made = session.make(sources, present, targets)
        return finish(options, present, made, targets)


def finish(options: LockOptions, present: PresentLock, made: Lock, targets: Sequence[TargetId]) -> LockResult:
    """Write the text where it differs, and tell what became of each pin."""
    content = present.source.encode(made.text)
    is_different = content != present.content
    is_written = is_different and not (options.is_check or options.is_dry_run)
    if is_written:
        write_lock(options.paths.output, content)
    return LockResult(
        options.paths.output,
        is_written,
        is_different,
        tuple(sorted(target.text for target in targets)),
        made.pins,
        changes(present.known, made.pins),
        made.warnings,
    )


def write_lock(path: str, content: bytes) -> None:
    """Let `path` hold `content`, whole, or what it held before. Raises `PeepError`."""
    try:
        write_atomically(path, content, durable=True)
    except OSError as error:
        raise PeepError(f"{path} cannot be written: {error.strerror or error}") from error


# -- the present lock --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PresentLock:
    """What the output file holds before the run."""

    content: bytes | None = None
    source: DecodedText = field(default_factory=DecodedText)
    known: dict[str, tuple[KnownPin, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    """Of its `--locked-for` lines."""

    @property
    def line_end(self) -> str:
        """CRLF where the first line ends so, else LF."""
        first = self.source.text.partition("\n")[0]
        return "\r\n" if first.endswith("\r") else "\n"


def read_present(path: str) -> PresentLock:
    """Read the lock that is there; without one there is nothing to keep. Raises `RequirementsErrors`."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return PresentLock()
    except OSError as error:
        raise PeepError(f"{path} cannot be read: {error.strerror or error}") from error
    source = decode(content, path)
    parsed = parse_text(source.text, path, {})
    pins, errors = judged_pins(entry for entry in parsed.entries if isinstance(entry, RequirementLine))
    if parsed.errors or errors:
        raise RequirementsErrors([*parsed.errors, *errors])
    stated = tuple(one.value for one in parsed.directives if one.option == "--locked-for")
    return PresentLock(content, source, dict(known_pins(pins)), stated)


# -- the run -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadSources:
    """Sources of a run, and what they say about indexes and formats."""

    sources: Sources
    index_options: IndexOptions
    formats: FormatControl
    option_lines: tuple[str, ...]
    line_end: str = "\n"


@dataclass(frozen=True, slots=True)
class LockSession:
    """One run: its options and what it works on."""

    options: LockOptions
    surroundings: Surroundings
    store: Store
    network: Network
    scratch: str

    def declared_targets(self, present: PresentLock) -> tuple[TargetId, ...]:
        """Command line and settings, else the lines of the present lock, else this interpreter, which is told."""
        texts = self.options.settings.targets or present.targets or ("here",)
        if texts == ("here",) and not self.options.settings.targets:
            self.surroundings.reporter.note(f"locked for {self._here()}, this interpreter; --target declares others")
        return tuple(sorted({parse_target_id(self._here() if text == "here" else text) for text in texts}))

    def _here(self) -> str:
        environment: TargetEnvironment = discover_target(target_request(self.options.base.target), self.store)
        found = id_of_environment(environment.version, environment.tags, environment.markers)
        if not found:
            raise UsageError("this interpreter is of a kind that no target ID names", "declare targets: --target ID")
        return found

    def read_sources(self) -> ReadSources:
        """Read all sources. Raises `RequirementsErrors` with every bad line of all of them."""
        paths = self.options.paths
        reading = Reading(self.network.transport, self.surroundings.standard_input)
        files, faults = read_requirements_files(
            paths.files, reading.read, self.surroundings.environ, self.options.settings.constraints
        )
        given, malformed = parse_arguments(paths.requirements, self.surroundings.environ)
        sources = from_requirements_files([*files, given], paths.files)
        run_options = RunOptions(os.path.exists)
        run_options.take_all(option for file in files for option in file.options)
        lines, leaks = option_lines(unexpanded(files))
        errors = [*faults, *malformed, *sources.errors, *run_options.errors, *leaks]
        if errors:
            raise RequirementsErrors(errors)
        for warning in sources.warnings:
            self.surroundings.reporter.warning(warning)
        return ReadSources(sources, run_options.index_options, run_options.format_control, lines, line_end_of(files))

    def make(self, read: ReadSources, present: PresentLock, targets: Sequence[TargetId]) -> Lock:
        """Ask the indexes and solve."""
        self.network.stated = read.index_options
        inputs = self._inputs(read, present, targets)
        pages = IndexPages(self._open_index, ())
        cache = MetadataCache(self.store)
        metadata = IndexMetadata(self.network.transport, cache, self.scratch, self.surroundings.reporter)
        world = OutsideWorld(pages, metadata, metadata)
        sources = ViewSources(pages, metadata, inputs.policy, inputs.admission, inputs.known)
        walk([GroupView(group, sources, {}) for group in joint_groups(inputs.targets)], inputs.roots)
        is_narrow = self.options.settings.hashes == "targets"
        hashes = HashPolicy(inputs.policy, is_narrow, self.options.refresh_hashes)
        line_end = present.line_end if present.content is not None else read.line_end

        def write(planned: Sequence[PlannedPin], solutions: Sequence[TargetSolution]) -> str:
            del solutions
            return self._text(planned, targets, read, line_end)

        made = make_lock(inputs, world, hashes, LockFormat(write, read_pins_of_text))
        return replace(made, warnings=(*made.warnings, *shadow_warnings(pages.shadowed(), made.pins)))

    def _open_index(self) -> PackageIndex:
        return self.network.index(RevalidatedPages(PageCache(self.store)))

    def _text(
        self, planned: Sequence[PlannedPin], targets: Sequence[TargetId], read: ReadSources, line_end: str
    ) -> str:
        paths = self.options.paths
        arguments = (
            *sorted((*self.options.arguments, f"--output-file={paths.output}")),
            *sorted((*paths.files, *paths.requirements)),
        )
        pins = written_pins(planned, annotates_files=self.options.settings.annotate_files)
        text = RequirementsLock(arguments, tuple(target.text for target in targets), pins, read.option_lines)
        return requirements_text(text, line_end)

    def _inputs(self, read: ReadSources, present: PresentLock, targets: Sequence[TargetId]) -> LockInputs:
        sources = read.sources
        asked = admission(sources.roots, sources.constraints)
        known = {} if self.options.upgrade else present.known
        names = {normalised(name) for name, _ in self.options.upgraded}
        return LockInputs(
            tuple(targets),
            sources.roots,
            sources.constraints,
            self._policy(read.formats),
            Admission(asked.pre_releases, asked.exact),
            {name: pins for name, pins in known.items() if name not in names},
        )

    def _policy(self, stated: FormatControl) -> CandidatePolicy:
        settings = self.options.settings
        formats = stated
        for option, values in (("--no-binary", settings.no_binary), ("--only-binary", settings.only_binary)):
            for value in values:
                formats = with_format(formats, option, value)
        now = datetime.now(timezone.utc)
        limit = parse_age(settings.min_age, now) if settings.min_age else None
        limits = {normalised(name): parse_age(age, now) for name, age in settings.min_age_for.items()}
        return CandidatePolicy(formats, limit, limits, self.options.allows_pre_releases)


def shadow_warnings(shadowed: Mapping[str, Sequence[str]], pins: Sequence[PlannedPin]) -> Iterator[str]:
    """Tell of listed projects that several indexes have, in one line for each set of indexes."""
    names = {pin.merged.name for pin in pins}
    by_indexes: dict[tuple[str, ...], list[str]] = {}
    for name, indexes in shadowed.items():
        if name in names:
            by_indexes.setdefault(tuple(indexes), []).append(name)
    for (first, *others), found in by_indexes.items():
        shown = ", ".join(found[:_MOST_NAMES]) + (
            f" and {len(found) - _MOST_NAMES} more" if found[_MOST_NAMES:] else ""
        )
        yield f"{shown}: taken from {first}, which comes first, though {', '.join(others)} has them as well"


@contextmanager
def opened_lock(options: LockOptions, surroundings: Surroundings) -> Iterator[LockSession]:
    """Open store and network for a run; both are let go at its end."""
    with ExitStack() as stack:
        store = stack.enter_context(opened_store(options.base.store, surroundings))
        defaults = configured_pip(options.base, surroundings.environ, os.path.join(store.layout.remembered, "pip"))
        network = Network(options.base, surroundings, defaults)
        stack.callback(network.close)
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="peep-lock-", ignore_cleanup_errors=True))
        yield LockSession(options, surroundings, store, network, scratch)


def read_pins_of_text(text: str) -> tuple[JudgedPin, ...]:
    """Read a lock's text as an installer does. Raises `RequirementsErrors`."""
    parsed = parse_text(text, "the new lock", {})
    pins, errors = judged_pins(entry for entry in parsed.entries if isinstance(entry, RequirementLine))
    if parsed.errors or errors:
        raise RequirementsErrors([*parsed.errors, *errors])
    return pins


def unexpanded(files: Sequence[RequirementsFile]) -> Iterator[OptionLine]:
    """Give back the option lines of the sources as they are written, variables in them."""
    for file in files:
        parsed = parse_text(file.source.text, file.path, {})
        yield from (entry for entry in parsed.entries if isinstance(entry, OptionLine))


def line_end_of(files: Sequence[RequirementsFile]) -> str:
    """Give back how the lines of the first source end."""
    return "\r\n" if files and files[0].source.text.partition("\n")[0].endswith("\r") else "\n"
