"""Gate for examined archives in a run: without a demand, no vetting file is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from peep.errors import Problem
from peep.model import PinnedRequirement
from peep.pipeline.session import Session
from peep.pipeline.vetting.used_archives import Used
from peep.requirements.files import is_url
from peep.requirements.pinned_set import PinnedSet

if TYPE_CHECKING:
    from peep.pipeline.vetting.examined_gate import ExaminedJudgement

_SETTINGS = ("peep.toml", "pyproject.toml")
_DEMAND = b"require-examined"


class RunGate(Protocol):
    """What a run asks of its gate; `peep.pipeline.vetting.examined_run.RunExamination` says what each of these does."""

    @property
    def judgement(self) -> ExaminedJudgement | None: ...

    def worth_fetching(
        self, pins: Sequence[PinnedRequirement], /
    ) -> tuple[list[PinnedRequirement], tuple[Problem, ...]]: ...

    def problems(self, used: Used, /) -> tuple[Problem, ...]: ...

    def saving_problems(self, used: Used, /) -> tuple[Problem, ...]: ...

    def tools_worth_fetching(
        self, pins: Sequence[PinnedRequirement], /
    ) -> tuple[list[PinnedRequirement], tuple[Problem, ...]]: ...

    def tool_problems(self, used: Used, /) -> tuple[Problem, ...]: ...


class NothingDemanded:
    """The gate of a run that may use what nobody examined."""

    judgement: None = None

    def worth_fetching(
        self, pins: Sequence[PinnedRequirement], /
    ) -> tuple[list[PinnedRequirement], tuple[Problem, ...]]:
        return list(pins), ()

    def problems(self, _used: Used, /) -> tuple[Problem, ...]:
        return ()

    saving_problems = problems
    tools_worth_fetching = worth_fetching
    tool_problems = problems


def open_run_gate(session: Session, pinned: PinnedSet) -> RunGate:
    """The gate of a run. Raises `UsageError` for a demand that means nothing, and `SettingsError`."""
    is_demanded = session.options.require_examined or any(
        directive.option == "--require-examined" for directive in pinned.directives
    )
    if not (_settings_demand(session) or is_demanded):
        return NothingDemanded()
    from peep.pipeline.vetting.examined_run import RunExamination  # noqa: PLC0415 - most runs demand nothing

    return RunExamination(session, pinned)


def _settings_demand(session: Session) -> bool:
    """Whether the settings beside the first file speak of a demand at all: only then are they parsed."""
    files = session.options.sources.requirement_files
    folder = os.path.dirname(next((path for path in files if path != "-" and not is_url(path)), ""))
    contents = [session.reading.glance(os.path.join(folder, name)) for name in _SETTINGS]
    return any(_DEMAND in content for content in contents if content is not None)
