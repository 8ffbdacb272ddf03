"""Fetching: each pin goes through the stages that `workflows/install.py` names.

Wheels are unpacked into the store while other archives are still on their way (that changes no environment and runs no
code); sdists are handed on verified, since building runs code and has to wait for all of them (promise 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from threading import Lock

from peep.archives.download import Downloader, DownloadTask, OnVerified, Receive, Verify
from peep.concurrency.thread_pool import run_tasks
from peep.dataclass import dataclass, field, replace
from peep.errors import ArchiveError, HashMissing, NoUsableFile, Problem
from peep.formats.url_secrets import without_secret_parameters
from peep.formats.urls import without_credentials
from peep.index.answers import ProjectAnswers, SourceFailure
from peep.index.client import PackageIndex
from peep.index.rejection_messages import choice_lines, naming_places
from peep.model import (
    ArchiveKind,
    Candidate,
    Digest,
    FormatControl,
    FromIndex,
    PinnedRequirement,
    PlannedWheel,
    ProjectDetail,
    Provenance,
    StoredWheel,
    TargetEnvironment,
    VerifiedArchive,
    listed_digest,
)
from peep.pipeline.selection_cache import (
    KIND,
    CachedSelection,
    is_listed,
    parsed_selections,
    pin_key,
    rendered_selections,
    selections_key,
)
from peep.pipeline.unanswered import failures_as_problems, is_needed, is_unserved, warnings_about
from peep.pipeline.unpacking import Unpack, Unpacker
from peep.reporting import Reporter
from peep.store.wheels import Store

Select = Callable[
    [PinnedRequirement, Sequence[ProjectDetail], TargetEnvironment, FormatControl], Candidate | NoUsableFile
]


@dataclass(frozen=True, slots=True)
class Stages:
    """The way of each archive; `workflows/install.py` says which functions these are, for every verb."""

    select: Select
    """Which file, among those that the indexes offer for a pin."""
    receive: Receive
    """All bytes of that file, hashed as they come."""
    verify: Verify
    """The gate: the only maker of a `VerifiedArchive`."""
    unpack: Unpack
    """A verified wheel into the store; an sdist waits for the builds."""


@dataclass(frozen=True, slots=True)
class FetchResult:
    """All that came of the pins of one run."""

    wheels: dict[str, PlannedWheel] = field(default_factory=dict)
    """By project name."""
    sdists: tuple[VerifiedArchive, ...] = ()
    problems: tuple[Problem, ...] = ()
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class WheelProvider:
    """The sources of wheels: the store, then indexes, which `open_index` opens only when the network is needed."""

    stages: Stages
    target: TargetEnvironment
    formats: FormatControl
    store: Store
    reporter: Reporter
    open_index: Callable[[], PackageIndex]
    open_downloader: Callable[[Stages], Downloader]
    has_find_links: Callable[[], bool] = lambda: False
    """Whether `--find-links` is among the sources."""
    allow_record_mismatch: frozenset[str] = frozenset()
    """Normalised names of projects whose wheels may differ from their RECORD."""

    def remembered(self, pins: Iterable[PinnedRequirement]) -> dict[str, PlannedWheel]:
        """Wheels that an earlier run chose for these very pins and that are still in the store; asks nobody."""
        choices = parsed_selections(self.store.get_value(KIND, self._key()))
        chosen = {pin.name: (pin, choices[key]) for pin in pins if (key := pin_key(pin)) in choices}
        stored = self.store.get_many(choice.sha256 for _, choice in chosen.values())
        stored = {sha256: wheel for sha256, wheel in stored.items() if self._is_acceptable(wheel)}
        return {
            name: planned(pin, stored[choice.sha256], choice)
            for name, (pin, choice) in chosen.items()
            if choice.sha256 in stored and is_listed(choice, pin)
        }

    def _is_acceptable(self, wheel: StoredWheel) -> bool:
        """Whether this run, too, lets pass what is wrong with a wheel, which is told on every use.

        If not, the wheel is fetched and refused, as on a machine that never had it.
        """
        if wheel.record_mismatches and wheel.identity.name not in self.allow_record_mismatch:
            return False
        for mismatch in wheel.record_mismatches:
            self.reporter.warning(f"{wheel.identity.filename}: {mismatch}")
        return True

    def stored_wheel(self, sha256: str) -> StoredWheel | None:
        """A wheel that is in the store and that this run may use."""
        wheel = self.store.get(sha256)
        return wheel if wheel is not None and self._is_acceptable(wheel) else None

    def tell_choice(self, chosen: Candidate) -> None:
        for caution in chosen.cautions:
            self.reporter.warning(f"{chosen.pin}: {caution}")
        for line in choice_lines(chosen):
            self.reporter.detail(line)

    def recognised(self, problem: Problem) -> Problem:
        """Say of an unhashed archive whether the store holds the very same."""
        if isinstance(problem, HashMissing):
            return replace(problem, seen_before=self.store.get(problem.got.hex) is not None)
        return problem

    def remember(self, choices: dict[str, CachedSelection]) -> None:
        """Keep choices for the next run; forgetting them would cost time only."""
        if choices:
            old = parsed_selections(self.store.get_value(KIND, self._key()))
            self.store.put_value(KIND, self._key(), rendered_selections(old, choices))

    def _key(self) -> str:
        return selections_key(self.target, self.formats)


def fetch_all(pins: Sequence[PinnedRequirement], provider: WheelProvider) -> FetchResult:
    """Take every pin through the stages: choose, receive, verify and unpack; each failure is one of the problems.

    Raises `UsageError` and `StoreError` for what keeps all of them from coming.
    """
    if not pins:
        return FetchResult()
    with closing(Unpacker(provider.store, len(pins))) as unpacker:
        arrivals = _Arrivals(provider, unpacker)
        search = Search(provider, pins, arrivals.accept, arrivals.has_stored)
        run_tasks(search.tasks, search.stop)
    candidates, found = search.results()
    unsure = {pin_key(pin) for pin in search.partly_answered()}  # with all sources, another file might be chosen
    provider.remember({key: choice for key, choice in arrivals.choices.items() if key not in unsure})
    problems = tuple(provider.recognised(problem) for problem in found)
    return FetchResult(arrivals.wheels, tuple(arrivals.sdists), problems, candidates)


def wheels_for(pins: Sequence[PinnedRequirement], provider: WheelProvider) -> FetchResult:
    """As `fetch_all`, and nothing is asked for that an earlier run has put into the store for these very pins."""
    stored = provider.remembered(pins)
    fetched = fetch_all([pin for pin in pins if pin.name not in stored], provider)
    return replace(fetched, wheels={**stored, **fetched.wheels})


class Search:
    """The tasks of one run: to ask for projects and choose files, and to fetch archives.

    Archives come first, so that they are on their way while other projects are still asked for.
    """

    def __init__(
        self,
        provider: WheelProvider,
        pins: Sequence[PinnedRequirement],
        accept: OnVerified,
        is_there: Callable[[Candidate], bool] = lambda _: False,
    ) -> None:
        """`accept` takes verified archives; what `is_there` need not be fetched. Both are called in many threads."""
        self._provider = provider
        self._pins = pins
        self._downloader = provider.open_downloader(provider.stages)
        self._accept = accept
        self._is_there = is_there
        self._chosen: dict[int, Candidate | NoUsableFile] = {}
        self._failures: dict[int, tuple[SourceFailure, ...]] = {}
        self._downloads: dict[int, DownloadTask] = {}
        """All by the number of the pin."""
        self.tasks = self._downloader.tasks
        self.stop = self._downloader.stop
        index = provider.open_index() if any(map(_is_asked_for, pins)) else None
        for number, pin in enumerate(pins):
            if index is not None and _is_asked_for(pin):
                self.tasks.add(partial(self._ask, index, number, pin))
            else:
                self._choose(number, pin, ProjectAnswers())

    def results(self) -> tuple[tuple[Candidate, ...], tuple[Problem, ...]]:
        """The choices and all problems, once the tasks have run; each in the order of the pins, choosing first."""
        tasks = dict.fromkeys(self._downloads[number] for number in sorted(self._downloads))
        of_downloads = [problem for task in tasks for problem in task.problems]
        candidates: list[Candidate] = []
        problems: list[Problem] = []
        done_without: list[tuple[PinnedRequirement, tuple[SourceFailure, ...]]] = []
        for number, pin in enumerate(self._pins):
            chosen, failures = self._chosen[number], self._failures.get(number, ())
            if failures and (is_needed(pin, chosen) or is_unserved(pin, of_downloads)):
                problems += failures_as_problems(pin, failures)
                continue
            if failures:
                done_without.append((pin, failures))
            if isinstance(chosen, Candidate):
                candidates.append(chosen)
            else:
                problems.append(chosen)
        for candidate in candidates:
            self._provider.tell_choice(candidate)
        has_find_links = bool(done_without) and self._provider.has_find_links()
        for text in warnings_about(done_without, has_find_links=has_find_links):
            self._provider.reporter.warning(text)
        return tuple(candidates), (*problems, *of_downloads)

    def partly_answered(self) -> list[PinnedRequirement]:
        """Pins for which some source could not be asked."""
        return [self._pins[number] for number in sorted(self._failures)]

    def _ask(self, index: PackageIndex, number: int, pin: PinnedRequirement) -> None:
        self._choose(number, pin, index.answers(pin.name))

    def _choose(self, number: int, pin: PinnedRequirement, answers: ProjectAnswers) -> None:
        provider = self._provider
        chosen = provider.stages.select(pin, answers.details, provider.target, provider.formats)
        chosen = self._chosen[number] = naming_places(chosen, answers.asked)
        if answers.failures:
            self._failures[number] = answers.failures
            if is_needed(pin, chosen):
                return
        if isinstance(chosen, Candidate) and not self._is_there(chosen):
            self._downloads[number] = self._downloader.add(chosen, self._accept)


def _is_asked_for(pin: PinnedRequirement) -> bool:
    """Whether indexes are to be asked; other pins say themselves where their files are."""
    return isinstance(pin.source, FromIndex)


class _Arrivals:
    """Takes verified archives from the downloader's threads."""

    def __init__(self, provider: WheelProvider, unpacker: Unpacker) -> None:
        self._provider = provider
        self._unpacker = unpacker
        self._lock = Lock()
        self.wheels: dict[str, PlannedWheel] = {}
        self.sdists: list[VerifiedArchive] = []
        self.choices: dict[str, CachedSelection] = {}

    def has_stored(self, candidate: Candidate) -> bool:
        """Take the chosen wheel from the store, if the digest that its index states is listed and lies there.

        What the index states decides nothing here: the store holds what once had that very digest, and the user lists
        it. Where a lock file states a size too, the archive is needed to compare it.
        """
        pin, file = candidate.pin, candidate.file
        digest = listed_digest(file.hashes, pin, file.filename)
        if digest is None or digest.algorithm != "sha256" or candidate.exact_size is not None:
            return False
        wheel = self._provider.stored_wheel(digest.hex)
        if wheel is None or wheel.identity.name != pin.name or candidate.kind is not ArchiveKind.WHEEL:
            return False
        url = without_secret_parameters(without_credentials(file.url))
        self._keep(pin, wheel, CachedSelection(wheel.sha256, url, file.filename, (str(digest),)))
        return True

    def accept(self, archive: VerifiedArchive) -> None:
        """Unpack a wheel into the store, keep an sdist for the builds. Raises `ArchiveError` for a bad wheel."""
        if archive.kind is ArchiveKind.SDIST:
            with self._lock:
                self.sdists.append(archive)
            return
        pin = archive.pin
        with archive.file:
            wheel = add_wheel(archive, self._provider, self._unpacker)
        choice = CachedSelection(
            wheel.sha256, archive.url, archive.filename, tuple({str(archive.digest), f"sha256:{wheel.sha256}"})
        )
        self._keep(pin, wheel, choice)

    def _keep(self, pin: PinnedRequirement, wheel: StoredWheel, choice: CachedSelection) -> None:
        with self._lock:
            self.wheels[pin.name] = planned(pin, wheel, choice)
            self.choices[pin_key(pin)] = choice


def add_wheel(archive: VerifiedArchive, provider: WheelProvider, unpacker: Unpacker) -> StoredWheel:
    """Unpack a verified wheel into the store. Raises `ArchiveError` for a bad wheel, and one of another project."""
    pin = archive.pin
    wheel, warnings = provider.stages.unpack(archive, unpacker, is_excused=pin.name in provider.allow_record_mismatch)
    if wheel.identity.name != pin.name:
        raise ArchiveError(archive.filename, [f"it is a wheel of {wheel.identity.name}, not of {pin.name}"])
    for warning in warnings:
        provider.reporter.warning(f"{archive.filename}: {warning}")
    return wheel


def planned(pin: PinnedRequirement, wheel: StoredWheel, choice: CachedSelection) -> PlannedWheel:
    """A stored wheel with what will be recorded of where it came from."""
    hashes = tuple(Digest(*text.split(":", 1)) for text in sorted(choice.hashes))
    return PlannedWheel(wheel, Provenance(choice.url, hashes, is_direct=pin.url is not None), pin.is_requested)
