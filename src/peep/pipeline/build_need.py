"""Lazy opening of builds: their modules are imported only when there is something to build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from peep.errors import Problem
from peep.model import PinnedRequirement, PlannedWheel, VerifiedArchive
from peep.pipeline.fetch import WheelProvider
from peep.pipeline.result import PendingBuild
from peep.pipeline.session import Session
from peep.pipeline.vetting.run_gate import RunGate
from peep.requirements.pinned_set import PinnedSet


class RunBuilds(Protocol):
    """What a run asks of its builds; `peep.pipeline.builds.Builds` says what each of these does."""

    def plan(
        self, sdists: Sequence[VerifiedArchive], trees: Sequence[PinnedRequirement] = (), /
    ) -> tuple[Problem, ...]: ...

    def stated_requirements(self) -> Mapping[str, tuple[str, ...]]: ...

    def run(self) -> list[PlannedWheel]: ...

    def foreseen(self) -> tuple[list[PlannedWheel], tuple[PendingBuild, ...]]: ...

    def close(self) -> None: ...


class NothingToBuild:
    """The builds of a run that has only wheels."""

    def plan(
        self, _sdists: Sequence[VerifiedArchive], _trees: Sequence[PinnedRequirement] = (), /
    ) -> tuple[Problem, ...]:
        return ()

    def stated_requirements(self) -> Mapping[str, tuple[str, ...]]:
        return {}

    def run(self) -> list[PlannedWheel]:
        return []

    def foreseen(self) -> tuple[list[PlannedWheel], tuple[PendingBuild, ...]]:
        return [], ()

    def close(self) -> None: ...


def open_builds(
    session: Session, pinned: PinnedSet, provider: WheelProvider, examined: RunGate, *, are_needed: bool
) -> RunBuilds:
    """The builds of a run, to be closed at its end; `examined` is asked about what they are built with."""
    if not are_needed:
        return NothingToBuild()
    from peep.pipeline.builds import Builds  # noqa: PLC0415 - see above

    return Builds(session, pinned, provider, examined)
