"""Retry of a run whose stored wheels were damaged, or whose environment changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from peep.errors import EnvironmentChangedMeanwhile, StoredWheelsDamaged
from peep.pipeline.session import Session


class Attempt:
    """One try at what the body of a `with` does; `was_overtaken` says that it came to nothing."""

    def __init__(self, session: Session, *, is_last: bool) -> None:
        self._session = session
        self._is_last = is_last
        self.was_overtaken = False

    def __enter__(self) -> None: ...

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if self._is_last or not isinstance(error, StoredWheelsDamaged | EnvironmentChangedMeanwhile):
            return False
        if isinstance(error, StoredWheelsDamaged):
            drop_damaged(error, self._session)
        self.was_overtaken = True
        return True


def attempts(session: Session) -> Iterator[Attempt]:
    """A first attempt and, where that was overtaken, a second one, whose errors are the run's."""
    first = Attempt(session, is_last=False)
    yield first
    if first.was_overtaken:
        yield Attempt(session, is_last=True)


def drop_damaged(damaged: StoredWheelsDamaged, session: Session) -> None:
    """Drop wheels whose files were edited in the store, so that they are fetched again."""
    for fault in damaged.faults:
        session.context.reporter.warning(f"the store was edited: {fault}; fetched again")
    for sha256 in damaged.digests:
        session.store.drop(sha256)
