"""Fetches archives in parallel and hands on only those that verify.

No archive waits for another, no failure hides another: all problems of a run come back together (promise 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

from peep.archives.reception import DownloadLimits, Reception
from peep.archives.verification import ReceivedArchive, algorithms_for, verify
from peep.dataclass import dataclass, replace
from peep.errors import ArchiveError, BadArchive, FetchFailure, HashMismatch, Problem, TransportError
from peep.model import ArchiveKind, Candidate, VerifiedArchive
from peep.reporting import Reporter
from peep.system.threads import run_in_threads
from peep.system.transport import Transport, redacted

OnVerified = Callable[[VerifiedArchive], None]


@dataclass(frozen=True, slots=True)
class _Order:
    """Candidates that want the same URL: it is fetched once."""

    candidates: tuple[Candidate, ...]


class Downloader:
    """Turns candidates into verified archives.

    `scratch` is a folder that only this user can enter (THREATS N16). Nothing is left in it under any name: the files
    have none, or lose theirs when closed, where the system has no nameless files.
    """

    def __init__(
        self,
        transport: Transport,
        scratch: str,
        reporter: Reporter,
        connections: int = 32,
        limits: DownloadLimits | None = None,
    ) -> None:
        self._transport = transport
        self._scratch = scratch
        self._reporter = reporter
        self._connections = connections
        self._limits = limits or DownloadLimits()

    def fetch(self, candidates: Sequence[Candidate], on_verified: OnVerified) -> list[Problem]:
        """Fetch and verify all `candidates`; give back every problem, in the order of the candidates.

        `on_verified` is called from a worker thread for each archive as soon as it is verified, and owns its open file
        from then on. An `ArchiveError` that it raises becomes a problem too; anything else that it raises ends the run.
        Raises `StoreError` when the scratch folder cannot be written to.
        """
        stop = Event()
        reception = Reception(self._transport, self._scratch, self._reporter, self._limits, stop)
        errands = [_Errand(reception, order, on_verified) for order in _orders(candidates)]
        # The largest first, so that it does not run alone at the end.
        largest_first = sorted(errands, key=lambda errand: -(errand.order.candidates[0].file.size or 0))
        run_in_threads([errand.run for errand in largest_first], self._connections, stop)
        return [problem for errand in errands for problem in errand.problems]


class _Errand:
    """Fetches the file of one order, verifies it for each of its candidates and remembers what went wrong."""

    def __init__(self, reception: Reception, order: _Order, on_verified: OnVerified) -> None:
        self.order = order
        self.problems: list[Problem] = []
        self._reception = reception
        self._on_verified = on_verified

    def run(self) -> None:
        try:
            received = self._receive(self.order.candidates)
        except TransportError as error:
            self.problems += [_failure(candidate, error) for candidate in self.order.candidates]
            return
        *others, last = self.order.candidates
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


def _orders(candidates: Sequence[Candidate]) -> list[_Order]:
    by_url: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_url.setdefault(candidate.file.url, []).append(candidate)
    return [_Order(tuple(same)) for same in by_url.values()]


def _failure(candidate: Candidate, error: TransportError) -> FetchFailure:
    return FetchFailure(candidate.pin, redacted(candidate.file.url), error.reason, error.hint)
