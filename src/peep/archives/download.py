"""Parallel downloads, of which only those that verify are handed on.

No archive waits for another, no failure hides another: all problems of a run come back together (promise 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from peep.archives.receive import Receiver
from peep.archives.verification import ReceivedArchive, Verdict, algorithms_for
from peep.concurrency.thread_pool import TaskQueue
from peep.dataclass import replace
from peep.errors import ArchiveError, BadArchive, FetchFailure, HashMismatch, Problem, TransportError
from peep.formats.url_secrets import redacted
from peep.model import ArchiveKind, Candidate, IndexFile, VerifiedArchive

Receive = Callable[[IndexFile, set[str], int | None, Receiver], ReceivedArchive]
Verify = Callable[[Candidate, ReceivedArchive], Verdict]
OnVerified = Callable[[VerifiedArchive], None]


class Downloader:
    """Turns candidates into verified archives, while its `tasks` run (`concurrency.thread_pool.run_tasks`)."""

    def __init__(self, receiver: Receiver, receive: Receive, verify: Verify) -> None:
        """`receive` and `verify` are the stages of that name: see `workflows/install.py`."""
        self.tasks = TaskQueue()
        """Whatever else is to run beside; of no weight, it runs when no archive waits."""
        self.stop = receiver.stop
        """Once it is set, no download goes on."""
        self._receiver = receiver
        self._receive = receive
        self._verify = verify
        self._by_url: dict[str, DownloadTask] = {}
        """By URL."""

    def add(self, candidate: Candidate, on_verified: OnVerified) -> DownloadTask:
        """Have an archive fetched and verified; what is wrong with it will stand in the task.

        `on_verified` is called from a worker thread as soon as it is verified, and owns its open file from then on. An
        `ArchiveError` that it raises becomes a problem too; anything else that it raises ends the run, as does the
        `StoreError` of a scratch folder that can't be written to.
        """
        known = self._by_url.get(candidate.file.url)
        if known is not None and known.includes(candidate):
            return known
        task = DownloadTask(self._receiver, self._receive, self._verify, candidate, on_verified)
        self._by_url[candidate.file.url] = task
        # The largest first, so that it does not run alone at the end.
        self.tasks.add(task.run, weight=1 + (candidate.file.size or 0))
        return task


class DownloadTask:
    """A file to be fetched, once for all candidates that want it, and what went wrong."""

    def __init__(
        self, receiver: Receiver, receive: Receive, verify: Verify, candidate: Candidate, on_verified: OnVerified
    ) -> None:
        self.problems: list[Problem] = []
        self._receiver = receiver
        self._receive = receive
        self._verify = verify
        self._candidates = [candidate]
        self._on_verified = on_verified
        self._lock = Lock()
        self._has_begun = False

    def includes(self, candidate: Candidate) -> bool:
        """Whether this task serves another candidate as well; not when it is under way."""
        with self._lock:
            if not self._has_begun:
                self._candidates.append(candidate)
            return not self._has_begun

    def run(self) -> None:
        """Receive the file and verify it for each of its candidates."""
        with self._lock:
            self._has_begun = True
        received = self._received_from_anywhere()
        if received is None:
            return
        *others, last = self._candidates
        try:
            for candidate in others:
                copy = self._receiver.copy(received, algorithms_for(candidate.pin))
                self._take(candidate, copy, self._verify(candidate, copy))
        except BaseException:
            received.file.close()
            raise
        self._take(last, received, self._verify(last, received))

    def _received_from_anywhere(self) -> ReceivedArchive | None:
        """The file, from its place or where else the same digest is stated; None where it could not be had.

        Then one of the alternatives has been taken, or the failure is among the problems.
        """
        try:
            return self._received(self._candidates)
        except TransportError as error:
            return self._received_elsewhere(error)

    def _received_elsewhere(self, error: TransportError) -> ReceivedArchive | None:
        asked = tuple(self._candidates)
        for file in asked[0].mirrors:
            self._candidates = [replace(candidate, file=file) for candidate in asked]
            try:
                received = self._received(self._candidates)
            except TransportError:
                continue
            self._receiver.reporter.warning(f"{error}; {file.filename} is taken from {redacted(file.url)}")
            return received
        for candidate in asked:
            if self._found_among_alternatives(candidate):
                self._receiver.reporter.warning(f"{error}; a file with a listed hash came from elsewhere")
            else:
                self.problems.append(_failure(candidate, error))
        return None

    def _received(self, candidates: Sequence[Candidate]) -> ReceivedArchive:
        algorithms = {name for candidate in candidates for name in algorithms_for(candidate.pin)}
        sizes = [candidate.exact_size for candidate in candidates]
        limit = max((size for size in sizes if size is not None), default=None)
        return self._receive(candidates[0].file, algorithms, None if None in sizes else limit, self._receiver)

    def _take(self, candidate: Candidate, received: ReceivedArchive, verdict: Verdict) -> None:
        """Hand on what was verified; else let go of the bytes, and look among the alternatives or keep the problem."""
        if isinstance(verdict, VerifiedArchive):
            self._hand_on(verdict)
            return
        received.file.close()
        if not (isinstance(verdict, HashMismatch) and self._found_among_alternatives(candidate)):
            self.problems.append(verdict)

    def _found_among_alternatives(self, candidate: Candidate) -> bool:
        """Look for the listed file among those of which the index states no digest, in order of preference."""
        for file in candidate.alternatives:
            kind = ArchiveKind.WHEEL if file.filename.endswith(".whl") else ArchiveKind.SDIST
            other = replace(candidate, file=file, kind=kind, alternatives=())
            try:
                received = self._received([other])
            except TransportError:
                continue
            verdict = self._verify(other, received)
            if isinstance(verdict, VerifiedArchive):
                self._hand_on(verdict)
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
