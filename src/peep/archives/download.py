"""Fetches archives in parallel and hands on only those that verify.

No archive waits for another, no failure hides another: all problems of a run come back together (promise 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Lock

from peep.archives.receive import DownloadLimits, Reception
from peep.archives.verification import ReceivedArchive, algorithms_for, verify
from peep.concurrency.thread_pool import Lane
from peep.dataclass import replace
from peep.errors import ArchiveError, BadArchive, FetchFailure, HashMismatch, Problem, TransportError
from peep.formats.urls import redacted
from peep.http.transport import Transport
from peep.model import ArchiveKind, Candidate, VerifiedArchive
from peep.reporting import Reporter

OnVerified = Callable[[VerifiedArchive], None]


class Downloader:
    """Turns candidates into verified archives, in one run of its `lane` (`system.threads.run_lanes`).

    `scratch` is a folder that only this user can enter (THREATS N16). Nothing is left in it under any name: the files
    have none, or lose theirs when closed, where the system has no nameless files.
    """

    def __init__(
        self, transport: Transport, scratch: str, reporter: Reporter, limits: DownloadLimits | None = None
    ) -> None:
        self.lane = Lane()
        self.stop = Event()
        """Once it is set, no download goes on."""
        self._reception = Reception(transport, scratch, reporter, limits or DownloadLimits(), self.stop)
        self._orders: dict[str, Order] = {}
        """By URL."""

    def order(self, candidate: Candidate, on_verified: OnVerified) -> Order:
        """Have an archive fetched and verified; what is wrong with it will stand in the order.

        `on_verified` is called from a worker thread as soon as it is verified, and owns its open file from then on. An
        `ArchiveError` that it raises becomes a problem too; anything else that it raises ends the run, as does the
        `StoreError` of a scratch folder that can't be written to.
        """
        known = self._orders.get(candidate.file.url)
        if known is not None and known.includes(candidate):
            return known
        order = self._orders[candidate.file.url] = Order(self._reception, candidate, on_verified)
        # The largest first, so that it does not run alone at the end.
        self.lane.add(order.run, weight=candidate.file.size or 0)
        return order


class Order:
    """A file to be fetched, once for all candidates that want it, and what went wrong."""

    def __init__(self, reception: Reception, candidate: Candidate, on_verified: OnVerified) -> None:
        self.problems: list[Problem] = []
        self._reception = reception
        self._candidates = [candidate]
        self._on_verified = on_verified
        self._lock = Lock()
        self._has_begun = False

    def includes(self, candidate: Candidate) -> bool:
        """Whether this order serves another candidate as well; not when it is under way."""
        with self._lock:
            if not self._has_begun:
                self._candidates.append(candidate)
            return not self._has_begun

    def run(self) -> None:
        """Fetch the file and verify it for each of its candidates."""
        with self._lock:
            self._has_begun = True
        try:
            received = self._receive(self._candidates)
        except TransportError as error:
            self.problems += [_failure(candidate, error) for candidate in self._candidates]
            return
        *others, last = self._candidates
        try:
            for candidate in others:
                self._judge(candidate, self._reception.copy(received, algorithms_for(candidate.pin)))
        except BaseException:
            received.file.close()
            raise
        self._judge(last, received)

    def _receive(self, candidates: Sequence[Candidate]) -> ReceivedArchive:
        algorithms = {name for candidate in candidates for name in algorithms_for(candidate.pin)}
        sizes = [candidate.exact_size for candidate in candidates]
        limit = max((size for size in sizes if size is not None), default=None)
        return self._reception.receive(candidates[0].file, algorithms, None if None in sizes else limit)

    def _judge(self, candidate: Candidate, received: ReceivedArchive) -> None:
        outcome = verify(candidate, received)
        if isinstance(outcome, VerifiedArchive):
            self._hand_on(outcome)
            return
        received.file.close()
        if not (isinstance(outcome, HashMismatch) and self._found_among_alternatives(candidate)):
            self.problems.append(outcome)

    def _found_among_alternatives(self, candidate: Candidate) -> bool:
        """Look for the listed file among those of which the index states no digest, in order of preference."""
        for file in candidate.alternatives:
            kind = ArchiveKind.WHEEL if file.filename.endswith(".whl") else ArchiveKind.SDIST
            other = replace(candidate, file=file, kind=kind, alternatives=())
            try:
                received = self._receive([other])
            except TransportError:
                continue
            outcome = verify(other, received)
            if isinstance(outcome, VerifiedArchive):
                self._hand_on(outcome)
                return True
            received.file.close()
        return False

    def _hand_on(self, archive: VerifiedArchive) -> None:
        try:
            self._on_verified(archive)
        except ArchiveError as error:
            archive.file.close()
            self.problems.append(BadArchive(archive.pin, archive.filename, error.problems, error.hint))


def _failure(candidate: Candidate, error: TransportError) -> FetchFailure:
    return FetchFailure(candidate.pin, redacted(candidate.file.url), error.reason, error.hint)
