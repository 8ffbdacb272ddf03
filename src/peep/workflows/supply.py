"""Pins become stored wheels: from memory and store where both know them, else from the indexes, verified.

Wheels are unpacked into the store while other archives are still on their way (that changes no environment and runs no
code); sdists are handed on verified, since building runs code and has to wait for all of them (promise 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from threading import Lock

from peep.archives.download import Downloader, OnVerified, Order
from peep.dataclass import dataclass, field, replace
from peep.errors import (
    ArchiveError,
    FetchFailure,
    HashMissing,
    PeepError,
    Problem,
    TransportError,
    UsageError,
)
from peep.index.client import PackageIndex
from peep.index.selection import select_candidate
from peep.index.why_not import choice_lines
from peep.model import (
    ArchiveKind,
    Candidate,
    Digest,
    FormatControl,
    PinnedRequirement,
    PlannedWheel,
    ProjectDetail,
    Provenance,
    StoredWheel,
    TargetEnvironment,
    VerifiedArchive,
    listed_digest,
)
from peep.reporting import Reporter
from peep.store.wheels import Store
from peep.system.redirects import without_credentials
from peep.system.threads import Lane, run_lanes
from peep.workflows.choices import (
    KIND,
    Choice,
    choices_key,
    is_listed,
    parsed_choices,
    pin_key,
    rendered_choices,
)
from peep.workflows.unpacking import Unpacker


@dataclass(slots=True)
class Supply:
    """What came of asking for pins."""

    wheels: dict[str, PlannedWheel] = field(default_factory=dict)
    """By project name."""
    sdists: list[VerifiedArchive] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Supplier:
    """Knows where wheels come from; `open_index` and `open_downloader` are called only when the network is needed."""

    target: TargetEnvironment
    formats: FormatControl
    store: Store
    reporter: Reporter
    open_index: Callable[[], PackageIndex]
    open_downloader: Callable[[], Downloader]
    allow_record_mismatch: frozenset[str] = frozenset()
    """Normalised names of projects whose wheels may differ from their RECORD."""

    def remembered(self, pins: Iterable[PinnedRequirement]) -> dict[str, PlannedWheel]:
        """Wheels that an earlier run chose for these very pins and that are still in the store; asks nobody."""
        choices = parsed_choices(self.store.lookup(KIND, self._key()))
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

    def fetch(self, pins: Sequence[PinnedRequirement]) -> Supply:
        """Choose, fetch, verify and unpack an archive for each pin; every failure is in the supply's problems."""
        supply = Supply()
        if not pins:
            return supply
        with closing(Unpacker(self.store, len(pins))) as unpacker:
            arrivals = _Arrivals(self, supply, unpacker)
            supply.candidates, found = self.sought(pins, arrivals.accept, arrivals.has_stored)
        supply.problems = [self._recognised(problem) for problem in found]
        self.remember(arrivals.choices)
        return supply

    def sought(
        self,
        pins: Sequence[PinnedRequirement],
        accept: OnVerified,
        is_there: Callable[[Candidate], bool] = lambda _: False,
    ) -> tuple[list[Candidate], list[Problem]]:
        """Choose a file for each pin and fetch it, unless it `is_there`; give back what was chosen, and what is wrong.

        Archives are on their way while other projects are still asked for. `accept` and `is_there` are called from
        several threads. A pin without a file is a problem that says why; all problems are in the order of `pins`.
        """
        candidates, problems = _Search(self, pins, accept, is_there).run()
        for candidate in candidates:
            self._tell(candidate)
        return candidates, problems

    def _tell(self, chosen: Candidate) -> None:
        for caution in chosen.cautions:
            self.reporter.warning(f"{chosen.pin}: {caution}")
        for line in choice_lines(chosen):
            self.reporter.detail(line)

    def _recognised(self, problem: Problem) -> Problem:
        """Say of an unhashed archive whether the store holds the very same."""
        if isinstance(problem, HashMissing):
            return replace(problem, seen_before=self.store.get(problem.got.hex) is not None)
        return problem

    def remember(self, choices: dict[str, Choice]) -> None:
        """Keep choices for the next run; forgetting them would cost time only."""
        if choices:
            old = parsed_choices(self.store.lookup(KIND, self._key()))
            self.store.note(KIND, self._key(), rendered_choices(old, choices))

    def _key(self) -> str:
        return choices_key(self.target, self.formats)


class _Search:
    """Asks for projects, chooses and orders, each in threads of its own kind."""

    def __init__(
        self,
        supplier: Supplier,
        pins: Sequence[PinnedRequirement],
        accept: OnVerified,
        is_there: Callable[[Candidate], bool],
    ) -> None:
        self._supplier = supplier
        self._pins = pins
        self._index = supplier.open_index() if any(map(_is_asked_for, pins)) else None
        self._downloader = supplier.open_downloader()
        self._accept = accept
        self._is_there = is_there
        self._outcomes: dict[int, Candidate | Problem] = {}
        self._orders: dict[int, Order] = {}
        """Both by the number of the pin."""
        self._fallbacks: dict[int, FetchFailure] = {}
        """By number: what kept an index from being asked, where find-links may have the listed archive all the same."""

    def run(self) -> tuple[list[Candidate], list[Problem]]:
        """What was chosen, and what is wrong: with choices, then with downloads, each in the order of the pins."""
        # Nearly all that a small page takes needs the interpreter lock; a second thread would wait for it.
        asking = Lane(first=1)
        for number, pin in enumerate(self._pins):
            if self._index is not None and _is_asked_for(pin):
                asking.add(partial(self._ask, self._index, number, pin))
            else:
                self._choose(number, pin, ())
        run_lanes([asking, self._downloader.lane], self._downloader.stop)
        self._settle_fallbacks()
        outcomes = [self._outcomes[number] for number in range(len(self._pins))]
        candidates = [outcome for outcome in outcomes if isinstance(outcome, Candidate)]
        problems = [outcome for outcome in outcomes if not isinstance(outcome, Candidate)]
        orders = dict.fromkeys(self._orders[number] for number in sorted(self._orders))
        return candidates, [*problems, *(problem for order in orders for problem in order.problems)]

    def _ask(self, index: PackageIndex, number: int, pin: PinnedRequirement) -> None:
        failed = next(iter(self._fallbacks.values()), None)
        if failed is not None and self._falls_back(index, number, replace(failed, pin=pin)):
            return  # it would fail again, after as many attempts
        try:
            answer = index.project(pin.name)
        except UsageError:
            raise  # wrong certificates, a wrong proxy: it is the same for all projects
        except PeepError as error:
            failure = FetchFailure(pin, "", str(error), error.hint)
            if not (isinstance(error, TransportError) and self._falls_back(index, number, failure)):
                self._outcomes[number] = failure
        else:
            self._choose(number, pin, answer)

    def _falls_back(self, index: PackageIndex, number: int, failure: FetchFailure) -> bool:
        """Try what find-links has for a hashed pin, of which no index need say anything to be trusted."""
        pin = failure.pin
        try:
            details = index.in_find_links(pin.name) if pin.hashes else ()
        except PeepError:
            return False
        if not isinstance(select_candidate(pin, details, self._supplier.target, self._supplier.formats), Candidate):
            return False
        self._fallbacks[number] = failure
        self._choose(number, pin, details)
        return True

    def _settle_fallbacks(self) -> None:
        """Where find-links did not have it either, the index is what failed; else that is worth a warning."""
        for number, failure in self._fallbacks.items():
            order = self._orders.get(number)
            if order is not None and order.problems:
                self._outcomes[number] = failure
                del self._orders[number]
        had = [number for number, failure in sorted(self._fallbacks.items()) if self._outcomes[number] is not failure]
        if had:
            reason = self._fallbacks[had[0]].reason
            self._supplier.reporter.warning(
                f"{reason}; --find-links had {len(had)} of the listed archives, but which one is taken of several may "
                "depend on the index: --no-index keeps to the folder"
            )

    def _choose(self, number: int, pin: PinnedRequirement, answer: Sequence[ProjectDetail]) -> None:
        chosen = select_candidate(pin, answer, self._supplier.target, self._supplier.formats)
        self._outcomes[number] = chosen
        if isinstance(chosen, Candidate) and not self._is_there(chosen):
            self._orders[number] = self._downloader.order(chosen, self._accept)


def _is_asked_for(pin: PinnedRequirement) -> bool:
    """Whether indexes are to be asked; other pins say themselves where their files are."""
    return pin.url is None and not pin.listed_files


class _Arrivals:
    """Takes verified archives from the downloader's threads."""

    def __init__(self, supplier: Supplier, supply: Supply, unpacker: Unpacker) -> None:
        self._supplier = supplier
        self._supply = supply
        self._unpacker = unpacker
        self._lock = Lock()
        self.choices: dict[str, Choice] = {}

    def has_stored(self, candidate: Candidate) -> bool:
        """Take the chosen wheel from the store, if the digest that its index states is listed and lies there.

        What the index states decides nothing here: the store holds what once had that very digest, and the user lists
        it. Where a lock file states a size too, the archive is needed to compare it.
        """
        pin, file = candidate.pin, candidate.file
        digest = listed_digest(file.hashes, pin, file.filename)
        if digest is None or digest.algorithm != "sha256" or candidate.exact_size is not None:
            return False
        wheel = self._supplier.stored_wheel(digest.hex)
        if wheel is None or wheel.identity.name != pin.name or candidate.kind is not ArchiveKind.WHEEL:
            return False
        self._keep(pin, wheel, Choice(wheel.sha256, without_credentials(file.url), file.filename, (str(digest),)))
        return True

    def accept(self, archive: VerifiedArchive) -> None:
        """Unpack a wheel into the store, keep an sdist for the builds. Raises `ArchiveError` for a bad wheel."""
        if archive.kind is ArchiveKind.SDIST:
            with self._lock:
                self._supply.sdists.append(archive)
            return
        pin = archive.pin
        with archive.file:
            wheel = stored(archive, self._supplier, self._unpacker)
        choice = Choice(
            wheel.sha256, archive.url, archive.filename, tuple({str(archive.digest), f"sha256:{wheel.sha256}"})
        )
        self._keep(pin, wheel, choice)

    def _keep(self, pin: PinnedRequirement, wheel: StoredWheel, choice: Choice) -> None:
        with self._lock:
            self._supply.wheels[pin.name] = planned(pin, wheel, choice)
            self.choices[pin_key(pin)] = choice


def stored(archive: VerifiedArchive, supplier: Supplier, unpacker: Unpacker) -> StoredWheel:
    """Unpack a verified wheel into the store. Raises `ArchiveError` for a bad wheel, and one of another project."""
    pin = archive.pin
    wheel, warnings = unpacker.unpack(archive, is_excused=pin.name in supplier.allow_record_mismatch)
    if wheel.identity.name != pin.name:
        raise ArchiveError(archive.filename, [f"it is a wheel of {wheel.identity.name}, not of {pin.name}"])
    for warning in warnings:
        supplier.reporter.warning(f"{archive.filename}: {warning}")
    return wheel


def planned(pin: PinnedRequirement, wheel: StoredWheel, choice: Choice) -> PlannedWheel:
    """A stored wheel with what will be recorded of where it came from."""
    hashes = tuple(Digest(*text.split(":", 1)) for text in sorted(choice.hashes))
    return PlannedWheel(wheel, Provenance(choice.url, hashes, is_direct=pin.url is not None), pin.is_requested)
