"""Result of a run that changes an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from peep.dataclass import dataclass, field
from peep.model import InstallPlan, PinnedRequirement, PlannedWheel, Provenance, TargetEnvironment
from peep.requirements.pinned_set import PinnedSet
from peep.transaction.apply import Changes

if TYPE_CHECKING:
    from peep.pipeline.vetting.examined_gate import ExaminedJudgement


@dataclass(frozen=True, slots=True)
class PendingBuild:
    """What a `--dry-run` does not build, and what is known of it without running any of its code."""

    pin: PinnedRequirement
    source: str
    """File name of the verified archive, or what the commit or folder is called."""
    provenance: Provenance
    requires_dist: tuple[str, ...] | None = None
    """What the wheel will require, where the source says so for good (PEP 643)."""
    build_requires: tuple[str, ...] = ()
    """`build-system.requires`; all of them were found among the build constraints."""


@dataclass(frozen=True, slots=True)
class InstallResult:
    """What a run did, or under `--dry-run` would have done."""

    plan: InstallPlan
    pinned: PinnedSet
    target: TargetEnvironment
    wheels: Mapping[str, PlannedWheel]
    """Every wheel that the run knows for a pin, by project name, linked or not."""
    changes: Changes | None
    """None when nothing was changed."""
    yanked: frozenset[str] = frozenset()
    """Names of projects whose file the index calls yanked, as far as this run asked it."""
    examined: ExaminedJudgement | None = None
    """What the records say of all archives, where something demanded that."""
    pending: tuple[PendingBuild, ...] = ()
    """Under `--dry-run`, what would be built."""
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    """Core metadata of what is linked, by project name, for `--report`: a store of this run alone goes before that."""
